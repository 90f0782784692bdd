package codec

import (
	"errors"
	"strings"
	"testing"
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

func TestG729IsListedOrSaysWhyNot(t *testing.T) {
	listed := false
	for _, name := range Names() {
		listed = listed || name == "G729"
	}
	c, err := ByName("g729")
	switch {
	case listed && (err != nil || c.PayloadType() != 18):
		t.Errorf("listed, but ByName gives %v, %v", c, err)
	case !listed && (!errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "cgo")):
		t.Errorf("not listed, and ByName gives %v", err)
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
			d.Close()
		}
	})
}
