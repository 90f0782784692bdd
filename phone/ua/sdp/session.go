package sdp

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Errors of an exchange that cannot succeed.
var (
	// ErrNoCodec: the two sides have no codec (or no audio) in common. Worth
	// a 488 Not Acceptable Here.
	ErrNoCodec = errors.New("no codec in common")
	// ErrAddress: the peer's description says no address to send to.
	ErrAddress = errors.New("the session description has no usable address")
	// ErrNoOffer: an answer came where no offer was waiting for one.
	ErrNoOffer = errors.New("an answer without an offer")
	// ErrEncryption: one side insists on encryption, the other does without.
	ErrEncryption = errors.New("encryption (SRTP) is not agreed on")
)

// Local is our end of the sound.
type Local struct {
	Addr   netip.Addr
	Port   uint16
	Codecs []string // in order of preference
	PTime  time.Duration
	// SilenceSuppression: silence may be left out both ways, by comfort noise (RFC
	// 3389), Annex B of G.729 and Opus's own means, where the peer agrees. False
	// asks for every packet.
	SilenceSuppression bool
	// Encryption says what is done about SRTP; Seed, which must be random and
	// kept to oneself, is what its keys are made of. Fingerprint is that of the
	// certificate we show by DTLS, as in a=fingerprint: "sha-256 AB:CD…"; empty:
	// there is none, and offers of DTLS cannot be taken or made.
	Encryption  Encryption
	Seed        [32]byte
	Fingerprint string
	// RTCPMux: RTCP may share the port of RTP (RFC 5761).
	RTCPMux bool
}

// Result is what an exchange agreed on.
type Result struct {
	Remote                  netip.AddrPort
	Codec                   string
	Payload, ReceivePayload uint8 // to send with, to expect
	Events, ReceiveEvents   uint8 // telephone-event; 0 = none
	EventClock              int   // its RTP clock in Hz, as a rule that of Codec
	PTime                   time.Duration
	Send, Receive           bool
	RemoteHold              bool           // the peer wants no sound from us
	DTX                     bool           // silence may be left out by the codec itself
	ComfortNoise            uint8          // payload type of comfort noise, both ways; 0 = none
	Fmtp                    string         // the peer's a=fmtp of Codec
	SRTP                    SRTP           // zero, and DTLS too: plain RTP
	DTLS                    DTLS           // keys are to be agreed on by a handshake
	RTCP                    netip.AddrPort // where the peer wants RTCP; it may be Remote
	RTCPMux                 bool           // RTCP shares the ports of RTP
}

// Session is our side of the offer/answer exchanges of one dialog.
type Session struct {
	local   Local
	id      uint64
	version uint64
	body    string // last description without its o= line: what the version counts
	hold    bool

	lines    []line         // the m= lines both sides know, in their order
	audio    int            // which of them carries our sound
	payloads map[string]int // codec, or eventsName → payload type once it was bound in this session
	taken    map[int]bool   // payload types the peer has bound to anything

	offered *offer  // waiting for an answer
	said    content // what our last description of an agreement said
	agreed  Result
	have    bool
}

// line is an m= line as it must be repeated for the life of the session.
type line struct{ kind, proto, formats string }

// offer is an offer of ours on the wire.
type offer struct {
	codecs   []string
	sends    bool
	receives bool
	keying   keying
	said     content
}

// NewSession begins the exchanges of a dialog. id must be random: it names the
// session in o= lines; only its low 62 bits are used.
func NewSession(local Local, id uint64) *Session {
	return &Session{local: withDefaults(local), id: id &^ (3 << 62), payloads: map[string]int{}, taken: map[int]bool{}}
}

func withDefaults(l Local) Local {
	if l.PTime < 10*time.Millisecond || l.PTime > 120*time.Millisecond {
		l.PTime = 20 * time.Millisecond
	}
	l.Codecs = slices.DeleteFunc(slices.Clone(l.Codecs), func(n string) bool { return !Known(n) })
	return l
}

// Clone copies the state: the legs of a forked call each answer the same offer.
func (s *Session) Clone() *Session {
	c := *s
	c.lines, c.payloads, c.taken = slices.Clone(s.lines), maps.Clone(s.payloads), maps.Clone(s.taken)
	return &c
}

// SetLocal changes our end; the next offer or answer says so.
func (s *Session) SetLocal(l Local) { s.local = withDefaults(l) }

// Addr is our address as the session describes it.
func (s *Session) Addr() netip.Addr { return s.local.Addr }

// SetAddr changes it; the next offer or answer says so.
func (s *Session) SetAddr(a netip.Addr) { s.local.Addr = a }

// SetHold says whether our next offer or answer holds the peer.
func (s *Session) SetHold(on bool) { s.hold = on }

// Agreed is the result of the last successful exchange.
func (s *Session) Agreed() (Result, bool) { return s.agreed, s.have }

