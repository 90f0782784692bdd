//go:build peers

package codec

import (
	"bytes"
	"encoding/binary"
	"os/exec"
	"strconv"
	"testing"

	"offhook/media/internal/voice"
)

// ffmpeg runs sound through a codec that we did not write.
func ffmpeg(t *testing.T, in []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("ffmpeg", append([]string{"-hide_banner", "-loglevel", "error", "-nostdin"}, args...)...)
	var out, complaint bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &complaint
	if err := cmd.Run(); err != nil {
		t.Fatalf("ffmpeg %v: %v: %s", args, err, complaint.String())
	}
	return out.Bytes()
}

func pcmBytes(x []int16) (b []byte) {
	for _, s := range x {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b
}

func pcmSamples(b []byte) (x []int16) {
	for ; len(b) >= 2; b = b[2:] {
		x = append(x, int16(binary.LittleEndian.Uint16(b)))
	}
	return x
}

// encodeAll gives the frames of a sound laid end to end.
func encodeAll(t *testing.T, c Codec, pcm []int16) (b []byte) {
	t.Helper()
	e, err := c.NewEncoder(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for ; len(pcm) >= e.Frame(); pcm = pcm[e.Frame():] {
		b, _ = e.Encode(b, pcm[:e.Frame()])
	}
	return b
}

// decodeAll decodes payloads of size bytes.
func decodeAll(t *testing.T, c Codec, b []byte, size int) (pcm []int16) {
	t.Helper()
	d, err := c.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	out := make([]int16, MaxSamples)
	for ; len(b) >= size; b = b[size:] {
		n, err := d.Decode(out, b[:size])
		if err != nil {
			t.Fatal(err)
		}
		pcm = append(pcm, out[:n]...)
	}
	return pcm
}

func TestDecodingAgreesWithFFmpeg(t *testing.T) {
	for _, tt := range []struct {
		codec  Codec
		format []string
		size   int
		exact  bool
	}{
		{PCMU, []string{"-f", "mulaw", "-ar", "8000"}, 160, true},
		{PCMA, []string{"-f", "alaw", "-ar", "8000"}, 160, true},
		{G722, []string{"-f", "g722"}, 160, true},
		{G729, []string{"-f", "g729"}, 10, false}, // Annex A decodes within what the recommendation's own versions differ
		{GSM, []string{"-f", "gsm"}, 33, true},
	} {
		pcm := voice.Make(10*tt.codec.SampleRate(), tt.codec.SampleRate(), 4)
		b := encodeAll(t, tt.codec, pcm)
		ours := decodeAll(t, tt.codec, b, tt.size)
		theirs := pcmSamples(ffmpeg(t, b, append(tt.format, "-i", "pipe:0", "-f", "s16le", "-ac", "1", "-ar", strconv.Itoa(tt.codec.SampleRate()), "pipe:1")...))
		dB, lag := voice.SNR(theirs[:len(theirs)-800], ours, 400)
		differ, _ := differences(ours[:min(len(ours), len(theirs))], theirs[:min(len(ours), len(theirs))])
		t.Logf("%s: %d samples, theirs %d; %d differ, %.1f dB at a lag of %d", tt.codec.Name(), len(ours), len(theirs), differ, dB, lag)
		if tt.exact && (differ > 0 || len(ours) != len(theirs)) || dB < 10 {
			t.Errorf("%s: %d of %d samples differ, %.1f dB", tt.codec.Name(), differ, len(theirs), dB)
		}
	}
}

func TestG722EncodesAsFFmpegDoes(t *testing.T) {
	pcm := voice.Make(10*16000, 16000, 5)
	ours := encodeAll(t, G722, pcm)
	theirs := ffmpeg(t, pcmBytes(pcm), "-f", "s16le", "-ar", "16000", "-ac", "1", "-i", "pipe:0", "-c:a", "g722", "-f", "g722", "pipe:1")
	differ, _ := differences(ours, theirs)
	t.Logf("%d bytes, theirs %d; %d differ", len(ours), len(theirs), differ)
	back := decodeAll(t, G722, theirs, 160)
	dB, lag := voice.SNR(pcm[:len(pcm)-800], back, 100)
	t.Logf("their bytes decode to %.1f dB at a lag of %d", dB, lag)
	if differ > 0 || dB < 13 {
		t.Errorf("%d of %d bytes differ from ffmpeg's, whose decode to %.1f dB", differ, len(theirs), dB)
	}
}

// differences counts what is not the same in two sequences, length included.
func differences[T comparable](a, b []T) (differ, of int) {
	of = max(len(a), len(b))
	differ = of - min(len(a), len(b))
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			differ++
		}
	}
	return differ, of
}
