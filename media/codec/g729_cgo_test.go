//go:build cgo

package codec

import (
	"testing"

	"offhook/media/internal/voice"
)

// halfSilent is a second of speech, three of faint noise, a second of speech.
func halfSilent() []int16 {
	pcm := voice.Make(5*8000, 8000, 7)
	for i := 8000; i < 4*8000; i++ {
		pcm[i] = int16(i * 7919 % 5)
	}
	return pcm
}

func TestWithoutDTXEveryFrameIsSent(t *testing.T) {
	e, _ := G729.NewEncoder(Options{})
	defer e.Close()
	pcm := halfSilent()
	for i := 0; i < len(pcm); i += 80 {
		if b, kind := e.Encode(nil, pcm[i:i+80]); kind != Speech || len(b) != 10 {
			t.Fatalf("frame %d: %d bytes, kind %d", i/80, len(b), kind)
		}
	}
}

func TestSilenceLeftOutIsPlayedAsSilence(t *testing.T) {
	e, _ := G729.NewEncoder(Options{DTX: true})
	d, _ := G729.NewDecoder()
	defer e.Close()
	defer d.Close()
	pcm := halfSilent()
	kinds := map[FrameKind]int{}
	out := make([]int16, len(pcm))
	for i := 0; i < len(pcm); i += 80 {
		b, kind := e.Encode(nil, pcm[i:i+80])
		kinds[kind]++
		switch kind {
		case Nothing:
			d.Conceal(out[i : i+80])
			continue
		case SID:
			if len(b) != 2 {
				t.Fatalf("a silence description of %d bytes", len(b))
			}
		}
		if _, err := d.Decode(out[i:], b); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("speech %d, silence descriptions %d, nothing %d", kinds[Speech], kinds[SID], kinds[Nothing])
	if kinds[Nothing] < 150 || kinds[SID] == 0 || kinds[Speech] < 100 {
		t.Errorf("frames by kind: %v", kinds)
	}
	if quiet, loud := voice.RMS(out[2*8000:4*8000]), voice.RMS(out[:8000]); quiet > loud/50 {
		t.Errorf("the pause plays with an RMS of %.0f, speech with %.0f", quiet, loud)
	}
}

func TestAPayloadMayEndInASilenceDescription(t *testing.T) {
	e, _ := G729.NewEncoder(Options{DTX: true})
	d, _ := G729.NewDecoder()
	defer e.Close()
	defer d.Close()
	pcm := halfSilent()
	var last []byte
	for i := 0; i < len(pcm); i += 80 {
		b, kind := e.Encode(nil, pcm[i:i+80])
		if kind == SID {
			out := make([]int16, 160)
			if n, err := d.Decode(out, append(last, b...)); n != 160 || err != nil {
				t.Errorf("10+2 bytes: %d samples, %v", n, err)
			}
			return
		}
		last = b
	}
	t.Fatal("the encoder never described silence")
}

func TestLossOfG729IsConcealed(t *testing.T) {
	pcm := voice.Make(10*8000, 8000, 8)
	out := roundTrip(t, G729, pcm, func(p int) bool { return p%10 == 5 })
	silent := 0
	for i := 5 * 160; i+160 <= len(out); i += 1600 {
		if voice.RMS(pcm[i-160:i]) > 500 && voice.RMS(out[i:i+160]) < 50 {
			silent++
		}
	}
	if silent > 0 {
		t.Errorf("%d losses within speech were played as silence", silent)
	}
}

func TestAClosedG729IsHarmless(t *testing.T) {
	e, _ := G729.NewEncoder(Options{})
	d, _ := G729.NewDecoder()
	for range 2 {
		e.Close()
		d.Close()
	}
	if b, kind := e.Encode(nil, make([]int16, 80)); len(b) != 0 || kind != Nothing {
		t.Errorf("a closed encoder gave %d bytes", len(b))
	}
	out := []int16{79: 1}
	if d.Conceal(out); out[79] != 0 {
		t.Error("a closed decoder left the sound as it was")
	}
}
