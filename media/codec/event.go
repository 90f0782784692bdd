package codec

import "fmt"

// Event is one report of a telephone event, the payload of RFC 4733
// section 2.3:
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|     event     |E|R| volume    |          duration             |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
type Event struct {
	Code     uint8  // 0-15 are the DTMF digits, see Digit
	End      bool   // the event is over
	Volume   uint8  // power as dBm0 without the sign, 0 to 63
	Duration uint16 // of the event or segment so far, in timestamp units (1/8000 s)
}

// EventBytes is the size of an event payload.
const EventBytes = 4

// Append appends the payload to dst.
func (e Event) Append(dst []byte) []byte {
	flags := e.Volume & 0x3f
	if e.End {
		flags |= 0x80
	}
	return append(dst, e.Code, flags, byte(e.Duration>>8), byte(e.Duration))
}

// ParseEvent reads a payload. Bytes after the first event are ignored; fewer
// than four are an ErrPayload.
func ParseEvent(payload []byte) (Event, error) {
	if len(payload) < EventBytes {
		return Event{}, fmt.Errorf("telephone-event: %w: %d bytes, want %d", ErrPayload, len(payload), EventBytes)
	}
	return Event{
		Code:     payload[0],
		End:      payload[1]&0x80 != 0,
		Volume:   payload[1] & 0x3f,
		Duration: uint16(payload[2])<<8 | uint16(payload[3]),
	}, nil
}

const digits = "0123456789*#ABCD"

// Digit returns the key of a DTMF event code; false for other events.
func Digit(code uint8) (byte, bool) {
	if int(code) >= len(digits) {
		return 0, false
	}
	return digits[code], true
}

// EventCode returns the event code of a key: 0-9, *, #, A-D or a-d.
func EventCode(digit byte) (uint8, bool) {
	if digit >= 'a' && digit <= 'd' {
		digit -= 'a' - 'A'
	}
	for i := range len(digits) {
		if digits[i] == digit {
			return uint8(i), true
		}
	}
	return 0, false
}
