package media

import (
	"fmt"
	"net/netip"
	"time"

	"offhook/media/codec"
)

// Params is what the two ends of a call agreed on (RFC 3264). It is
// comparable.
type Params struct {
	Remote           netip.AddrPort // where the peer wants RTP
	Codec            string         // name of one of codec.List: "PCMU", "PCMA", "G729"
	PayloadType      uint8          // of Codec, 0 to 127
	EventPayloadType uint8          // of telephone-event, 96 to 127; 0 = not agreed
	PTime            time.Duration  // of packets we send: 10 to 60 ms in steps of 10; 0 = 20 ms
	Send, Receive    bool           // both false: on hold
	AnnexB           bool           // G.729: the peer understands Annex B
	// What the peer may send with, where it differs from what we send with; 0: the same.
	ReceivePayloadType, ReceiveEventPayloadType uint8
	SRTP                                        SRTP // zero: plain RTP
}

const defaultPTime = 20 * time.Millisecond

// check fills defaults in and finds the codec.
func (p *Params) check() (codec.Codec, error) {
	c, err := codec.ByName(p.Codec)
	if err != nil {
		return nil, err
	}
	if c.SampleRate() != codecRate || c.ClockRate() != codecRate {
		return nil, fmt.Errorf("codec %s: a sample rate of %d Hz is not carried yet", c.Name(), c.SampleRate())
	}
	if p.PTime == 0 {
		p.PTime = defaultPTime
	}
	switch {
	case p.PTime < 10*time.Millisecond || p.PTime > 60*time.Millisecond || p.PTime%(10*time.Millisecond) != 0:
		return nil, fmt.Errorf("packet time %v: want 10 to 60 ms in steps of 10", p.PTime)
	case p.PayloadType > 127 || p.EventPayloadType > 127:
		return nil, fmt.Errorf("payload types %d and %d: want 0 to 127", p.PayloadType, p.EventPayloadType)
	case p.EventPayloadType != 0 && p.EventPayloadType == p.PayloadType:
		return nil, fmt.Errorf("payload type %d stands for both %s and telephone-event", p.PayloadType, p.Codec)
	case p.Send && (!p.Remote.Addr().IsValid() || p.Remote.Port() == 0):
		return nil, fmt.Errorf("cannot send to %v: the peer gave no usable address", p.Remote)
	}
	return c, nil
}
