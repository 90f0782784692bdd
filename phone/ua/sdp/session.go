package sdp

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pion/sdp/v3"
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
)

// Local is our end of the sound.
type Local struct {
	Addr   netip.Addr
	Port   uint16
	Codecs []string // in order of preference
	PTime  time.Duration
	AnnexB bool // G.729 with Annex B is welcome; false writes annexb=no
}

// Result is what an exchange agreed on.
type Result struct {
	Remote                  netip.AddrPort
	Codec                   string
	Payload, ReceivePayload uint8 // to send with, to expect
	Events, ReceiveEvents   uint8 // telephone-event; 0 = none
	PTime                   time.Duration
	Send, Receive           bool
	RemoteHold              bool // the peer wants no sound from us
	AnnexB                  bool
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
	payloads map[string]int // codec → payload type once it was bound in this session
	events   int            // the same for telephone-event

	offered *offer // waiting for an answer
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
}

// NewSession begins the exchanges of a dialog. id must be random: it names the
// session in o= lines; only its low 62 bits are used.
func NewSession(local Local, id uint64) *Session {
	return &Session{local: withDefaults(local), id: id &^ (3 << 62), events: defaultEvents, payloads: map[string]int{}}
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
	c.lines, c.payloads = slices.Clone(s.lines), maps.Clone(s.payloads)
	return &c
}

// SetLocal changes our end; the next offer or answer says so.
func (s *Session) SetLocal(l Local) { s.local = withDefaults(l) }

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
	o := &offer{sends: true, receives: true}
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
		s.lines, s.audio = []line{{kind: "audio", proto: "RTP/AVP"}}, 0
	}
	s.offered = o
	return s.write(o.codecs, s.payloads, s.events, direction(o.sends, o.receives), true)
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
	if !m.usable() {
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
	r.ReceivePayload = uint8(s.payload(m.codecs[i].name, s.payloads))
	if r.Events != 0 {
		r.ReceiveEvents = uint8(s.events)
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
	s.agreed, s.have = r, true
	return r, nil
}

// Answer takes an offer of the peer and writes the answer. On an error nothing
// changed; ErrNoCodec and ErrAddress mean 488.
func (s *Session) Answer(d *Description) ([]byte, Result, error) {
	at, pick := -1, codec{}
	for i := range d.media {
		m := &d.media[i]
		if !m.usable() {
			continue
		}
		if j := slices.IndexFunc(m.codecs, func(c codec) bool { return slices.Contains(s.local.Codecs, c.name) }); j >= 0 {
			at, pick = i, m.codecs[j]
			break
		}
	}
	if at < 0 {
		if s.have && s.audio < len(d.media) && d.media[s.audio].kind == "audio" && d.media[s.audio].port == 0 {
			return s.answerNothing(d)
		}
		return nil, Result{}, ErrNoCodec
	}
	m := &d.media[at]
	r, err := s.agree(m, pick)
	if err != nil {
		return nil, Result{}, err
	}
	silent := r.Remote.Addr().IsUnspecified()
	r.ReceivePayload, r.ReceiveEvents = r.Payload, r.Events
	r.Send = m.dir.Receives() && !silent
	r.Receive = m.dir.Sends() && !s.hold
	r.RemoteHold = !m.dir.Receives() || silent

	s.setLines(d)
	s.audio = at
	// The peer bound these numbers for the whole session (RFC 3264 section
	// 8.3.2): our later offers use them too.
	for _, c := range m.codecs {
		s.payloads[c.name] = c.pt
	}
	events := 0
	if m.events > 0 {
		s.events, events = m.events, m.events
	}
	body, err := s.write([]string{pick.name}, map[string]int{pick.name: pick.pt}, events, direction(r.Send, r.Receive), true)
	if err != nil {
		return nil, Result{}, err
	}
	s.offered = nil
	s.agreed, s.have = r, true
	return body, r, nil
}

// answerNothing agrees that the stream we had is gone (port 0) for now.
func (s *Session) answerNothing(d *Description) ([]byte, Result, error) {
	s.setLines(d)
	r := s.agreed
	r.Send, r.Receive, r.RemoteHold = false, false, true
	body, err := s.write(nil, nil, 0, Inactive, false)
	if err != nil {
		return nil, Result{}, err
	}
	s.offered = nil
	s.agreed = r
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
		AnnexB: c.name == "G729" && c.annexB && s.local.AnnexB,
		PTime:  m.ptime,
	}
	if m.events > 0 {
		r.Events = uint8(m.events)
	}
	if r.PTime == 0 {
		r.PTime = 20 * time.Millisecond
	}
	if m.maxp != 0 && r.PTime > m.maxp {
		r.PTime = m.maxp
	}
	// All our codecs have frames of 10 ms; more than 60 is a pain to lose.
	r.PTime = min(max(r.PTime.Truncate(10*time.Millisecond), 10*time.Millisecond), 60*time.Millisecond)
	return r, nil
}

func (s *Session) payload(name string, bound map[string]int) int {
	if pt, ok := bound[name]; ok {
		return pt
	}
	return formatByName(name).payload
}

// write makes the description. codecs is empty for a stream that is refused.
func (s *Session) write(codecs []string, payloads map[string]int, events int, dir Direction, active bool) ([]byte, error) {
	kind := "IP4"
	if s.local.Addr.Is6() && !s.local.Addr.Is4In6() {
		kind = "IP6"
	}
	addr := s.local.Addr.Unmap().WithZone("").String()
	d := sdp.SessionDescription{
		Origin:      sdp.Origin{Username: "-", SessionID: s.id, NetworkType: "IN", AddressType: kind, UnicastAddress: addr},
		SessionName: "-",
		ConnectionInformation: &sdp.ConnectionInformation{NetworkType: "IN", AddressType: kind,
			Address: &sdp.Address{Address: addr}},
		TimeDescriptions: []sdp.TimeDescription{{}},
	}
	for i, l := range s.lines {
		md := &sdp.MediaDescription{MediaName: sdp.MediaName{Media: l.kind, Protos: strings.Split(l.proto, "/"),
			Formats: strings.Fields(l.formats)}}
		if i == s.audio && active {
			md.MediaName.Port.Value = int(s.local.Port)
			md.MediaName.Formats = nil
			add := func(pt int, name, fmtp string) {
				n := strconv.Itoa(pt)
				md.MediaName.Formats = append(md.MediaName.Formats, n)
				md.WithValueAttribute("rtpmap", n+" "+name+"/8000")
				if fmtp != "" {
					md.WithValueAttribute("fmtp", n+" "+fmtp)
				}
			}
			for _, name := range codecs {
				f, fmtp := formatByName(name), ""
				if name == "G729" && !s.local.AnnexB {
					fmtp = "annexb=no"
				}
				add(s.payload(name, payloads), f.encoding, fmtp)
			}
			if events != 0 {
				add(events, "telephone-event", "0-16")
			}
			md.WithValueAttribute("ptime", strconv.Itoa(int(s.local.PTime/time.Millisecond)))
			md.WithPropertyAttribute(dir.String())
		}
		d.MediaDescriptions = append(d.MediaDescriptions, md)
	}
	plain, err := d.Marshal() // with version 0: what is compared
	if err != nil {
		return nil, fmt.Errorf("write a session description: %w", err)
	}
	if string(plain) != s.body {
		s.body = string(plain)
		s.version++
	}
	d.Origin.SessionVersion = s.version
	return d.Marshal()
}
