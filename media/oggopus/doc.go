// Package oggopus writes and reads sound files of Opus in Ogg (RFC 7845), as
// .opus files are: libopusenc writes, libopusfile reads. Neither is in a build
// without cgo; everything then fails with ErrUnavailable.
//
//	samples ─Write─► encoder ─► pages of about a second ─► file
//	                            header │ page │ page │ … │ last page
//
// A page is written as soon as it is full, so a recording can be played while
// it grows. One that was never closed, since the program was killed, lacks about
// the last second and the mark of its end; players take it all the same.
package oggopus

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// ErrUnavailable says that this build lacks the libraries.
var ErrUnavailable = errors.New("opus files are not in this build: it needs cgo, libopusenc and libopusfile (Debian: libopusenc-dev, libopusfile-dev)")

// ErrFormat is wrapped by all errors about what a file contains.
var ErrFormat = errors.New("not a usable Opus file")

// Rate is the rate of all samples written and read, in Hz.
const Rate = 48000

// Named tells by its name whether a file is, or is to be, one of Opus:
// .opus, or .ogg and .oga, which hold other codecs as well.
func Named(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".opus", ".ogg", ".oga":
		return true
	}
	return false
}

func checkChannels(n int) error {
	if n != 1 && n != 2 {
		return fmt.Errorf("write Opus: %d channels; only mono and stereo can be written", n)
	}
	return nil
}
