package wav

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxChunks bounds how many chunks may come before the samples.
const maxChunks = 64

// Reader reads samples in order. It is owned by one goroutine.
type Reader struct {
	format  Format
	src     io.Reader
	buf     *bufio.Reader
	closer  io.Closer
	start   int64 // offset of the first sample, for Rewind
	size    int64 // bytes of samples; -1: to the end of the file
	left    int64
	scratch [4096]byte
}

// Open opens a file. The error names it.
func Open(path string) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open WAV: %w", err)
	}
	r, err := NewReader(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open WAV %s: %w", path, err)
	}
	r.closer = f
	return r, nil
}

// NewReader reads the header from src; samples follow by Read.
func NewReader(src io.Reader) (*Reader, error) {
	r := &Reader{src: src, buf: bufio.NewReaderSize(src, 16384)}
	if err := r.header(); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: it ends inside its header", ErrFormat)
		}
		return nil, err
	}
	return r, nil
}

func (r *Reader) header() error {
	var riff [12]byte
	if _, err := io.ReadFull(r.buf, riff[:]); err != nil {
		return err
	}
	if string(riff[:4]) != "RIFF" || string(riff[8:]) != "WAVE" {
		return fmt.Errorf("%w: it does not begin with RIFF and WAVE", ErrFormat)
	}
	r.start = 12
	seen := false
	for range maxChunks {
		var head [8]byte
		if _, err := io.ReadFull(r.buf, head[:]); err != nil {
			return err
		}
		r.start += 8
		id, size := string(head[:4]), int64(binary.LittleEndian.Uint32(head[4:]))
		if id == "data" {
			if !seen {
				return fmt.Errorf("%w: samples come before their format", ErrFormat)
			}
			// Programs that stream leave 0 or all ones for a size they do not know.
			if r.size = size; size == 0 || size >= 0xFFFFFF00 {
				r.size = -1
			}
			r.left = r.size
			return nil
		}
		padded := size + size&1
		if id == "fmt " {
			if err := r.parseFormat(size); err != nil {
				return err
			}
			seen = true
			padded -= min(size, 40)
			r.start += min(size, 40)
		}
		if _, err := io.CopyN(io.Discard, r.buf, padded); err != nil {
			return err
		}
		r.start += padded
	}
	return fmt.Errorf("%w: no samples within %d chunks", ErrFormat, maxChunks)
}

func (r *Reader) parseFormat(size int64) error {
	if size < 16 {
		return fmt.Errorf("%w: its format chunk has %d bytes, 16 are the least", ErrFormat, size)
	}
	var b [40]byte
	if _, err := io.ReadFull(r.buf, b[:min(size, 40)]); err != nil {
		return err
	}
	const pcm, extensible = 1, 0xFFFE
	encoding := int(binary.LittleEndian.Uint16(b[0:]))
	if encoding == extensible && size >= 40 {
		encoding = int(binary.LittleEndian.Uint16(b[24:])) // first two bytes of the sub-format
	}
	bits := int(binary.LittleEndian.Uint16(b[14:]))
	if encoding != pcm || bits != 16 {
		return fmt.Errorf("%w: encoding %d with %d bits; only 16-bit PCM can be used (convert it: sox IN -b 16 -e signed OUT.wav)", ErrFormat, encoding, bits)
	}
	rate := binary.LittleEndian.Uint32(b[4:])
	r.format = Format{Rate: int(min(rate, 1<<30)), Channels: int(binary.LittleEndian.Uint16(b[2:]))}
	return r.format.check()
}

// Format returns rate and channels.
func (r *Reader) Format() Format { return r.format }

// Read fills dst with samples (interleaved when stereo) and returns how many; at
// the end io.EOF with none. A file cut short ends where it ends.
func (r *Reader) Read(dst []int16) (n int, err error) {
	for n < len(dst) && r.left != 0 {
		want := min(len(dst)-n, len(r.scratch)/2)
		if r.left >= 0 {
			want = int(min(int64(want), r.left/2))
		}
		if want == 0 { // an odd byte at the end is no sample
			r.left = 0
			break
		}
		b := r.scratch[:2*want]
		got, err := io.ReadFull(r.buf, b)
		for i := 0; i+1 < got; i += 2 {
			dst[n] = int16(binary.LittleEndian.Uint16(b[i:]))
			n++
		}
		if r.left > 0 {
			r.left -= int64(got)
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			r.left = 0
		} else if err != nil {
			return n, fmt.Errorf("read WAV: %w", err)
		}
	}
	if n == 0 && len(dst) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// Rewind goes back to the first sample. The source must be able to seek.
func (r *Reader) Rewind() error {
	s, ok := r.src.(io.Seeker)
	if !ok {
		return errors.New("rewind WAV: the source cannot seek")
	}
	if _, err := s.Seek(r.start, io.SeekStart); err != nil {
		return fmt.Errorf("rewind WAV: %w", err)
	}
	r.buf.Reset(r.src)
	r.left = r.size
	return nil
}

// Close closes a file opened by Open.
func (r *Reader) Close() error {
	if r.closer == nil {
		return nil
	}
	return r.closer.Close()
}

// ReadFile reads a whole file, at most limit samples (counting both channels);
// a longer one is an error.
func ReadFile(path string, limit int) (Format, []int16, error) {
	r, err := Open(path)
	if err != nil {
		return Format{}, nil, err
	}
	defer r.Close()
	var samples []int16
	buf := make([]int16, 8192)
	for {
		n, err := r.Read(buf)
		if len(samples)+n > limit {
			return r.format, nil, fmt.Errorf("read WAV %s: more than %d samples", path, limit)
		}
		samples = append(samples, buf[:n]...)
		if err == io.EOF {
			return r.format, samples, nil
		}
		if err != nil {
			return r.format, samples, fmt.Errorf("%s: %w", path, err)
		}
	}
}
