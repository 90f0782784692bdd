//go:build cgo

package oggopus

/*
#cgo pkg-config: libopusenc
#include <opusenc.h>

// ope_encoder_ctl takes arguments of any number and kind, which cgo can't pass.
static int encoder_set(OggOpusEnc *e, int request, opus_int32 v) { return ope_encoder_ctl(e, request, v); }
*/
import "C"

import (
	"errors"
	"fmt"
	"io"
	"os"
	"unsafe"
)

const (
	bitrate    = 32000 // of a channel: fullband speech
	complexity = 5     // 0 to 10: half of the top's CPU for a difference hard to hear
	pageLength = Rate  // samples
)

// Writer writes a file. It is owned by one goroutine, and must be closed.
type Writer struct {
	dst      io.Writer
	enc      *C.OggOpusEnc
	channels int
	err      error // the first failure; nothing more is written after it
}

// NewWriter writes the beginning of a file of 1 or 2 channels to dst.
func NewWriter(dst io.Writer, channels int) (*Writer, error) {
	if err := checkChannels(channels); err != nil {
		return nil, err
	}
	comments := C.ope_comments_create()
	if comments == nil {
		return nil, errors.New("write Opus: out of memory")
	}
	defer C.ope_comments_destroy(comments)
	var code C.int
	enc := C.ope_encoder_create_pull(comments, Rate, C.int(channels), 0, &code)
	if enc == nil || code != C.OPE_OK {
		return nil, opeError("new encoder", code)
	}
	w := &Writer{dst: dst, enc: enc, channels: channels}
	for _, s := range []struct {
		what    string
		request C.int
		value   int
	}{
		{"bit rate", C.OPUS_SET_BITRATE_REQUEST, bitrate * channels},
		{"complexity", C.OPUS_SET_COMPLEXITY_REQUEST, complexity},
		{"length of pages", C.OPE_SET_MUXING_DELAY_REQUEST, pageLength},
		// It holds sound back so that a file can be split anywhere. Ours are not.
		{"delay of decisions", C.OPE_SET_DECISION_DELAY_REQUEST, 0},
	} {
		if code := C.encoder_set(enc, s.request, C.opus_int32(s.value)); code != C.OPE_OK {
			C.ope_encoder_destroy(enc)
			return nil, opeError(s.what, code)
		}
	}
	if code := C.ope_encoder_flush_header(enc); code != C.OPE_OK {
		C.ope_encoder_destroy(enc)
		return nil, opeError("header", code)
	}
	if w.pages(); w.err != nil {
		C.ope_encoder_destroy(enc)
		return nil, w.err
	}
	return w, nil
}

func opeError(what string, code C.int) error {
	return fmt.Errorf("write Opus: %s: %s", what, C.GoString(C.ope_strerror(code)))
}

// Write appends samples, interleaved when stereo. After an error every call
// returns that error.
func (w *Writer) Write(samples []int16) error {
	if w.err != nil || len(samples) < w.channels {
		return w.err
	}
	if code := C.ope_encoder_write(w.enc, (*C.opus_int16)(unsafe.Pointer(&samples[0])), C.int(len(samples)/w.channels)); code != C.OPE_OK {
		w.err = opeError("encode", code)
		return w.err
	}
	w.pages()
	return w.err
}

// pages writes those that are complete.
func (w *Writer) pages() {
	for w.err == nil {
		var page *C.uchar
		var n C.opus_int32
		if C.ope_encoder_get_page(w.enc, &page, &n, 0) == 0 {
			return
		}
		if _, err := w.dst.Write(unsafe.Slice((*byte)(unsafe.Pointer(page)), int(n))); err != nil {
			w.err = fmt.Errorf("write Opus: %w", err)
		}
	}
}

// Close writes the end and frees the encoder. It returns the first error of the
// whole life of the writer. What is written to is left open.
func (w *Writer) Close() error {
	if w.enc == nil {
		return w.err
	}
	if w.err == nil {
		if code := C.ope_encoder_drain(w.enc); code != C.OPE_OK {
			w.err = opeError("the end", code)
		}
		w.pages()
	}
	C.ope_encoder_destroy(w.enc)
	w.enc = nil
	err := w.err
	if w.err == nil {
		w.err = os.ErrClosed
	}
	return err
}
