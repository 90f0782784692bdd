//go:build peers

package codec

import (
	"math"
	"testing"
)

// ffmpeg has RFC 3389 of its own. Its encoder wants 640 samples and gives 11
// bytes; its decoder takes what its demuxer for G.729 reads, 10 bytes at a time.
func TestComfortNoiseAgreesWithFFmpegBothWays(t *testing.T) {
	for _, tt := range []struct{ rms, pole float64 }{{20, 0}, {60, 0.6}, {90, 0.9}} {
		noise := hum(64000, tt.rms, tt.pole)
		want, wantTilt := loudness(noise)
		theirs := ffmpeg(t, pcmBytes(noise), "-f", "s16le", "-ar", "8000", "-ac", "1", "-i", "pipe:0", "-c:a", "comfortnoise", "-f", "u8", "pipe:1")
		if len(theirs) != 100*11 {
			t.Fatalf("ffmpeg gave %d bytes", len(theirs))
		}
		var sound []int16
		n := NewComfortNoise(8000)
		for b := theirs; len(b) > 0; b = b[11:] {
			out := make([]int16, 640)
			n.Decode(out, b[:11])
			n.Conceal(out[80:])
			sound = append(sound, out...)
		}
		dB, tilt := loudness(sound[8000:])
		t.Logf("theirs at ours: %.1f dBov and tilt %.2f, want %.1f and %.2f", dB, tilt, want, wantTilt)
		if math.Abs(dB-want) > 2 || math.Abs(tilt-wantTilt) > 0.1 {
			t.Errorf("theirs at ours: %.1f dBov and tilt %.2f, want %.1f and %.2f", dB, tilt, want, wantTilt)
		}
		var s ComfortNoiseSender
		var ours, short []byte // without the last coefficient
		for at := 0; at+640 <= len(noise); at += 640 {
			for i := 0; i < 640; i += 80 {
				s.Period(noise[at+i:][:80])
			}
			ours = append(ours, s.Append(nil)[:10]...)
			short = append(short, theirs[at/640*11:][:10]...)
		}
		play := func(b []byte) []int16 {
			x := pcmSamples(ffmpeg(t, b, "-f", "g729", "-c:a", "comfortnoise", "-i", "pipe:0", "-f", "s16le", "-ac", "1", "-ar", "8000", "pipe:1"))
			if len(x) != 64000 {
				t.Fatalf("ffmpeg played %d samples", len(x))
			}
			return x[8000:]
		}
		// It plays its own descriptions 6 dB too softly. Ours should be played as those are.
		want, wantTilt = loudness(play(short))
		dB, tilt = loudness(play(ours))
		t.Logf("ours at theirs: %.1f dBov and tilt %.2f; theirs %.1f and %.2f", dB, tilt, want, wantTilt)
		if math.Abs(dB-want) > 1.5 || math.Abs(tilt-wantTilt) > 0.1 {
			t.Errorf("ours at theirs: %.1f dBov and tilt %.2f, want %.1f and %.2f", dB, tilt, want, wantTilt)
		}
	}
}