// Offering says whether an offer of ours waits for its answer.
func (s *Session) Offering() bool { return s.offered != nil }

// Offer writes an offer: everything we can do, the codec in use first.
func (s *Session) Offer() ([]byte, error) {
	if len(s.local.Codecs) == 0 {
		return nil, ErrNoCodec
	}
	o := &offer{sends: true, receives: true, keying: s.offers()}
	if o.keying == byDTLS && s.local.Fingerprint == "" {
		return nil, fmt.Errorf("%w: there is no certificate for DTLS", ErrEncryption)
	}
	if s.hold {
		o.receives = false
		o.sends = !(s.have && s.agreed.RemoteHold) // RFC 3264 section 8.4
	}
	o.codecs = slices.Clone(s.local.Codecs)
	if s.have {
		if i := slices.Index(o.codecs, s.agreed.Codec); i > 0 {
			o.codecs = slices.Insert(slices.Delete(o.codecs, i, i+1), 0, s.agreed.Codec)
		}
	}
	if s.lines == nil {
		s.lines, s.audio = []line{{kind: "audio", proto: s.local.Encryption.proto()}}, 0
	}
	s.offered = o
	c := content{active: true, dir: direction(o.sends, o.receives), mux: s.local.RTCPMux, events: map[int]int{}}
	s.offerKeys(&c, o.keying)
	for _, name := range o.codecs {
		f := formatByName(name)
		c.formats = append(c.formats, bound{f, s.bindCodec(f)})
		c.events[f.clock] = s.bindEvents(f.clock)
	}
	c.events[8000] = s.bindEvents(8000)
	if s.local.SilenceSuppression && slices.ContainsFunc(c.formats, func(b bound) bool { return b.takesComfortNoise() }) {
		c.comfort = s.bind(comfortNoise, comfortNoisePayload)
	}
	o.said = c
	return s.write(c)
}

// Again writes an offer that changes nothing, not even its version: a refresh.
func (s *Session) Again() ([]byte, error) {
	c := s.said
	if !c.active {
		return s.Offer()
	}
	o := &offer{sends: c.dir.Sends(), receives: c.dir.Receives(), keying: s.offers()}
	s.offerKeys(&c, o.keying)
	o.said = c
	for _, b := range c.formats {
		o.codecs = append(o.codecs, b.name)
	}
	s.offered = o
	return s.write(c)
}

// Cancel forgets the offer that waits: the peer refused it.
func (s *Session) Cancel() { s.offered = nil }

// SetAnswer takes the peer's answer to our last offer. A wrong answer leaves
// the earlier agreement, if any, as it was.
func (s *Session) SetAnswer(d *Description) (Result, error) {
	o := s.offered
	if o == nil {
		return Result{}, ErrNoOffer
	}
	s.offered = nil
	if s.audio >= len(d.media) {
		return Result{}, fmt.Errorf("%w: the answer has no audio", ErrNoCodec)
	}
	m := &d.media[s.audio]
	if s.local.Encryption.required() && m.kind == "audio" && m.port != 0 && s.keying(m) == impossible {
		return Result{}, fmt.Errorf("%w: the answer has no %s", ErrEncryption, o.keying.token())
	}
	if !s.usable(m) {
		return Result{}, fmt.Errorf("%w: the other side refused the audio", ErrNoCodec)
	}
	i := slices.IndexFunc(m.codecs, func(c codec) bool { return slices.Contains(o.codecs, c.name) })
	if i < 0 {
		return Result{}, fmt.Errorf("%w: the answer has none that was offered", ErrNoCodec)
	}
	r, err := s.agree(m, m.codecs[i])
	if err != nil {
		return Result{}, err
	}
	if err := s.answeredKeys(m, o.keying, &r); err != nil {
		return Result{}, err
	}
	r.ReceivePayload = uint8(s.bindCodec(m.codecs[i].format))
	if r.Events != 0 {
		r.ReceiveEvents = uint8(s.bindEvents(r.EventClock))
	}
	theirs := m.dir
	r.Send = o.sends && theirs.Receives() && !r.Remote.Addr().IsUnspecified()
	r.Receive = o.receives && theirs.Sends()
	if o.sends {
		r.RemoteHold = !theirs.Receives() || r.Remote.Addr().IsUnspecified()
	} else {
		// We did not offer to send, so the answer cannot say; it is as before.
		r.RemoteHold = s.agreed.RemoteHold
	}
	s.agreed, s.have, s.said = r, true, o.said
	return r, nil
}

