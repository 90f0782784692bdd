package media

import "errors"

// header is what we use of an RTP header (RFC 3550 section 5.1).
type header struct {
	marker      bool
	payloadType uint8
	sequence    uint16
	timestamp   uint32
	ssrc        uint32
}

const headerBytes = 12

var errNotRTP = errors.New("not an RTP packet")

// parseRTP reads a datagram. The payload is a part of b, without padding; it
// may be empty. Contributing sources and header extensions are skipped.
func parseRTP(b []byte) (h header, payload []byte, err error) {
	if len(b) < headerBytes || b[0]>>6 != 2 {
		return h, nil, errNotRTP
	}
	at := headerBytes + 4*int(b[0]&0x0f)
	if b[0]&0x10 != 0 { // extension: 16 bits of profile, 16 of length in words
		if len(b) < at+4 {
			return h, nil, errNotRTP
		}
		at += 4 + 4*(int(b[at+2])<<8|int(b[at+3]))
	}
	end := len(b)
	if b[0]&0x20 != 0 { // padding: its last byte counts it
		pad := int(b[len(b)-1])
		if pad == 0 {
			return h, nil, errNotRTP
		}
		end -= pad
	}
	if at > end {
		return h, nil, errNotRTP
	}
	h = header{
		marker:      b[1]&0x80 != 0,
		payloadType: b[1] & 0x7f,
		sequence:    uint16(b[2])<<8 | uint16(b[3]),
		timestamp:   be32(b[4:]),
		ssrc:        be32(b[8:]),
	}
	return h, b[at:end], nil
}

// appendRTP writes a header without extras.
func appendRTP(dst []byte, h header) []byte {
	pt := h.payloadType & 0x7f
	if h.marker {
		pt |= 0x80
	}
	return append(dst, 0x80, pt, byte(h.sequence>>8), byte(h.sequence),
		byte(h.timestamp>>24), byte(h.timestamp>>16), byte(h.timestamp>>8), byte(h.timestamp),
		byte(h.ssrc>>24), byte(h.ssrc>>16), byte(h.ssrc>>8), byte(h.ssrc))
}

func be32(b []byte) uint32 {
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}
