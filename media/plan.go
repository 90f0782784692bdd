package media

import "offhook/media/tone"

// Plan is what one handset should hear and send now. It is comparable; the
// zero value is a handset on hook: silence, and no captured sample leaves.
type Plan struct {
	Session *Session  // the call, nil for none
	Play    bool      // the call is heard
	Capture bool      // the microphone goes to the call; false: nothing is sent to it from here
	MuteMic bool      // with Capture: true silence goes to the call in place of the microphone
	Tone    tone.Tone // mixed into the ear: dial tone, ringback, busy, call waiting
	Ring    tone.Tone // mixed into the ear as well: the ringer
	OffHook bool      // in use, if only silently: the port stays open, and a Beep is heard
}

// OnHook tells whether nothing is to be heard and nothing to be said.
func (p Plan) OnHook() bool { return p == Plan{} }

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