// Answer takes an offer of the peer and writes the answer. On an error nothing
// changed; ErrNoCodec, ErrAddress and ErrEncryption mean 488.
func (s *Session) Answer(d *Description) ([]byte, Result, error) {
	at, pick, ok := s.choose(d)
	if !ok {
		if s.have && s.audio < len(d.media) && d.media[s.audio].kind == "audio" && d.media[s.audio].port == 0 {
			return s.answerNothing(d)
		}
		if len(d.Codecs(s.local.Codecs, s.local.Encryption)) == 0 && (d.Encrypted() || s.local.Encryption.required()) {
			return nil, Result{}, ErrEncryption
		}
		return nil, Result{}, ErrNoCodec
	}
	m := &d.media[at]
	r, err := s.agree(m, pick)
	if err != nil {
		return nil, Result{}, err
	}
	silent := r.Remote.Addr().IsUnspecified() || s.keying(m) == byDTLS && m.setup == setupHoldconn
	r.ReceivePayload, r.ReceiveEvents = r.Payload, r.Events
	r.Send = m.dir.Receives() && !silent
	r.Receive = m.dir.Sends() && !s.hold
	r.RemoteHold = !m.dir.Receives() || silent

	s.setLines(d)
	s.audio = at
	// The peer bound these numbers for the whole session (RFC 3264 section
	// 8.3.2): our later offers use them too, and no other of its numbers.
	for _, n := range m.numbers {
		s.taken[n] = true
	}
	for _, c := range m.codecs {
		s.payloads[c.name] = c.pt
	}
	for clock, pt := range m.events {
		s.payloads[eventsName(clock)] = pt
	}
	if m.comfort != 0 {
		s.payloads[comfortNoise] = m.comfort
	}
	c := content{active: true, dir: direction(r.Send, r.Receive), mux: r.RTCPMux, formats: []bound{{pick.format, pick.pt}}}
	if r.Events != 0 {
		c.events = map[int]int{r.EventClock: int(r.Events)}
	}
	c.comfort = int(r.ComfortNoise)
	s.answerKeys(m, &c, &r)
	body, err := s.write(c)
	if err != nil {
		return nil, Result{}, err
	}
	s.offered = nil
	s.agreed, s.have, s.said = r, true, c
	return body, r, nil
}

// choose picks the stream and the codec of an offer: the first stream that can
// be encrypted, when that is wanted, else the first; its codecs in the offer's
// order.
func (s *Session) choose(d *Description) (at int, pick codec, ok bool) {
	at = -1
	for i := range d.media {
		m := &d.media[i]
		if !s.usable(m) {
			continue
		}
		j := slices.IndexFunc(m.codecs, func(c codec) bool { return slices.Contains(s.local.Codecs, c.name) })
		if j < 0 {
			continue
		}
		keyed := s.keying(m) >= bySDES
		if at < 0 || keyed {
			at, pick = i, m.codecs[j]
		}
		if keyed || s.local.Encryption == NoEncryption {
			break
		}
	}
	return at, pick, at >= 0
}

// answerNothing agrees that the stream we had is gone (port 0) for now.
func (s *Session) answerNothing(d *Description) ([]byte, Result, error) {
	s.setLines(d)
	r := s.agreed
	r.Send, r.Receive, r.RemoteHold = false, false, true
	body, err := s.write(content{})
	if err != nil {
		return nil, Result{}, err
	}
	s.offered = nil
	s.agreed, s.said = r, content{}
	return body, r, nil
}

func (s *Session) setLines(d *Description) {
	s.lines = nil
	for _, m := range d.media {
		s.lines = append(s.lines, line{m.kind, m.proto, strings.Join(m.formats, " ")})
	}
}

// agree is what a description of the peer settles for either role.
func (s *Session) agree(m *media, c codec) (Result, error) {
	if !m.addr.IsValid() {
		return Result{}, ErrAddress
	}
	r := Result{
		Remote: netip.AddrPortFrom(m.addr, uint16(m.port)),
		Codec:  c.name, Payload: uint8(c.pt),
		DTX:    s.local.SilenceSuppression && c.leavesOut(c.fmtp),
		PTime:  m.ptime,
		Fmtp:   c.fmtp,
		Events: uint8(m.events[c.clock]), EventClock: c.clock,
	}
	if r.Events == 0 && m.events[8000] != 0 && c.clock != 8000 {
		// Many a peer has telephone-event at 8000 Hz alone, whatever the sound.
		r.Events, r.EventClock = uint8(m.events[8000]), 8000
	}
	if s.local.SilenceSuppression && c.takesComfortNoise() {
		r.ComfortNoise = uint8(m.comfort)
	}
	r.RTCPMux = m.mux && s.local.RTCPMux
	r.RTCP = m.reports(r.RTCPMux)
	if r.PTime == 0 {
		r.PTime = 20 * time.Millisecond
	}
	if m.maxp != 0 && r.PTime > m.maxp {
		r.PTime = m.maxp
	}
	// Whole frames, and more than 60 ms are a pain to lose.
	r.PTime = min(max(r.PTime.Truncate(c.frame), c.frame), 60*time.Millisecond)
	return r, nil
}
