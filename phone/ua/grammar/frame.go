package grammar

import (
	"bytes"
	"errors"
)

// Errors of a stream after which no message can be found in it any more.
var (
	ErrNoLength = errors.New("a message on a stream does not say how long it is")
	ErrTooLong  = errors.New("a message on a stream is too long")
)

// MaxMessage bounds a message on a stream, in bytes.
const MaxMessage = 64 << 10

// Frame gives the length of the message that data, read from a stream, begins with; 0 when more is needed. CRLFs before
// it are not part of it: take them off first. With an error the header (if it was whole) is data[:n].
func Frame(data []byte) (n int, err error) {
	end := bytes.Index(data, []byte("\r\n\r\n"))
	if end < 0 {
		if len(data) > MaxMessage {
			return 0, ErrTooLong
		}
		return 0, nil
	}
	end += 4
	_, rest, _ := bytes.Cut(data[:end], []byte("\r\n"))
	var m Message
	length, wrong := -1, false
	if _, f := fields(rest, func(name, value string) {
		if name != "content-length" {
			return
		}
		before := length
		if m.field(name, value, &length) != nil || before >= 0 && before != length {
			wrong = true
		}
	}); f != nil && f.why != "A header line that is none" {
		return end, ErrNoLength
	}
	switch {
	case wrong || length < 0:
		return end, ErrNoLength
	case end+length > MaxMessage:
		return end, ErrTooLong
	case len(data) < end+length:
		return 0, nil
	}
	return end + length, nil
}
