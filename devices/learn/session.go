package learn

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"offhook/devices/profile"
	"offhook/hid/report"
)

// Ask is something that a person is asked to do.
type Ask struct {
	Control string // of profile.Controls
	Key     byte   // of "key"
	Text    string // "Press the mute key"
	// back: the handset is put down again.
	back bool
}

// asks are what is asked for, in order. The hook comes first: it is what the rest
// is told from.
var asks = func() []Ask {
	list := []Ask{
		{Control: "hook", Text: "Lift the handset, or press the green key or the talk button"},
		{Control: "hook", Text: "Put it down, or press the red key or the talk button again", back: true},
	}
	for _, key := range []byte("1234567890*#") {
		list = append(list, Ask{Control: "key", Key: key, Text: "Press and let go of the key " + string(key)})
	}
	for _, k := range []struct{ control, text string }{
		{"mute", "the mute key"}, {"flash", "the flash key (R)"}, {"redial", "the redial key"}, {"hold", "the hold key"},
		{"speaker", "the speaker key"}, {"reject", "the key that declines a call"}, {"clear", "the key that takes a digit back (C)"},
		{"volume-up", "the volume key, up"}, {"volume-down", "the volume key, down"},
	} {
		list = append(list, Ask{Control: k.control, Text: "Press and let go of " + k.text})
	}
	return list
}()

// Asks lists all that a Session asks for.
func Asks() []Ask { return slices.Clone(asks) }

// maxReports bounds the reports kept of one press, maxIDs those of one device.
const (
	maxReports = 64
	maxIDs     = 32
	maxLength  = 256 // bytes of a report that are looked at
)

// press is what one thing that was asked for did.
type press struct {
	ask     Ask
	id      uint8
	rest    []byte // before
	first   []byte // the first report that differed from rest
	changed [][]byte
	after   []byte // when it was quiet again
}

// Session is one device being taught.
type Session struct {
	descriptor *report.Descriptor // nil: not known
	numbered   bool
	resting    bool
	rest       map[uint8][]byte // the last report of each ID
	noise      map[uint8][]byte // bits that change by themselves
	next       int              // of asks
	current    *press
	presses    []press
}

// New begins with a device. Where the descriptor, which may be nil, cannot be read,
// reports are taken to have no ID.
func New(descriptor []byte) *Session {
	s := &Session{resting: true, rest: map[uint8][]byte{}, noise: map[uint8][]byte{}}
	if d, err := report.Parse(descriptor); err == nil {
		s.descriptor = d
		s.numbered = slices.ContainsFunc(d.IDs(report.Input), func(id uint8) bool { return id != 0 })
	}
	return s
}

// Rested ends the time in which nobody touches the device.
func (s *Session) Rested() { s.resting = false }

// Resting tells whether nobody is to touch the device.
func (s *Session) Resting() bool { return s.resting }

// Next is what to do now; ok is false when all has been asked for.
func (s *Session) Next() (ask Ask, ok bool) {
	if s.next >= len(asks) {
		return Ask{}, false
	}
	return asks[s.next], true
}

// Skip goes on without an answer; what was heard of the one at hand is dropped.
func (s *Session) Skip() {
	s.current = nil
	if s.next == 0 {
		s.next++ // nothing to put down
	}
	s.next++
}

// Report takes an input report as it was read. It tells whether it had news, after
// which one waits for quiet.
func (s *Session) Report(raw []byte) bool {
	id, payload := s.split(raw)
	if payload == nil {
		return false
	}
	was, known := s.rest[id]
	if !known && len(s.rest) >= maxIDs {
		return false
	}
	if s.resting {
		if known {
			s.listen(id, was, payload)
		}
		s.rest[id] = payload
		return false
	}
	if !known {
		// Before its first report a device has said nothing of its rest: keys are
		// up, and their bits 0.
		was = make([]byte, len(payload))
	}
	news := s.differs(id, was, payload)
	defer func() { s.rest[id] = payload }()
	if s.next >= len(asks) {
		return false
	}
	switch c := s.current; {
	case c == nil && news:
		s.current = &press{ask: asks[s.next], id: id, rest: was, first: payload, changed: [][]byte{payload}}
	case c != nil && c.id == id:
		if news && len(c.changed) < maxReports {
			c.changed = append(c.changed, payload)
		}
	}
	return news
}

// split divides a report into its ID and what follows, of which a part is looked at.
func (s *Session) split(raw []byte) (uint8, []byte) {
	if len(raw) == 0 || s.numbered && len(raw) == 1 {
		return 0, nil
	}
	id := uint8(0)
	if s.numbered {
		id, raw = raw[0], raw[1:]
	}
	return id, bytes.Clone(raw[:min(len(raw), maxLength)])
}

// listen notes the bits that change though nobody does anything.
func (s *Session) listen(id uint8, a, b []byte) {
	mask := s.noise[id]
	for len(mask) < len(b) {
		mask = append(mask, 0)
	}
	for i := range b {
		if i < len(a) {
			mask[i] |= a[i] ^ b[i]
		}
	}
	s.noise[id] = mask
}

// differs tells whether bits changed that do not change by themselves.
func (s *Session) differs(id uint8, a, b []byte) bool {
	for i := range b {
		if i >= len(a) || (a[i]^b[i])&^s.noiseAt(id, i) != 0 {
			return true
		}
	}
	return false
}

func (s *Session) noiseAt(id uint8, i int) byte {
	if m := s.noise[id]; i < len(m) {
		return m[i]
	}
	return 0
}

// Heard tells whether something has come for what is asked.
func (s *Session) Heard() bool { return s.current != nil }

// Held tells whether what was heard is only that something went down and stayed.
func (s *Session) Held() bool {
	return s.current != nil && !s.current.ask.hook() && len(s.current.changed) == 1
}

func (a Ask) hook() bool { return a.Control == "hook" }

// Settled is told when nothing has come for a while; what was heard then is the
// answer, and the next thing is asked. It does nothing before something was heard.
func (s *Session) Settled() {
	if s.current == nil {
		return
	}
	s.current.after = s.rest[s.current.id]
	s.presses = append(s.presses, *s.current)
	s.current = nil
	s.next++
}

// Errors of Profile.
var (
	ErrNothing = errors.New("nothing was learned: no report came for anything that was asked")
	ErrUnclear = errors.New("cannot be told apart")
)

// Profile is what has been learned, to be used for id, and what of it could not be
// told apart, which is left out: an error for each, that wraps ErrUnclear. The
// error wraps ErrNothing when nothing is left.
func (s *Session) Profile(id profile.ID, name string) (*profile.Profile, []error, error) {
	if name == "" {
		name = fmt.Sprintf("taught device %s", id)
	}
	p := &profile.Profile{IDs: []profile.ID{id}, Name: name, Facts: map[string]profile.Fact{}, User: true}
	f := finder{session: s}
	unclear := f.find(p)
	if len(p.Inputs) == 0 {
		return nil, unclear, ErrNothing
	}
	s.lights(p)
	p.Kind = s.kind()
	return p, unclear, nil
}
