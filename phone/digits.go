package phone

import (
	"errors"
	"slices"
	"strings"
	"time"

	"offhook/media"
	"offhook/phone/control"
	"offhook/phone/desk"
	"offhook/phone/ua"
)

// Ways of sending the keys that are pressed in a call; the words of an account's dtmf.
const (
	digitsEvents = "rfc4733" // events beside the sound (RFC 4733)
	digitsInfo   = "info"    // SIP INFO
	digitsInBand = "inband"  // tones in the sound
	digitsAuto   = "auto"    // events where they are agreed on; else tones, or INFO where the codec would garble tones
)

// toneCodecs carry the tones of keys so that they can be recognised.
var toneCodecs = []string{"PCMU", "PCMA", "G722", "L16"}

// digitsWay is how keys are sent in a call whose media are agreed on.
func digitsWay(wish string, m ua.Media) string {
	switch {
	case wish == "":
		return digitsEvents
	case wish != digitsAuto:
		return wish
	case m.EventPayloadType != 0:
		return digitsEvents
	case slices.Contains(toneCodecs, m.Codec):
		return digitsInBand
	}
	return digitsInfo
}

// sendDigit sends a key in a call.
func (p *Phone) sendDigit(id desk.CallID, key byte) {
	c := p.calls[id]
	switch {
	case c == nil:
	case c.codec == "":
		p.orWarn("sending a digit", string(id), errors.New("the call has no sound yet"))
	case c.digits == digitsInfo:
		p.orWarn("sending a digit", string(id), p.agent.SendInfo(string(id), key))
	default:
		err := c.session.SendDigit(key)
		if errors.Is(err, media.ErrNoEvents) {
			err = errors.New(`the other side takes no digits beside the sound (RFC 4733); set dtmf = "auto" in the account to send them as tones or by INFO then`)
		}
		p.orWarn("sending a digit", string(id), err)
	}
}

// Ways in which keys of the other side reach us, the surest last.
const (
	byTone  = 1 + iota // heard in the sound
	byInfo             // SIP INFO
	byEvent            // beside the sound (RFC 4733)
)

// keysHeard is what is known of the keys of the other side of a call. Gateways send one key in several ways at once: with
// the first that comes in a surer way, the less sure ones count no more.
type keysHeard struct {
	way int
	key byte // the latest
	at  time.Time
}

// sameKey is how far apart the same key can come in two ways.
const sameKey = 500 * time.Millisecond

// take says whether a key is news.
func (k *keysHeard) take(way int, key byte, now time.Time) bool {
	if way < k.way {
		return false
	}
	twice := way > k.way && key == k.key && now.Sub(k.at) < sameKey
	k.way, k.key, k.at = way, key, now
	return !twice
}

// keyHeard tells of a key that the other side pressed.
func (p *Phone) keyHeard(id desk.CallID, way int, key byte) {
	if c := p.calls[id]; c != nil && c.keys.take(way, key, time.Now()) {
		p.send(control.Event{Type: control.EventDTMF, Call: string(id), Key: string(rune(key)), Direction: "in"})
	}
}

// Whether an account answers calls by itself; the words of its auto_answer.
const (
	answerAlways   = "on"
	answerIntercom = "intercom" // when the account's server asks for it in the call
)

// answersItself says whether, and after how long, an incoming call is answered without anybody's doing.
func (p *Phone) answersItself(e ua.Incoming) (after time.Duration, yes bool) {
	for _, a := range p.accounts {
		if a.name != e.Account || e.Account == "" {
			continue
		}
		switch {
		case a.autoAnswer == answerAlways:
			return 0, true
		case a.autoAnswer == answerIntercom && e.Caller.AutoAnswer:
			return time.Duration(e.Caller.AnswerAfter) * time.Second, true
		}
	}
	return 0, false
}

// answerSoon answers a call that still rings when the time has come. A handset in its cradle can't be lifted from here:
// there it rings on.
func (p *Phone) answerSoon(id desk.CallID, after time.Duration) {
	answer := func() {
		if c, ok := p.state.Call(id); !ok || c.Phase != desk.Incoming {
			return
		}
		p.refusal = ""
		p.feed(desk.CmdAnswer{Call: id})
		if p.refusal != "" {
			p.send(control.Event{Type: control.EventError, Call: string(id), Reason: "answering by itself: " + p.refusal})
		}
	}
	time.AfterFunc(after, func() { p.inbox.post(answer) })
}

// ringsSpecially says whether the call that rings asks to be told apart by ear.
func (p *Phone) ringsSpecially() bool {
	for _, c := range p.state.Calls() {
		if k := p.calls[c.ID]; k != nil && c.Phase == desk.Incoming {
			return special(k.ring)
		}
	}
	return false
}

// special says whether an Alert-Info asks for another ring than the usual. Servers mark calls from within so
// ("alert-internal"), or name one of Bellcore's rings, of which the first is the usual one.
func special(ring string) bool {
	switch low := strings.ToLower(ring); {
	case low == "", strings.Contains(low, "external"), strings.HasSuffix(low, "dr1"), strings.Contains(low, "normal"), strings.Contains(low, "default"):
		return false
	}
	return true
}
