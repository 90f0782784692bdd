package codec

import (
	"bytes"
	"math"
	"testing"
)

// decisions lists the decision values of a law as the tables of G.711 do:
// (upper bound, step) for each run of equal steps.
func decisions(start int, runs [][2]int) []int {
	d := []int{0}
	for v := start; len(runs) > 0; {
		if v > runs[0][0] {
			v = runs[0][0] + 0
			runs = runs[1:]
			if len(runs) > 0 {
				v += runs[0][1]
			}
			continue
		}
		d = append(d, v)
		v += runs[0][1]
	}
	return d
}

// Tables 2a/2b: µ-law on a scale of ±8159.
var ulawDecisions = decisions(1, [][2]int{{31, 2}, {95, 4}, {223, 8}, {479, 16}, {991, 32}, {2015, 64}, {4063, 128}, {8159, 256}})

// Tables 1a/1b: A-law on a scale of ±4096.
var alawDecisions = decisions(2, [][2]int{{64, 2}, {128, 4}, {256, 8}, {512, 16}, {1024, 32}, {2048, 64}, {4096, 128}})

// interval is the number of the interval a magnitude lies in.
func interval(d []int, magnitude int) int {
	n := 0
	for n < 127 && magnitude >= d[n+1] {
		n++
	}
	return n
}

func TestDecisionTablesHave128IntervalsAndTheEndOfTheScale(t *testing.T) {
	if len(ulawDecisions) != 129 || ulawDecisions[128] != 8159 {
		t.Errorf("µ-law: %d values, last %d", len(ulawDecisions), ulawDecisions[len(ulawDecisions)-1])
	}
	if len(alawDecisions) != 129 || alawDecisions[128] != 4096 {
		t.Errorf("A-law: %d values, last %d", len(alawDecisions), alawDecisions[len(alawDecisions)-1])
	}
}

func TestEverySampleEncodesToItsIntervalInTheTablesOfG711(t *testing.T) {
	for v := math.MinInt16; v <= math.MaxInt16; v++ {
		magnitude, positive := v, true
		if v < 0 {
			magnitude, positive = ^v, false
		}
		code := byte(interval(ulawDecisions, magnitude>>2))
		if positive {
			code |= 0x80
		}
		if got, want := ulawEncode[uint16(v)>>2], code^0x7f; got != want {
			t.Fatalf("µ-law of %d: %#02x, want %#02x", v, got, want)
		}
		code = byte(interval(alawDecisions, magnitude>>4*2))
		if positive {
			code |= 0x80
		}
		if got, want := alawEncode[uint16(v)>>2], code^0x55; got != want {
			t.Fatalf("A-law of %d: %#02x, want %#02x", v, got, want)
		}
	}
}

func TestEveryByteDecodesToTheMiddleOfItsInterval(t *testing.T) {
	for b := range 256 {
		n := int(^byte(b) & 0x7f)
		want := 0
		if n > 0 {
			want = (ulawDecisions[n] + ulawDecisions[n+1]) / 2 * 4
		}
		if b&0x80 == 0 {
			want = -want
		}
		if got := int(ulawDecode[b]); got != want {
			t.Errorf("µ-law %#02x: %d, want %d", b, got, want)
		}
		n = int((byte(b) ^ 0x55) & 0x7f)
		want = (alawDecisions[n] + alawDecisions[n+1]) / 2 * 8
		if b&0x80 == 0 {
			want = -want
		}
		if got := int(alawDecode[b]); got != want {
			t.Errorf("A-law %#02x: %d, want %d", b, got, want)
		}
	}
}

func TestGoldenBytes(t *testing.T) {
	pcm := []int16{0, -1, 8, -8, 1000, -1000, 32767, -32768}
	for _, tt := range []struct {
		codec Codec
		want  []byte
		back  []int16
	}{
		{PCMU, []byte{0xff, 0x7f, 0xfe, 0x7e, 0xce, 0x4e, 0x80, 0x00}, []int16{0, 0, 8, -8, 988, -988, 32124, -32124}},
		{PCMA, []byte{0xd5, 0x55, 0xd5, 0x55, 0xfa, 0x7a, 0xaa, 0x2a}, []int16{8, -8, 8, -8, 1008, -1008, 32256, -32256}},
	} {
		e, _ := tt.codec.NewEncoder(Options{})
		got, _ := e.Encode(nil, pcm)
		if !bytes.Equal(got, tt.want) {
			t.Errorf("%s: % x, want % x", tt.codec.Name(), got, tt.want)
		}
		d, _ := tt.codec.NewDecoder()
		out := make([]int16, len(got))
		if n, err := d.Decode(out, got); err != nil || n != len(got) {
			t.Fatal(n, err)
		}
		for i := range out {
			if out[i] != tt.back[i] {
				t.Errorf("%s: byte %#02x decodes to %d, want %d", tt.codec.Name(), got[i], out[i], tt.back[i])
			}
		}
	}
}

func TestPayloadSizesThatCannotBeAreRefused(t *testing.T) {
	sizes := map[string]map[int]int{ // bytes → samples, 0 = refused
		"PCMU": {0: 0, 1: 1, 80: 80, 160: 160, 960: 960, 961: 0, 1500: 0},
		"PCMA": {0: 0, 160: 160, 961: 0},
		"G729": {0: 0, 1: 0, 2: 80, 9: 0, 10: 80, 11: 0, 12: 160, 20: 160, 22: 240, 120: 960, 122: 0, 130: 0},
	}
	for _, c := range List() {
		d, err := c.NewDecoder()
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		for size, want := range sizes[c.Name()] {
			out := make([]int16, MaxSamples)
			got, err := d.Decode(out, make([]byte, size))
			if got != want || (err != nil) != (want == 0) {
				t.Errorf("%s, %d bytes: %d samples and %v, want %d", c.Name(), size, got, err, want)
			}
		}
	}
}
