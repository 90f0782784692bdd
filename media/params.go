package media

import (
	"net/netip"
	"time"
)

// Params is what the two ends of a call agreed on (RFC 3264).
type Params struct {
	Remote           netip.AddrPort // where the peer wants RTP
	Codec            string         // "PCMU", "PCMA", "G729"
	PayloadType      uint8          // of Codec
	EventPayloadType uint8          // of telephone-event; 0 = not agreed
	PTime            time.Duration  // of packets we send: 10 to 60 ms in steps of 10; 0 = 20 ms
	Send, Receive    bool           // both false: on hold
	AnnexB           bool           // G.729: the peer understands Annex B
}
