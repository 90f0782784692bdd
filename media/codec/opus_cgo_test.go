//go:build cgo

package codec

import (
	"testing"
	"time"

	"offhook/media/internal/voice"
)

// A lost packet is played from the copy in the next one, which is nearer to
// the original than what can be made up.
func TestOpusPlaysALossFromTheCopyInTheNextPacket(t *testing.T) {
	pcm := voice.Make(10*48000, 48000, 5)
	e, err := Opus.NewEncoder(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	e.(LossAware).ExpectLoss(0.2)
	var packets [][]byte
	for i := 0; i+960 <= len(pcm); i += 960 {
		b, _ := e.Encode(nil, pcm[i:i+960])
		packets = append(packets, b)
	}
	play := func(lost, recover bool) (out []int16) {
		d, _ := Opus.NewDecoder()
		defer d.Close()
		copies := 0
		for i, b := range packets {
			var part [960]int16
			switch {
			case !lost || i%5 != 3:
				if _, err := d.Decode(part[:], b); err != nil {
					t.Fatal(err)
				}
			case recover && d.(Recoverer).Recover(part[:], packets[i+1]):
				copies++
			default:
				d.Conceal(part[:])
			}
			out = append(out, part[:]...)
		}
		if recover && copies < 60 {
			t.Errorf("%d copies in 100 packets", copies)
		}
		return out
	}
	whole := play(false, false)
	copied, _ := voice.SNR(whole, play(true, true), 0)
	madeUp, _ := voice.SNR(whole, play(true, false), 0)
	t.Logf("of 20 %% lost: from the copy %.1f dB, made up %.1f dB", copied, madeUp)
	if copied < madeUp+2 {
		t.Errorf("from the copy %.1f dB, made up %.1f dB", copied, madeUp)
	}
}

func TestOpusLeavesSilenceOutWhenAllowed(t *testing.T) {
	e, _ := Opus.NewEncoder(Options{DTX: true})
	defer e.Close()
	nothing := 0
	for range 100 {
		if _, kind := e.Encode(nil, make([]int16, e.Frame())); kind == Nothing {
			nothing++
		}
	}
	if nothing < 60 {
		t.Errorf("%d of 100 silent packets were left out", nothing)
	}
}

func TestOpusAtAConstantRate(t *testing.T) {
	pcm := voice.Make(2*48000, 48000, 6)
	e, _ := Opus.NewEncoder(Options{CBR: true, Bitrate: 24000})
	defer e.Close()
	for i := 0; i+960 <= len(pcm); i += 960 {
		if b, _ := e.Encode(nil, pcm[i:i+960]); len(b) != 60 {
			t.Fatalf("packet %d: %d bytes, want 60", i/960, len(b))
		}
	}
}

func TestTheLengthOfAnOpusPacketIsReadFromItsFirstBytes(t *testing.T) {
	for _, ms := range []int{10, 20, 40, 60} {
		e, err := Opus.NewEncoder(Options{PTime: time.Duration(ms) * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		b, _ := e.Encode(nil, voice.Make(e.Frame(), 48000, 1))
		if got := opusSamples(b); got != 48*ms {
			t.Errorf("%d ms: %d samples", ms, got)
		}
		e.Close()
	}
	for _, tt := range []struct {
		b    []byte
		want int
	}{{nil, 0}, {[]byte{3}, 0}, {[]byte{3, 2}, 960}, {[]byte{0xff, 6}, 5760}, {[]byte{0x80}, 120}, {[]byte{0x81}, 240}} {
		if got := opusSamples(tt.b); got != tt.want {
			t.Errorf("% x: %d samples, want %d", tt.b, got, tt.want)
		}
	}
}

func TestAnOpusSenderThatStoppedIsNotHeard(t *testing.T) {
	pcm := voice.Make(48000, 48000, 5)
	e, _ := Opus.NewEncoder(Options{})
	d, _ := Opus.NewDecoder()
	defer e.Close()
	defer d.Close()
	out := make([]int16, 48000)
	for i := 0; i+960 <= len(pcm); i += 960 {
		b, _ := e.Encode(nil, pcm[i:i+960])
		d.Decode(out, b)
	}
	d.Conceal(out)
	for i, s := range out[48000*6/10:] {
		if s != 0 {
			t.Fatalf("%d, %d ms after the last packet", s, 600+i/48)
		}
	}
}

func TestOpusHeedsWhatThePeerCanUse(t *testing.T) {
	pcm := voice.Make(2*48000, 48000, 6)
	count := func(o Options) (copies int, widest byte) {
		e, err := Opus.NewEncoder(o)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		for i := 0; i+960 <= len(pcm); i += 960 {
			b, _ := e.Encode(nil, pcm[i:i+960])
			if opusHasCopy(b) {
				copies++
			}
			widest = max(widest, b[0]>>3)
		}
		return copies, widest
	}
	if n, config := count(Options{}); n < 50 || config < 14 {
		t.Errorf("%d copies, configuration %d: want many, and fullband", n, config)
	}
	if n, _ := count(Options{NoFEC: true}); n != 0 {
		t.Errorf("%d copies for a peer that does not want them", n)
	}
	if _, config := count(Options{MaxRate: 16000}); config > 11 {
		t.Errorf("configuration %d for a peer that plays 16 kHz: want one of SILK", config)
	}
}
