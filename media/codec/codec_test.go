package codec

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestByName(t *testing.T) {
	for _, name := range []string{"PCMU", "pcmu", "PCMA", "Pcma"} {
		c, err := ByName(name)
		if err != nil || !strings.EqualFold(c.Name(), name) {
			t.Errorf("ByName(%q) = %v, %v", name, c, err)
		}
	}
	if _, err := ByName("iLBC"); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "PCMU") {
		t.Errorf("iLBC: %v, want ErrUnknown that lists what there is", err)
	}
}

func TestWhatIsACLibraryIsListedOrSaysWhyNot(t *testing.T) {
	for name, pt := range map[string]uint8{"g729": 18, "gsm": 3, "opus": 96} {
		listed := slices.Contains(Names(), strings.ToUpper(name))
		c, err := ByName(name)
		switch {
		case listed && (err != nil || c.PayloadType() != pt):
			t.Errorf("%s is listed, but ByName gives %v, %v", name, c, err)
		case !listed && (!errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "cgo")):
			t.Errorf("%s is not listed, and ByName gives %v", name, err)
		}
	}
}

func TestPacketTimesAreSuchAsTheCodecCanFill(t *testing.T) {
	for _, c := range List() {
		for want := time.Duration(0); want < 200*time.Millisecond; want += 5 * time.Millisecond {
			got := c.PacketTime(want)
			e, err := c.NewEncoder(Options{PTime: got})
			if err != nil {
				t.Fatal(err)
			}
			frame := time.Duration(e.Frame()) * time.Second / time.Duration(c.SampleRate())
			e.Close()
			if got < 10*time.Millisecond || got > 60*time.Millisecond || got%frame != 0 || frame%(10*time.Millisecond) != 0 {
				t.Errorf("%s: %v wanted, %v in frames of %v", c.Name(), want, got, frame)
			}
		}
	}
}

func TestListIsACopy(t *testing.T) {
	List()[0] = nil
	if List()[0] == nil {
		t.Error("a caller can change the list of codecs")
	}
}

func FuzzDecoders(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 12))
	f.Add(make([]byte, 160))
	f.Add([]byte("0123456789ab"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		for _, c := range List() {
			d, err := c.NewDecoder()
			if err != nil {
				t.Fatal(err)
			}
			out := make([]int16, MaxSamples)
			want, sizeErr := d.Samples(payload)
			got, err := d.Decode(out, payload)
			if got != want || (err == nil) != (sizeErr == nil) || got > MaxSamples {
				t.Errorf("%s: Samples says %d, %v and Decode %d, %v", c.Name(), want, sizeErr, got, err)
			}
			d.Conceal(out[:160])
			if r, ok := d.(Recoverer); ok && len(payload) > 0 {
				r.Recover(out[:960], payload)
			}
			d.Close()
		}
	})
}
