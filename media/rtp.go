package media

import (
	"errors"
	"fmt"

	"github.com/pion/rtp"
)

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

// isSTUN tells STUN from RTP on a port that both share: by its first bits and
// its magic cookie (RFC 8489 section 5, RFC 7983).
func isSTUN(b []byte) bool {
	return len(b) >= 20 && b[0] < 4 && b[4] == 0x21 && b[5] == 0x12 && b[6] == 0xa4 && b[7] == 0x42
}

// parseRTP reads a datagram. The payload is a part of b, without padding; it
// may be empty. Contributing sources and header extensions are skipped.
func parseRTP(b []byte) (h header, payload []byte, err error) {
	// RTCP and STUN may come to the same port; package rtp takes any version.
	if len(b) < headerBytes || b[0]>>6 != 2 {
		return h, nil, errNotRTP
	}
	var p rtp.Packet
	if err := p.Unmarshal(b); err != nil {
		return h, nil, fmt.Errorf("%w: %w", errNotRTP, err)
	}
	return header{
		marker:      p.Marker,
		payloadType: p.PayloadType,
		sequence:    p.SequenceNumber,
		timestamp:   p.Timestamp,
		ssrc:        p.SSRC,
	}, p.Payload, nil
}

// appendRTP writes a header without extras.
func appendRTP(dst []byte, h header) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, headerBytes)...)
	// A header without extras has a fixed size that was just made room for.
	if _, err := (rtp.Header{
		Version:        2,
		Marker:         h.marker,
		PayloadType:    h.payloadType & 0x7f,
		SequenceNumber: h.sequence,
		Timestamp:      h.timestamp,
		SSRC:           h.ssrc,
	}).MarshalTo(dst[at:]); err != nil {
		panic("media: " + err.Error())
	}
	return dst
}
