package media

import (
	"fmt"
	"net/netip"
	"time"

	"offhook/media/codec"
	"offhook/media/keying"
)

// Params is what the two ends of a call agreed on (RFC 3264). It is
// comparable.
type Params struct {
	Remote           netip.AddrPort // where the peer wants RTP
	Codec            string         // name of one of codec.List: "PCMU", "G722", "OPUS"
	PayloadType      uint8          // of Codec, 0 to 127
	EventPayloadType uint8          // of telephone-event, 96 to 127; 0 = not agreed
	PTime            time.Duration  // of packets we send: 10 to 60 ms in steps of 10, or what the codec has next to it; 0 = 20 ms
	Send, Receive    bool           // both false: on hold
	RTCP             netip.AddrPort // where the peer wants RTCP, when it does not share the port
	RTCPMux          bool           // RTCP shares the ports of RTP (RFC 5761)
	// Silence is left out: by the codec itself (G.729 with Annex B, Opus), or with
	// comfort noise of this payload type (RFC 3389), for the codecs that can't; 0 = not.
	DTX                     bool
	ComfortNoisePayloadType uint8
	Fmtp                    string // what the peer says of Codec in its a=fmtp; heeded for Opus
	EventClock              int    // RTP clock of telephone-event, Hz; 0 = that of Codec
	// What the peer may send with, where it differs from what we send with; 0: the same.
	ReceivePayloadType, ReceiveEventPayloadType uint8
	SRTP                                        SRTP               // with keys known beforehand; zero, and DTLS too: plain RTP
	DTLS                                        keying.Association // the keys come from a handshake on the way of the sound
	DigitsInBand                                bool               // SendDigit plays tones into the sound, for a peer that takes no events

	locked bool // DTLS: the keys are still to come
}

const defaultPTime = 20 * time.Millisecond

// check fills defaults in and finds the codec.
func (p *Params) check() (codec.Codec, error) {
	c, err := codec.ByName(p.Codec)
	if err != nil {
		return nil, err
	}
	if p.PTime == 0 {
		p.PTime = defaultPTime
	}
	if p.EventClock == 0 {
		p.EventClock = c.ClockRate()
	}
	switch {
	case p.PTime < 10*time.Millisecond || p.PTime > 60*time.Millisecond || p.PTime%(10*time.Millisecond) != 0:
		return nil, fmt.Errorf("packet time %v: want 10 to 60 ms in steps of 10", p.PTime)
	case p.PayloadType > 127 || p.EventPayloadType > 127:
		return nil, fmt.Errorf("payload types %d and %d: want 0 to 127", p.PayloadType, p.EventPayloadType)
	case p.EventPayloadType != 0 && p.EventPayloadType == p.PayloadType:
		return nil, fmt.Errorf("payload type %d stands for both %s and telephone-event", p.PayloadType, p.Codec)
	case p.ComfortNoisePayloadType > 127 || p.ComfortNoisePayloadType != 0 && (p.ComfortNoisePayloadType == p.PayloadType || p.ComfortNoisePayloadType == p.EventPayloadType):
		return nil, fmt.Errorf("payload type %d cannot stand for comfort noise", p.ComfortNoisePayloadType)
	case p.Send && (!p.Remote.Addr().IsValid() || p.Remote.Port() == 0):
		return nil, fmt.Errorf("cannot send to %v: the peer gave no usable address", p.Remote)
	case p.EventClock < codecRate || p.EventClock > 48000 || p.EventClock%1000 != 0:
		return nil, fmt.Errorf("telephone-event with a clock of %d Hz: want 8000 to 48000", p.EventClock)
	}
	p.PTime = c.PacketTime(p.PTime)
	return c, nil
}

// speaks says whether packets may leave now.
func (p *Params) speaks() bool { return p.Send && !p.locked }
