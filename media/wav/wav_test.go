package wav

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// memory is a file in memory that can fail.
type memory struct {
	b     []byte
	at    int
	limit int // bytes it takes; 0: any
}

func (m *memory) Write(p []byte) (int, error) {
	if m.limit > 0 && m.at+len(p) > m.limit {
		return 0, errors.New("no space left on device")
	}
	m.b = append(m.b[:m.at], append(slices.Clone(p), m.b[min(len(m.b), m.at+len(p)):]...)...)
	m.at += len(p)
	return len(p), nil
}

func (m *memory) Seek(off int64, whence int) (int64, error) {
	m.at = int(off)
	if whence == io.SeekEnd {
		m.at += len(m.b)
	}
	return int64(m.at), nil
}

const golden = "52494646 2a000000 57415645 666d7420 10000000 0100 0100 401f0000 803e0000 0200 1000 64617461 06000000 0100 ff7f 0080"

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func TestWrittenBytes(t *testing.T) {
	var m memory
	w, err := NewWriter(&m, Format{8000, 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write([]int16{1, 32767, -32768}), w.Close()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(m.b, unhex(golden)) {
		t.Errorf("got  %x\nwant %x", m.b, unhex(golden))
	}
}

func readAll(b []byte) (Format, []int16, error) {
	r, err := NewReader(bytes.NewReader(b))
	if err != nil {
		return Format{}, nil, err
	}
	var out []int16
	buf := make([]int16, 3)
	for {
		n, err := r.Read(buf)
		out = append(out, buf[:n]...)
		if err == io.EOF {
			return r.Format(), out, nil
		}
		if err != nil {
			return r.Format(), out, err
		}
	}
}

func TestRead(t *testing.T) {
	const riff, fmt16, data = "52494646 ffffffff 57415645 ", "666d7420 10000000 0100 0200 80bb0000 00ee0200 0400 1000 ", "64617461 "
	for _, c := range []struct {
		name, hex string
		format    Format
		samples   []int16
		err       string
	}{
		{"golden", golden, Format{8000, 1}, []int16{1, 32767, -32768}, ""},
		{"stereo", riff + fmt16 + data + "08000000 0100 0200 0300 0400", Format{48000, 2}, []int16{1, 2, 3, 4}, ""},
		{"size unknown", riff + fmt16 + data + "ffffffff 0100 0200", Format{48000, 2}, []int16{1, 2}, ""},
		{"size zero", riff + fmt16 + data + "00000000 0100 0200", Format{48000, 2}, []int16{1, 2}, ""},
		{"empty", riff + fmt16 + data + "00000000", Format{48000, 2}, nil, ""},
		{"truncated", riff + fmt16 + data + "00010000 0100 02", Format{48000, 2}, []int16{1}, ""},
		{"odd size", riff + fmt16 + data + "03000000 0100 02ff ffff", Format{48000, 2}, []int16{1}, ""},
		{"chunk after the samples", riff + fmt16 + data + "02000000 0100 4c495354 00000000", Format{48000, 2}, []int16{1}, ""},
		{"odd chunk before", riff + "4c495354 03000000 41424300 " + fmt16 + data + "02000000 0700", Format{48000, 2}, []int16{7}, ""},
		{"extensible", riff + "666d7420 28000000 feff 0100 401f0000 803e0000 0200 1000 1600 1000 04000000 0100000000001000800000aa00389b71 " + data + "02000000 0700", Format{8000, 1}, []int16{7}, ""},
		{"not RIFF", "4f676753 00000000 00000000", Format{}, nil, "RIFF"},
		{"nothing", "", Format{}, nil, "header"},
		{"cut in the header", golden[:44], Format{}, nil, "header"},
		{"no format", riff + data + "02000000 0100", Format{}, nil, "before their format"},
		{"A-law", riff + "666d7420 10000000 0600 0100 401f0000 401f0000 0100 0800 " + data + "00000000", Format{}, nil, "encoding 6 with 8 bits"},
		{"24 bits", riff + "666d7420 10000000 0100 0100 401f0000 401f0000 0300 1800 " + data + "00000000", Format{}, nil, "24 bits"},
		{"six channels", riff + "666d7420 10000000 0100 0600 401f0000 401f0000 0c00 1000 " + data + "00000000", Format{}, nil, "6 channels"},
		{"rate zero", riff + "666d7420 10000000 0100 0100 00000000 00000000 0200 1000 " + data + "00000000", Format{}, nil, "0 Hz"},
		{"rate absurd", riff + "666d7420 10000000 0100 0100 ffffffff 00000000 0200 1000 " + data + "00000000", Format{}, nil, "Hz"},
		{"short format", riff + "666d7420 04000000 01000100 " + data + "00000000", Format{}, nil, "4 bytes"},
		{"chunk of 4 GB", riff + "4c495354 ffffffff 00", Format{}, nil, "header"},
		{"endless chunks", riff + strings.Repeat("4c495354 00000000 ", 100), Format{}, nil, "64 chunks"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, samples, err := readAll(unhex(c.hex))
			if c.err != "" {
				if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error %v, want ErrFormat with %q", err, c.err)
				}
				return
			}
			if err != nil || f != c.format || !slices.Equal(samples, c.samples) {
				t.Errorf("%v %v %v, want %v %v", f, samples, err, c.format, c.samples)
			}
		})
	}
}

