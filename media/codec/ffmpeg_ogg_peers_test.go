//go:build peers && cgo

package codec

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"offhook/media/internal/voice"
)

// ogg lays packets of Opus into a file (RFC 3533, RFC 7845), a packet a page.
func ogg(packets [][]byte, samples int) []byte {
	var file []byte
	granule, number := uint64(0), uint32(0)
	page := func(flags byte, payload []byte) {
		b := append([]byte("OggS\x00"), flags)
		b = binary.LittleEndian.AppendUint64(b, granule)
		b = binary.LittleEndian.AppendUint32(b, 1)
		b = binary.LittleEndian.AppendUint32(b, number)
		b = append(b, 0, 0, 0, 0, byte(len(payload)/255+1))
		b = append(b, bytes.Repeat([]byte{255}, len(payload)/255)...)
		b = append(b, byte(len(payload)%255))
		b = append(b, payload...)
		crc := uint32(0)
		for _, v := range b {
			crc ^= uint32(v) << 24
			for range 8 {
				if crc&(1<<31) != 0 {
					crc = crc<<1 ^ 0x04c11db7
				} else {
					crc <<= 1
				}
			}
		}
		binary.LittleEndian.PutUint32(b[22:], crc)
		file = append(file, b...)
		number++
	}
	page(2, []byte("OpusHead\x01\x01\x00\x00\x80\xbb\x00\x00\x00\x00\x00"))
	page(0, []byte("OpusTags\x04\x00\x00\x00test\x00\x00\x00\x00"))
	for i, p := range packets {
		granule += uint64(samples)
		flags := byte(0)
		if i == len(packets)-1 {
			flags = 4
		}
		page(flags, p)
	}
	return file
}

// unogg takes the packets of sound out of a file.
func unogg(t *testing.T, file []byte) (packets [][]byte) {
	t.Helper()
	var p []byte
	for len(file) >= 27 && string(file[:4]) == "OggS" {
		segments := file[27 : 27+int(file[26])]
		body := file[27+len(segments):]
		for _, n := range segments {
			p = append(p, body[:n]...)
			body = body[n:]
			if n < 255 {
				packets = append(packets, p)
				p = nil
			}
		}
		file = body
	}
	if len(packets) < 3 || !bytes.HasPrefix(packets[0], []byte("OpusHead")) {
		t.Fatalf("not Opus in Ogg: %d packets", len(packets))
	}
	return packets[2:]
}

// ffmpeg's own decoder of Opus shares nothing with libopus.
func TestOpusIsDecodedByFFmpegAsByUs(t *testing.T) {
	for _, o := range []Options{
		{}, {PTime: 10 * time.Millisecond}, {PTime: 40 * time.Millisecond}, {PTime: 60 * time.Millisecond},
		{MaxRate: 8000, Bitrate: 12000}, {MaxRate: 16000, Bitrate: 20000}, {Bitrate: 24000, CBR: true}, {Bitrate: 96000, NoFEC: true},
	} {
		e, err := Opus.NewEncoder(o)
		if err != nil {
			t.Fatal(err)
		}
		d, _ := Opus.NewDecoder()
		pcm := voice.Make(5*opusRate, opusRate, 4)
		var packets [][]byte
		var ours []int16
		out := make([]int16, MaxSamples)
		for x := pcm; len(x) >= e.Frame(); x = x[e.Frame():] {
			p, kind := e.Encode(nil, x[:e.Frame()])
			if kind != Speech {
				t.Fatal("a frame was not sent")
			}
			packets = append(packets, p)
			n, err := d.Decode(out, p)
			if err != nil {
				t.Fatal(err)
			}
			ours = append(ours, out[:n]...)
		}
		theirs := pcmSamples(ffmpeg(t, ogg(packets, e.Frame()), "-c:a", "opus", "-i", "pipe:0", "-f", "s16le", "-ac", "1", "-ar", "48000", "pipe:1"))
		e.Close()
		d.Close()
		dB, lag := voice.SNR(theirs[:min(len(theirs), len(ours))-4800], ours, 200)
		back, shift := voice.SNR(ours[:len(ours)-4800], theirs, 200)
		t.Logf("%+v: %d samples, theirs %d; %.1f dB at a lag of %d, or %.1f dB at %d", o, len(ours), len(theirs), dB, lag, back, shift)
		if max(dB, back) < 20 {
			t.Errorf("%+v: what ffmpeg decodes differs: %.1f dB", o, max(dB, back))
		}
	}
}

func TestOpusOfFFmpegIsDecoded(t *testing.T) {
	pcm := voice.Make(5*opusRate, opusRate, 5)
	for _, rate := range []int{32000, 64000, 128000} {
		file := ffmpeg(t, pcmBytes(pcm), "-f", "s16le", "-ar", "48000", "-ac", "1", "-i", "pipe:0", "-c:a", "opus", "-strict", "experimental", "-b:a", fmt.Sprint(rate), "-f", "ogg", "pipe:1")
		d, err := Opus.NewDecoder()
		if err != nil {
			t.Fatal(err)
		}
		var ours []int16
		out := make([]int16, MaxSamples)
		for _, p := range unogg(t, file) {
			n, err := d.Decode(out, p)
			if err != nil {
				t.Fatal(err)
			}
			ours = append(ours, out[:n]...)
		}
		d.Close()
		dB, lag := voice.SNR(pcm[:len(pcm)-9600], ours, 1000)
		theirs := pcmSamples(ffmpeg(t, file, "-c:a", "opus", "-i", "pipe:0", "-f", "s16le", "-ac", "1", "-ar", "48000", "pipe:1"))
		same, _ := voice.SNR(theirs[:len(theirs)-9600], ours, 1000)
		t.Logf("%d bit/s: the voice to %.1f dB at a lag of %d; what they decode to %.1f dB", rate, dB, lag, same)
		if dB < 6 || same < 40 {
			t.Errorf("%d bit/s: the voice to %.1f dB, what they decode to %.1f dB", rate, dB, same)
		}
	}
}

func TestL16IsWhatFFmpegReadsAndWrites(t *testing.T) {
	pcm := voice.Make(2*16000, 16000, 6)
	ours := encodeAll(t, L16, pcm)
	format := []string{"-f", "s16be", "-ar", "16000", "-ac", "1"}
	theirs := ffmpeg(t, pcmBytes(pcm), append([]string{"-f", "s16le", "-ar", "16000", "-ac", "1", "-i", "pipe:0"}, append(format, "pipe:1")...)...)
	if !bytes.Equal(ours, theirs) {
		t.Error("what we encode differs")
	}
	if back := decodeAll(t, L16, theirs, 640); !bytes.Equal(pcmBytes(back), pcmBytes(pcm)) {
		t.Error("what they encode comes out otherwise")
	}
}
