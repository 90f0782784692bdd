//go:build cgo

package oggopus

/*
#cgo pkg-config: opusfile
#include <opusfile.h>
#include <stdlib.h>
*/
import "C"

import (
	"fmt"
	"os"
	"unsafe"
)

// ReadFile reads a whole file as mono at Rate, of several channels the left, at
// most limit samples; a longer one is an error. Parts that are damaged are left
// out.
func ReadFile(path string, limit int) ([]int16, error) {
	// The library keeps to itself why a file can't be opened.
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open Opus file: %w", err)
	}
	file.Close()
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	var code C.int
	f := C.op_open_file(name, &code)
	if f == nil {
		return nil, fmt.Errorf("open Opus file %s: %w", path, opError(code))
	}
	defer C.op_free(f)
	var out []int16
	buf := make([]int16, 2*Rate*120/1000) // the longest packet, in stereo
	for {
		n := int(C.op_read_stereo(f, (*C.opus_int16)(unsafe.Pointer(&buf[0])), C.int(len(buf))))
		switch {
		case n == C.OP_HOLE:
			continue
		case n < 0:
			return nil, fmt.Errorf("read Opus file %s: %w", path, opError(C.int(n)))
		case n == 0:
			return out, nil
		case len(out)+n > limit:
			return nil, fmt.Errorf("read Opus file %s: it lasts longer than %d s, which is the most", path, limit/Rate)
		}
		for i := range n {
			out = append(out, buf[2*i])
		}
	}
}

func opError(code C.int) error {
	why, ok := map[C.int]string{
		C.OP_EREAD:      "it cannot be read to the end of its header",
		C.OP_EFAULT:     "out of memory",
		C.OP_EIMPL:      "it uses what is not supported",
		C.OP_ENOTFORMAT: "it is not Opus in Ogg, or ends in its header",
		C.OP_EBADHEADER: "its header is broken",
		C.OP_EVERSION:   "it is of an unknown version",
	}[code]
	if !ok {
		why = fmt.Sprintf("it is damaged (error %d)", int(code))
	}
	return fmt.Errorf("%w: %s", ErrFormat, why)
}
