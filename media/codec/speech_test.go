package codec

import (
	"testing"

	"offhook/media/internal/voice"
)

// roundTrip sends sound at the codec's rate through it in packets of 20 ms;
// drop says which packets are lost.
func roundTrip(t *testing.T, c Codec, pcm []int16, drop func(packet int) bool) []int16 {
	t.Helper()
	e, err := c.NewEncoder(Options{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	defer d.Close()
	var out []int16
	n := c.SampleRate() / 50
	for i := 0; i+n <= len(pcm); i += n {
		var payload []byte
		for at := i; at < i+n; at += e.Frame() {
			payload, _ = e.Encode(payload, pcm[at:at+e.Frame()])
		}
		part := make([]int16, n)
		if drop != nil && drop(i/n) {
			d.Conceal(part)
		} else if got, err := d.Decode(part, payload); got != n || err != nil {
			t.Fatalf("%s, packet %d of %d bytes: %d samples, %v", c.Name(), i/n, len(payload), got, err)
		}
		out = append(out, part...)
	}
	return out
}

func TestSpeechSurvivesEachCodec(t *testing.T) {
	want := map[string]float64{"PCMU": 33, "PCMA": 33, "G729": 4, "GSM": 8, "G722": 20, "L16": 80, "OPUS": 5}
	for _, c := range List() {
		pcm := voice.Make(5*c.SampleRate(), c.SampleRate(), 1)
		dB, lag := voice.SNR(pcm, roundTrip(t, c, pcm, nil), c.SampleRate()/100)
		t.Logf("%s: %.1f dB at a lag of %d samples", c.Name(), dB, lag)
		if dB < want[c.Name()] {
			t.Errorf("%s: SNR %.1f dB, want %.0f", c.Name(), dB, want[c.Name()])
		}
	}
}

func TestLossIsHiddenByEachCodec(t *testing.T) {
	for _, c := range List() {
		pcm := voice.Make(10*c.SampleRate(), c.SampleRate(), 3)
		lost := func(p int) bool { return p%10 == 5 }
		whole, holed := roundTrip(t, c, pcm, nil), roundTrip(t, c, pcm, lost)
		n := c.SampleRate() / 50
		silent, after := 0, [2][]int16{}
		for i := n; i+2*n <= len(whole); i += n {
			switch {
			case !lost(i / n):
			case voice.RMS(whole[i-n:i]) > 500 && voice.RMS(whole[i:i+n]) > 500 && voice.RMS(holed[i:i+n]) < 50:
				silent++
			default:
				after[0], after[1] = append(after[0], whole[i+n:i+2*n]...), append(after[1], holed[i+n:i+2*n]...)
			}
		}
		all, _ := voice.SNR(whole, holed, 0)
		next, _ := voice.SNR(after[0], after[1], 0)
		t.Logf("%s: 10 %% lost: %.1f dB, the packets after a loss %.1f dB", c.Name(), all, next)
		if silent > 2 { // Opus comes 6.5 ms late: the windows are not quite those of its losses
			t.Errorf("%s: %d losses within speech were played as silence", c.Name(), silent)
		}
		if least := map[string]float64{"G729": 1, "OPUS": 5, "GSM": 2, "G722": 8}[c.Name()]; all < least {
			t.Errorf("%s: 10 %% lost: %.1f dB, want %.0f", c.Name(), all, least)
		}
	}
}

func TestCodingAllocatesNothing(t *testing.T) {
	for _, c := range List() {
		e, _ := c.NewEncoder(Options{})
		d, _ := c.NewDecoder()
		pcm := voice.Make(e.Frame(), c.SampleRate(), 1)
		buf, out := make([]byte, 0, MaxPayload), make([]int16, max(160, e.Frame()))
		if n := testing.AllocsPerRun(200, func() {
			b, _ := e.Encode(buf, pcm)
			d.Decode(out, b)
			d.Conceal(out)
		}); n != 0 {
			t.Errorf("%s: %v allocations for a frame there and back", c.Name(), n)
		}
		e.Close()
		d.Close()
	}
}
