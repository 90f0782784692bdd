package media

import "offhook/media/tone"

// Plan is what one handset should hear and send now. It is comparable; the
// zero value is a handset on hook: silence, and no captured sample leaves.
type Plan struct {
	Session *Session // the call, nil for none
	// Joined are calls that hear Session and each other as well: a conference.
	// nil after the last. They are played and captured as Session is.
	Joined  [MaxJoined]*Session
	Play    bool      // the call is heard
	Capture bool      // the microphone goes to the call; false: nothing is sent to it from here
	MuteMic bool      // with Capture: true silence goes to the call in place of the microphone
	Tone    tone.Tone // mixed into the ear: dial tone, ringback, busy, call waiting
	Ring    tone.Tone // mixed into the ear as well: the ringer
	OffHook bool      // in use, if only silently: the port stays open, and a Beep is heard
}

// OnHook tells whether nothing is to be heard and nothing to be said.
func (p Plan) OnHook() bool { return p == Plan{} }

// conferring tells whether there is more than one call.
func (p *Plan) conferring() bool {
	return p.Joined[0] != nil && p.Session != nil && p.Play && p.Capture
}

// everybody goes through the calls of a conference.
func (p *Plan) everybody(yield func(*Session) bool) {
	if !yield(p.Session) {
		return
	}
	for _, s := range p.Joined {
		if s == nil || !yield(s) {
			return
		}
	}
}

// heard is the session that plays, nil for none.
func (p Plan) heard() *Session {
	if !p.Play {
		return nil
	}
	return p.Session
}

// told is the session that gets this handset's microphone, nil for none.
func (p Plan) told() *Session {
	if !p.Capture {
		return nil
	}
	return p.Session
}
