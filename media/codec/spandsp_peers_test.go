//go:build peers && cgo

package codec

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"

	"offhook/media/internal/voice"
)

// spandsp gives a program that runs sound through a codec of spandsp.
func spandsp(t *testing.T) func(codec, direction string, in []byte) []byte {
	t.Helper()
	program := filepath.Join(t.TempDir(), "spandsp")
	if out, err := exec.Command("gcc", "-O2", "-o", program, "testdata/spandsp.c", "-lspandsp", "-lm").CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v: %s", err, out)
	}
	return func(codec, direction string, in []byte) []byte {
		t.Helper()
		cmd := exec.Command(program, codec, direction)
		cmd.Stdin = bytes.NewReader(in)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("spandsp %s %s: %v", codec, direction, err)
		}
		return out
	}
}

// GSM 06.10 and G.722 are exact to the bit, so that another's encoder and decoder must make the same of speech as ours.
func TestCodecsAgreeWithSpandspBothWays(t *testing.T) {
	run := spandsp(t)
	for _, tt := range []struct {
		codec Codec
		name  string
		size  int // of a payload of 20 ms
	}{
		{GSM, "gsm", 33},
		{G722, "g722", 160},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pcm := voice.Make(10*tt.codec.SampleRate(), tt.codec.SampleRate(), 6)
			for i := range pcm {
				pcm[i] /= 2 // its decoder of G.722 wraps around where the filter overshoots full scale
			}
			ours, theirs := encodeAll(t, tt.codec, pcm), run(tt.name, "encode", pcmBytes(pcm))
			if differ, of := differences(ours, theirs); differ > 0 {
				t.Errorf("%d of %d bytes are encoded differently", differ, of)
			}
			there, back := pcmSamples(run(tt.name, "decode", ours)), decodeAll(t, tt.codec, theirs, tt.size)
			if differ, of := differences(there, back); differ > 0 {
				t.Errorf("%d of %d samples are decoded differently", differ, of)
			}
			if dB, lag := voice.SNR(pcm[:len(pcm)-800], back, 400); dB < 5 {
				t.Errorf("what they encode decodes to %.1f dB at a lag of %d", dB, lag)
			}
		})
	}
}
