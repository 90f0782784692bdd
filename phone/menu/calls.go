package menu

import (
	"fmt"
	"strings"

	"offhook/phone/control"
)

// calls adds each call with what can be done about it. The call that asks for a decision comes first.
func (m *Menu) calls(s control.Status) {
	var list []control.Call
	for _, ringing := range []bool{true, false} {
		for _, c := range s.Calls {
			if (c.State == control.CallIncoming) == ringing && c.State != control.CallEnding {
				list = append(list, c)
			}
		}
	}
	shown := min(len(list), maxCalls)
	verbs := map[string]int{} // how many calls offer a label
	for _, c := range list[:shown] {
		for _, o := range offers(c) {
			verbs[o.label]++
		}
	}
	for _, c := range list[:shown] {
		m.add(heading(Calls, callLine(c)))
		for _, o := range offers(c) {
			label := o.label
			if verbs[label] > 1 { // several calls could be meant
				label += " " + who(c)
			}
			m.add(action(Calls, label, o.verb, map[string]string{"call": c.ID}))
		}
	}
	if more := len(list) - shown; more > 0 {
		m.add(heading(Calls, fmt.Sprintf("… and %s more", plural(more, "call"))))
	}
}

// offer is something that can be done about a call: two at most, as the layout has room for.
type offer struct{ label, verb string }

func offers(c control.Call) []offer {
	switch {
	case c.State == control.CallIncoming:
		return []offer{{"Answer", control.VerbAnswer}, {"Decline", control.VerbDecline}}
	case c.Held:
		return []offer{{"Resume", control.VerbResume}, {"Hang up", control.VerbHangUp}}
	case c.State == control.CallActive:
		return []offer{{"Hold", control.VerbHold}, {"Hang up", control.VerbHangUp}}
	}
	return []offer{{"Hang up", control.VerbHangUp}}
}

func callLine(c control.Call) string {
	switch {
	case c.State == control.CallIncoming:
		return "Call from " + who(c)
	case c.Held:
		return who(c) + ", on hold"
	case c.RemoteHeld:
		return who(c) + ", holds us"
	case c.State == control.CallActive, c.State == control.CallAnswering:
		return "Talking to " + who(c)
	}
	return "Calling " + who(c)
}

// who names the other side as shortly as it can be told from others.
func who(c control.Call) string {
	if c.PeerName != "" {
		return c.PeerName
	}
	peer := strings.TrimPrefix(c.Peer, "sip:")
	if user, _, ok := strings.Cut(peer, "@"); ok && user != "" {
		return user
	}
	if peer == "" {
		return "unknown"
	}
	return peer
}

// onCall says whether there is a call to mute.
func onCall(calls []control.Call) bool {
	for _, c := range calls {
		switch c.State {
		case control.CallActive, control.CallEarly, control.CallAnswering, control.CallAlerting,
			control.CallDialing, control.CallProceeding:
			return true
		}
	}
	return false
}