func TestRoundTripOfManySizes(t *testing.T) {
	for _, n := range []int{0, 1, 479, 480, 16384, 16385, 100000} {
		path := filepath.Join(t.TempDir(), "x.wav")
		in := make([]int16, n)
		for i := range in {
			in[i] = int16(i * 7919)
		}
		if err := WriteFile(path, Format{16000, 1}, in); err != nil {
			t.Fatal(err)
		}
		f, out, err := ReadFile(path, 100000)
		if err != nil || f != (Format{16000, 1}) || !slices.Equal(in, out) {
			t.Errorf("%d samples: %v, %d back, %v", n, f, len(out), err)
		}
	}
}

func TestRecordingIsValidWhileItGrows(t *testing.T) {
	var m memory
	w, _ := NewWriter(&m, Format{8000, 1})
	period := make([]int16, 80)
	for i := range 1000 { // 10 s
		if err := w.Write(period); err != nil {
			t.Fatal(err)
		}
		_, samples, err := readAll(m.b)
		if err != nil {
			t.Fatalf("after %d periods: %v", i+1, err)
		}
		// Size 0 of a young file reads as "unknown", which is right as well.
		if missing := (i+1)*80 - len(samples); missing < 0 || missing > 8000+80 {
			t.Fatalf("after %d periods %d samples are missing", i+1, missing)
		}
		if told := binary.LittleEndian.Uint32(m.b[40:]); int(told) > len(m.b)-44 {
			t.Fatalf("the header tells %d bytes of %d", told, len(m.b)-44)
		}
	}
}

func TestAFullDiskIsToldAndKept(t *testing.T) {
	m := memory{limit: 50000}
	w, _ := NewWriter(&m, Format{8000, 1})
	var first error
	for range 100 {
		if err := w.Write(make([]int16, 800)); err != nil {
			first = err
			break
		}
	}
	if first == nil || !strings.Contains(first.Error(), "no space left") {
		t.Fatalf("error %v", first)
	}
	if err := w.Write(nil); err != first {
		t.Errorf("later: %v", err)
	}
	if err := w.Close(); err == nil {
		t.Error("Close hides the loss")
	}
	if _, _, err := readAll(m.b); err != nil {
		t.Errorf("what is there cannot be read: %v", err)
	}
}

func TestTheFourGigabyteLimit(t *testing.T) {
	w, _ := NewWriter(&memory{}, Format{8000, 1})
	w.written = maxData - 100
	if err := w.Write(make([]int16, 50)); err != nil {
		t.Error(err)
	}
	if err := w.Write([]int16{1}); !errors.Is(err, ErrFull) {
		t.Errorf("error %v, want ErrFull", err)
	}
}

func TestRewind(t *testing.T) {
	r, err := NewReader(bytes.NewReader(unhex(golden)))
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]int16, 10)
	for range 3 {
		if n, err := r.Read(buf); n != 3 || err != nil || buf[1] != 32767 {
			t.Fatalf("%v %v", buf[:n], err)
		}
		if err := r.Rewind(); err != nil {
			t.Fatal(err)
		}
	}
	r, _ = NewReader(io.MultiReader(bytes.NewReader(unhex(golden))))
	if r.Rewind() == nil {
		t.Error("a source that cannot seek was rewound")
	}
}

func TestErrorsNameTheFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "none.wav")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	text := filepath.Join(dir, "text.wav")
	if err := os.WriteFile(text, []byte("this is not sound at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(text); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "text.wav") {
		t.Error(err)
	}
	long := filepath.Join(dir, "long.wav")
	if err := WriteFile(long, Format{8000, 1}, make([]int16, 100)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ReadFile(long, 99); err == nil {
		t.Error("the limit is not kept")
	}
	if _, err := Create(filepath.Join(dir, "no", "x.wav"), Format{8000, 1}); err == nil {
		t.Error("created in a folder that is not there")
	}
	if _, err := NewWriter(&memory{}, Format{8000, 3}); err == nil {
		t.Error("three channels")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(unhex(golden))
	f.Add(unhex("52494646 ffffffff 57415645 666d7420 28000000 feff 0100 401f0000 803e0000 0200 1000 1600 1000 04000000 0100000000001000800000aa00389b71 64617461 ffffffff 0700"))
	f.Fuzz(func(t *testing.T, b []byte) {
		format, samples, err := readAll(b)
		if err != nil {
			return
		}
		if format.check() != nil {
			t.Errorf("format %v", format)
		}
		if 2*len(samples) > len(b) {
			t.Errorf("%d samples out of %d bytes", len(samples), len(b))
		}
		var m memory
		w, err := NewWriter(&m, format)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Write(samples), w.Close()); err != nil {
			t.Fatal(err)
		}
		if again, back, err := readAll(m.b); err != nil || again != format || !slices.Equal(back, samples) {
			t.Errorf("written and read again: %v, %d of %d samples, %v", again, len(back), len(samples), err)
		}
	})
}
