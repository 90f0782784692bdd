package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// ErrFull is returned when a file has grown to what its 32-bit sizes can say: 4 GB,
// 12 hours of mono at 48 kHz.
var ErrFull = errors.New("the WAV file is full (4 GB)")

const (
	headerSize = 44
	maxData    = math.MaxUint32 - headerSize - 1
	bufferSize = 32768
)

// Writer writes a file. It is owned by one goroutine.
type Writer struct {
	dst     io.WriteSeeker
	closer  io.Closer
	format  Format
	buf     []byte // not written yet
	written int64  // bytes of samples in the file
	patched int64  // the size its header tells
	err     error  // the first failure; nothing more is written after it
}

// Create creates (or empties) a file. The error names it.
func Create(path string, f Format) (*Writer, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("create WAV: %w", err)
	}
	w, err := NewWriter(file, f)
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("create WAV %s: %w", path, err)
	}
	w.closer = file
	return w, nil
}

// NewWriter writes the header of an empty file to dst, which must be at its beginning.
func NewWriter(dst io.WriteSeeker, f Format) (*Writer, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	w := &Writer{dst: dst, format: f, buf: make([]byte, 0, bufferSize)}
	if _, err := dst.Write(w.header()); err != nil {
		return nil, err
	}
	return w, nil
}

func (w *Writer) header() []byte {
	block := 2 * w.format.Channels
	b := make([]byte, 0, headerSize)
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(w.written+headerSize-8))
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = binary.LittleEndian.AppendUint16(b, 1) // PCM
	b = binary.LittleEndian.AppendUint16(b, uint16(w.format.Channels))
	b = binary.LittleEndian.AppendUint32(b, uint32(w.format.Rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(w.format.Rate*block))
	b = binary.LittleEndian.AppendUint16(b, uint16(block))
	b = binary.LittleEndian.AppendUint16(b, 16)
	b = append(b, "data"...)
	return binary.LittleEndian.AppendUint32(b, uint32(w.written))
}

// Write appends samples (interleaved when stereo). After an error every call
// returns that error.
func (w *Writer) Write(samples []int16) error {
	if w.err != nil {
		return w.err
	}
	if w.written+int64(len(w.buf)+2*len(samples)) > maxData {
		w.err = ErrFull
		w.Flush()
		return w.err
	}
	for len(samples) > 0 {
		n := min(len(samples), (cap(w.buf)-len(w.buf))/2)
		for _, s := range samples[:n] {
			w.buf = binary.LittleEndian.AppendUint16(w.buf, uint16(s))
		}
		samples = samples[n:]
		if len(w.buf) == cap(w.buf) {
			w.spill()
		}
	}
	if w.written+int64(len(w.buf))-w.patched >= int64(2*w.format.Channels*w.format.Rate) {
		w.Flush()
	}
	return w.err
}

// spill hands the buffer to the file.
func (w *Writer) spill() {
	if len(w.buf) == 0 {
		return
	}
	n, err := w.dst.Write(w.buf)
	w.written += int64(n)
	w.buf = w.buf[:0]
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("write WAV: %w", err)
	}
}

// Flush writes what is buffered and makes the header tell it.
func (w *Writer) Flush() error {
	w.spill()
	if w.patched == w.written {
		return w.err
	}
	if err := w.patch(); err != nil && w.err == nil {
		w.err = fmt.Errorf("write WAV header: %w", err)
	}
	return w.err
}

func (w *Writer) patch() error {
	if _, err := w.dst.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if _, err := w.dst.Write(w.header()); err != nil {
		return err
	}
	w.patched = w.written
	_, err := w.dst.Seek(0, io.SeekEnd)
	return err
}

// Close flushes, and closes a file made by Create. It returns the first error
// of the whole life of the writer.
func (w *Writer) Close() error {
	err := w.Flush()
	if w.err == nil {
		w.err = os.ErrClosed
	}
	if w.closer == nil {
		return err
	}
	c := w.closer
	w.closer = nil
	return errors.Join(err, c.Close())
}

// WriteFile writes samples to a new file.
func WriteFile(path string, f Format, samples []int16) error {
	w, err := Create(path, f)
	if err != nil {
		return err
	}
	return errors.Join(w.Write(samples), w.Close())
}
