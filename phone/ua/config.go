package ua

import (
	"crypto/tls"
	"log/slog"
	"net/netip"
	"time"

	"offhook/phone/ua/sdp"
)

// Account is one SIP identity.
type Account struct {
	Name          string // the configuration's name; unique in an agent
	URI           string // address of record, "sip:alice@example.org"; sips: for TLS and nothing less (RFC 5630)
	DisplayName   string
	AuthUser      string // digest user name; empty: the user part of URI
	Registrar     string // "host", "host:port" or a sip: URI; empty: the domain of URI
	OutboundProxy string // where every request of this account goes first; same forms
	Transport     string // "udp" (default), "tcp", "tls", or "auto": what the server prefers
	TLS           *TLS   // nil: the system's authorities, no certificate of ours

	// PublicAddress is put into Contact and session descriptions instead of
	// our own address: that of a router that passes our ports on.
	PublicAddress netip.Addr
	// STUN names a server ("host", "host:port") that is asked for our public
	// address, which is then used like PublicAddress. UDP only.
	STUN string
	// TrustedServers are networks that calls to this account may come from, in
	// addition to the addresses of its server: gateways of a provider.
	TrustedServers []netip.Prefix

	// Password is asked each time a challenge must be answered; it may block
	// (a keyring) but not for long, and is called from a goroutine that holds
	// nothing up. Nil: the account has no password.
	Password func() (string, error)

	Register bool          // register and stay registered
	Expires  time.Duration // asked-for lifetime of the registration; 0: 600 s
	Codecs   []string      // allowed codecs in order of preference; empty: those of the Config
	DTMF     string        // "rfc4733" (default), "info", "inband", "auto"
	// SilenceSuppression: silence is left out both ways where the peer agrees, by
	// comfort noise (RFC 3389) or the codec's own means.
	SilenceSuppression bool
	// SRTP is "off" (default: sound goes plainly, RTP/SAVP is refused), "sdes":
	// keys are offered in RTP/AVP, or "dtls": UDP/TLS/RTP/SAVP is offered, and
	// when that is refused RTP/AVP. With either, keys and fingerprints are
	// taken from any offer, so that a call is encrypted where the peer knows
	// how (RFC 4568, RFC 5763). With SRTPRequired only that one keying is
	// offered and taken, and a call that would not be encrypted fails.
	SRTP         string
	SRTPRequired bool
	// Anonymous: who is called is not to see who calls. The account's server
	// sees it all the same.
	Anonymous bool
	// Redirects says which 3xx are followed: "domain" (default), those of a call
	// to an address in the domain of URI, and those of a registration to a server
	// in it; "any"; "off".
	Redirects string
}

// Config makes an Agent.
type Config struct {
	Accounts    []Account
	Listen      []string         // "udp:127.0.0.1:5060", "tcp:…", "tls:…"; empty: ephemeral ports on the addresses that reach the registrars
	Certificate *tls.Certificate // what is shown to who comes to a "tls:" of Listen, with its key
	DirectCalls bool             // also ring for INVITEs that were not sent to our registered Contact
	UserAgent   string           // User-Agent header; empty: "Offhook"
	Codecs      []string         // what there is an encoder and a decoder for, as in SDP; empty: PCMU, PCMA, G729
	// Instance tells registrars which phone this is, whatever its address (a
	// UUID, RFC 5626 section 4.1); empty: a new one each time.
	Instance string
	// Fingerprint is that of the certificate which the sound shows in DTLS
	// handshakes, as in a=fingerprint; empty: there is none, and accounts with
	// SRTP "dtls" are refused.
	Fingerprint string
	DSCP        int // code point of SIP packets, 0–63 (RFC 2474); system sockets only
	Logger      *slog.Logger

	// Handler gets every event, in order, from one goroutine. It must not
	// block; it may call the Agent's methods.
	Handler func(Event)
	// Trace gets every SIP message sent and received, secrets taken out. It
	// is called from the goroutines that send and receive, must not block and
	// must be safe for concurrent use.
	Trace func(TraceMessage)
	// Network is where sockets come from; nil: the system.
	Network Network
}

// LocalMedia is where we receive sound and what we can do with it.
type LocalMedia struct {
	Addr   netip.Addr // zero: the address SIP uses to reach the peer
	Port   uint16
	Codecs []string // "PCMU", "PCMA", "G729", in order of preference; empty: the account's
	PTime  time.Duration
	// RTCPMux: RTCP is understood on the port of RTP (RFC 5761).
	RTCPMux bool
}

// Media is what offer and answer agreed on.
type Media struct {
	Remote           netip.AddrPort // where to send sound
	Codec            string
	PayloadType      uint8         // to send with
	EventPayloadType uint8         // telephone-event, to send with; 0 = the peer takes none
	EventClock       int           // RTP clock of telephone-event, Hz
	PTime            time.Duration // how much sound the peer wants in a packet
	Send, Receive    bool
	DTX              bool  // silence may be left out by the codec itself (G.729 Annex B, Opus)
	ComfortNoise     uint8 // payload type of comfort noise (RFC 3389) in place of silence; 0 = none
	// What the peer may send with, where it differs from what we send with.
	ReceivePayloadType, ReceiveEventPayloadType uint8
	Fmtp                                        string         // the peer's a=fmtp of Codec
	SRTP                                        sdp.SRTP       // zero, and DTLS too: plain RTP
	DTLS                                        sdp.DTLS       // keys are to be agreed on by a handshake
	RTCP                                        netip.AddrPort // where the peer wants RTCP
	RTCPMux                                     bool           // RTCP shares the ports of RTP
}

// Direction of a traced message.
type Direction uint8

// Directions.
const (
	Received Direction = iota
	Sent
)

func (d Direction) String() string {
	if d == Sent {
		return "sent"
	}
	return "received"
}

// TraceMessage is one SIP message on the wire with its secrets taken out.
type TraceMessage struct {
	Time      time.Time
	Direction Direction
	Local     string // host:port
	Remote    string // host:port
	Transport string // "udp", "tcp"
	Text      string // the message, redacted; at most 64 KiB
	CallID    string // its Call-ID header
	Call      string // the id of the call it belongs to, where that is known already
}
