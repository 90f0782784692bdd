package keying

import "encoding/binary"

// Is says whether a datagram is DTLS, where STUN, DTLS and RTP share a port
// (RFC 7983 section 7).
func Is(b []byte) bool { return len(b) > 0 && b[0] >= 20 && b[0] <= 63 }

// Record types (RFC 6347 section 4.1, RFC 5246 section 6.2.1).
const (
	recordChangeCipherSpec = 20
	recordAlert            = 21
	recordHandshake        = 22
	recordData             = 23

	recordHeader = 13   // octets: type, version, epoch, sequence, length
	maxDatagram  = 2048 // octets
)

// refusal is an alert that anyone could have sent; 0 is close_notify.
type refusal struct {
	seen        bool
	description byte
}

// sift appends those records of a datagram to out that the handshake may see.
// A datagram that is not made of whole records of DTLS 1.0 or 1.2 gives none.
// Of what is not protected (epoch 0) only what belongs to a handshake is let
// through: the library would end it at once on data or an alert, and those
// could come from a stranger. The alert is told.
func sift(out, b []byte) (_ []byte, told refusal) {
	if len(b) > maxDatagram {
		return out, told
	}
	keep := len(out)
	for len(b) > 0 {
		if len(b) < recordHeader || b[1] != 0xfe || b[2] != 0xff && b[2] != 0xfd {
			return out[:keep], refusal{}
		}
		size := recordHeader + int(binary.BigEndian.Uint16(b[11:]))
		if size == recordHeader || size > len(b) {
			return out[:keep], refusal{}
		}
		record := b[:size]
		b = b[size:]
		body, open := record[recordHeader:], binary.BigEndian.Uint16(record[3:]) == 0
		switch kind := record[0]; {
		case kind < recordChangeCipherSpec || kind > recordData:
			return out[:keep], refusal{}
		case !open || kind == recordHandshake || kind == recordChangeCipherSpec && len(body) == 1 && body[0] == 1:
			out = append(out, record...)
		case kind == recordAlert && len(body) == 2:
			if fatal := body[0] == 2; fatal || body[1] == 0 {
				told = refusal{true, body[1]}
			}
		}
	}
	return out, told
}

// alerts are names of what a handshake is refused with (RFC 5246 section 7.2).
var alerts = map[byte]string{
	0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 40: "handshake_failure", 42: "bad_certificate",
	43: "unsupported_certificate", 46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca",
	49: "access_denied", 50: "decode_error", 51: "decrypt_error", 70: "protocol_version",
	71: "insufficient_security", 80: "internal_error", 90: "user_canceled",
}

const (
	handshakeHeader = 12 // octets: type, length, sequence, fragment (RFC 6347 section 4.2.2)
	clientHello     = 1
	randomSize      = 32
)

// hello gives the random of a ClientHello that a datagram begins with.
func hello(b []byte) (random [randomSize]byte, ok bool) {
	const at = recordHeader + handshakeHeader + 2 // behind the client's version
	if len(b) < at+randomSize || b[0] != recordHandshake || b[recordHeader] != clientHello ||
		binary.BigEndian.Uint16(b[3:]) != 0 || b[recordHeader+6]|b[recordHeader+7]|b[recordHeader+8] != 0 {
		return random, false
	}
	return [randomSize]byte(b[at:]), true
}

// IsHello says whether a datagram is a ClientHello: what is worth keeping when
// it comes before the description of its sender.
func IsHello(b []byte) bool {
	_, ok := hello(b)
	return ok
}
