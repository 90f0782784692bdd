package devices

import "time"

// echoWindow is how long after one of our writes a device may answer it.
const echoWindow = 500 * time.Millisecond

// maxEchoes bounds the answers that are waited for at once.
const maxEchoes = 8

// echoes are answers of the device that we expect, oldest first. Each is for one
// value, is used once, and ends echoWindow after its write returned; a write that
// stalls keeps it waiting.
type echoes []echo

type echo struct {
	on    bool
	until time.Time // zero while the write is under way
}

// arm expects an answer to a write that begins now.
func (e *echoes) arm(on bool) {
	if len(*e) == maxEchoes {
		*e = (*e)[1:]
	}
	*e = append(*e, echo{on: on})
}

// written starts the window of the writes that have returned.
func (e echoes) written(now time.Time) {
	for i := range e {
		if e[i].until.IsZero() {
			e[i].until = now.Add(echoWindow)
		}
	}
}

// expire drops what has not come in time, and says whether anything was
// dropped.
func (e *echoes) expire(now time.Time) bool {
	n := 0
	for n < len(*e) && !(*e)[n].until.IsZero() && now.After((*e)[n].until) {
		n++
	}
	*e = (*e)[n:]
	return n > 0
}

// any uses up the oldest expected answer.
func (e *echoes) any(now time.Time) bool {
	e.expire(now)
	if len(*e) == 0 {
		return false
	}
	*e = (*e)[1:]
	return true
}

// value uses up the expected answer with this value, and those before it, which
// the device has left out.
func (e *echoes) value(on bool, now time.Time) bool {
	e.expire(now)
	for i := range *e {
		if (*e)[i].on == on {
			*e = (*e)[i+1:]
			return true
		}
	}
	return false
}

// toggle is a state that device and program both may change and that is
// reported as a level: held is what both should agree on, last what the device
// reported.
type toggle struct{ held, last bool }

// report takes the level of a report and tells whether somebody changed it. A
// level that differs from the held one is a change, unless the device only
// repeats it because something else in the same report changed: a headset that
// has not followed our write yet, or never does, must not hang up when its
// mute key is pressed.
func (t *toggle) report(on, otherwiseExplained bool) bool {
	repeated := on == t.last
	t.last = on
	if on == t.held || repeated && otherwiseExplained {
		return false
	}
	t.held = on
	return true
}

// suspicion finds out that a device answers a light by what looks like a press,
// where no answer is owed. Such a press looks like a person's, so a program that toggles
// on each press and shows the result would go on for ever:
//
//	press ─► event ─► light on ─► echo ─► event ─► light off ─► echo ─► event ─► light on ─► echo ─► silent
//	                              1st                           2nd                          known
//
// Two presses in a row that each came within echoWindow of a change of the light
// make the device known to echo. Their number is even, so the state is back
// where the person wanted it. From then on one press for each change of the
// light is silent. A change of the light that stays unanswered shows that it was
// a person after all, and is forgiven. A device known by its quirk is neither
// learned nor forgotten.
type suspicion struct {
	echoes echoes
	count  int
	pinned bool
}

// echoSuspects is how many presses in a row pass before they are taken for
// echoes. Even, so that they cancel out.
const echoSuspects = 2

// changing is called before the light is written with another value.
func (s *suspicion) changing(on bool, now time.Time) {
	s.forgive(now)
	s.echoes.arm(on)
}

func (s *suspicion) forgive(now time.Time) {
	if s.echoes.expire(now) && !s.pinned {
		s.count = 0
	}
}

// echoed judges a press: true when it is taken for the device's own.
func (s *suspicion) echoed(now time.Time) bool {
	s.forgive(now)
	return s.judge(s.echoes.any(now))
}

// echoedValue judges a change of a level.
func (s *suspicion) echoedValue(on bool, now time.Time) bool {
	s.forgive(now)
	return s.judge(s.echoes.value(on, now))
}

func (s *suspicion) judge(suspect bool) bool {
	if !suspect {
		return false
	}
	if s.pinned || s.count >= echoSuspects {
		return true
	}
	s.count++
	return false
}

// echoed judges a press by the first of several suspicions that has a reason for
// one.
func echoed(now time.Time, list ...*suspicion) bool {
	for _, s := range list {
		s.forgive(now)
		if len(s.echoes) > 0 {
			return s.echoed(now)
		}
	}
	return false
}
