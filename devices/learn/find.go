package learn

import (
	"fmt"
	"math/bits"
	"slices"

	"offhook/devices/profile"
)

// finder makes a profile of the presses of a session.
type finder struct {
	session *Session
	levels  map[spot]bool // hooks that are states, which others do not look at
}

// spot is one bit of a report.
type spot struct {
	id  uint8
	bit int
}

// field is bits that change together, those of one code or of one key.
type field struct {
	id        uint8
	low, high int // the last not included
	votes     int // controls that change it
}

// key is a press and what tells it from others.
type key struct {
	press *press
	form  profile.Form
	diff  []int // the bits that differ from rest
}

func (f *finder) find(p *profile.Profile) []error {
	f.levels = map[spot]bool{}
	var lift, back *press
	var keys []key
	for i := range f.session.presses {
		pr := &f.session.presses[i]
		switch {
		case pr.ask.Control == "hook" && !pr.ask.back:
			lift = pr
		case pr.ask.back:
			back = pr
		default:
			keys = append(keys, key{press: pr, form: profile.Press})
		}
	}
	switch {
	case lift == nil:
	case f.cradle(p, lift, back):
	case back == nil || same(lift, back):
		keys = append([]key{{press: lift, form: profile.Press}}, keys...)
	default:
		keys = append([]key{{press: lift, form: profile.Lift}, {press: back, form: profile.PutDown}}, keys...)
	}
	// What is another before each press is a counter, or else the last key, which
	// is part of a code.
	inputs, unclear := f.place(keys, true)
	if all, more := f.place(keys, false); len(more) < len(unclear) {
		inputs, unclear = all, more
	}
	p.Inputs = append(p.Inputs, inputs...)
	return unclear
}

// cradle finds a hook that is a state: a bit that goes one way, stays, and comes
// back.
func (f *finder) cradle(p *profile.Profile, lift, back *press) bool {
	if back == nil || lift.id != back.id {
		return false
	}
	found := false
	for bit := range 8 * min(len(lift.rest), len(lift.after), len(back.after)) {
		rest, up, down := at(lift.rest, bit), at(lift.after, bit), at(back.after, bit)
		if rest == up || up == down || f.noisy(lift.id, bit) {
			continue
		}
		f.levels[spot{lift.id, bit}] = true
		if found {
			continue // it goes along with the first
		}
		found = true
		w := profile.Where{Raw: true, Report: lift.id, Bit: bit, Size: 1}
		if !up {
			w.Valued = true // 0 is lifted
		}
		p.Inputs = append(p.Inputs, profile.Input{Control: "hook", At: w, Form: profile.Level})
	}
	return found
}

func at(b []byte, bit int) bool { return b[bit/8]>>(bit%8)&1 == 1 }

// same tells whether two presses did the same.
func same(a, b *press) bool { return a.id == b.id && string(a.first) == string(b.first) }

func (f *finder) noisy(id uint8, bit int) bool {
	return f.session.noiseAt(id, bit/8)>>(bit%8)&1 == 1
}

// place finds what tells each key from the others; steady leaves out bits that are
// not the same before each press.
func (f *finder) place(keys []key, steady bool) ([]profile.Input, []error) {
	for n := range keys {
		k := &keys[n]
		k.diff = nil
		for bit := range 8 * min(len(k.press.first), len(k.press.rest)) {
			if at(k.press.first, bit) != at(k.press.rest, bit) && !f.noisy(k.press.id, bit) && !f.levels[spot{k.press.id, bit}] &&
				(!steady || f.steady(keys, spot{k.press.id, bit})) {
				k.diff = append(k.diff, bit)
			}
		}
	}
	fields := f.fields(keys)
	var inputs []profile.Input
	var unclear []error
	for n := range keys {
		if in, ok := f.input(keys, n, fields); ok {
			inputs = append(inputs, in)
			continue
		}
		k := keys[n].press
		unclear = append(unclear, fmt.Errorf("%s: its report % X is that of something else: %w", describe(k.ask), k.first, ErrUnclear))
	}
	return inputs, unclear
}

// steady tells whether a bit is the same before each press.
func (f *finder) steady(keys []key, s spot) bool {
	var zero, one bool
	for _, k := range keys {
		if k.press.id == s.id && s.bit/8 < len(k.press.rest) {
			if at(k.press.rest, s.bit) {
				one = true
			} else {
				zero = true
			}
		}
	}
	return !zero || !one
}

// fields joins the bits that a press changes together, presses of a code all
// having bits in common.
func (f *finder) fields(keys []key) []field {
	var sets []map[spot]bool
	for _, k := range keys {
		if len(k.diff) == 0 {
			continue
		}
		joined := map[spot]bool{}
		for _, bit := range k.diff {
			joined[spot{k.press.id, bit}] = true
		}
		var rest []map[spot]bool
		for _, set := range sets {
			if !slices.ContainsFunc(k.diff, func(bit int) bool { return set[spot{k.press.id, bit}] }) {
				rest = append(rest, set)
				continue
			}
			for s := range set {
				joined[s] = true
			}
		}
		sets = append(rest, joined)
	}
	var fields []field
	for _, set := range sets {
		var list []int
		var id uint8
		for s := range set {
			list, id = append(list, s.bit), s.id
		}
		slices.Sort(list)
		// A gap of more than a byte divides; so does a state, which would be part
		// of the value.
		from := 0
		for i := 1; i <= len(list); i++ {
			if i < len(list) && list[i]-list[i-1] <= 8 && list[i]-list[from] < 32 && !f.levelIn(id, list[i-1], list[i]) {
				continue
			}
			fields = append(fields, field{id: id, low: list[from], high: list[i-1] + 1})
			from = i
		}
	}
	for i := range fields {
		for _, k := range keys {
			if fields[i].touched(k) {
				fields[i].votes++
			}
		}
	}
	return fields
}

func (f *finder) levelIn(id uint8, low, high int) bool {
	for bit := low; bit < high; bit++ {
		if f.levels[spot{id, bit}] {
			return true
		}
	}
	return false
}

func (fi field) touched(k key) bool {
	return k.press.id == fi.id && slices.ContainsFunc(k.diff, func(bit int) bool { return bit >= fi.low && bit < fi.high })
}

func (fi field) value(report []byte) uint32 {
	var v uint32
	for i := range fi.high - fi.low {
		if bit := fi.low + i; bit/8 < len(report) && at(report, bit) {
			v |= 1 << i
		}
	}
	return v
}

// input is a key as a profile has it: a value of the field that most keys change,
// of those in which it has one of its own.
func (f *finder) input(keys []key, n int, fields []field) (profile.Input, bool) {
	k := keys[n]
	var best *field
	for i := range fields {
		fi := &fields[i]
		if !fi.touched(k) || best != nil && best.votes >= fi.votes {
			continue
		}
		own := true
		for m, o := range keys {
			own = own && (m == n || !fi.touched(o) || fi.value(o.press.first) != fi.value(k.press.first))
		}
		if own {
			best = fi
		}
	}
	if best == nil {
		return profile.Input{}, false
	}
	in := profile.Input{Control: k.press.ask.Control, Key: k.press.ask.Key, Form: k.form}
	if in.Control == "key" {
		in.Form = profile.Declared
	}
	in.At = profile.Where{Raw: true, Report: best.id, Bit: best.low, Size: best.high - best.low,
		Valued: true, Value: best.value(k.press.first)}
	return in, bits.Len32(in.At.Value) <= in.At.Size
}

func describe(a Ask) string {
	if a.Control == "key" {
		return "key " + string(a.Key)
	}
	return a.Control
}
