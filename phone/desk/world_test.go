package desk

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// world is a network with people in it, as the user agent would show it: orders take effect at once there, and the news
// of each call arrives in its own order, any time later, mixed with that of others. People lift, talk and hang up on
// both sides without regard for what is on the way.
type world struct {
	rng   *rand.Rand
	calls map[CallID]*leg // alive as the agent sees them
	queue map[CallID][]Event
	hooks map[HandsetID]*hook
	ids   int
}

// leg is the agent's side of one call.
type leg struct {
	incoming, accepted, up, held, transferring bool
}

func (w *world) chance(n int) bool { return w.rng.IntN(n) == 0 }

func (w *world) post(id CallID, e Event) { w.queue[id] = append(w.queue[id], e) }

// over: the agent is rid of a call; what it had not yet told is told before that.
func (w *world) over(id CallID, e CallEnded) {
	e.Call = id
	delete(w.calls, id)
	w.post(id, e)
}

// obey carries out an order as the agent would. An order for a call that has just ended is nothing there; one that
// contradicts what the call is would be a bug of the phone.
func (w *world) obey(a Action) error {
	leg, id := (*leg)(nil), CallID("")
	find := func(c CallID) bool {
		id, leg = c, w.calls[c]
		return leg != nil
	}
	switch a := a.(type) {
	case PlaceCall:
		return w.place(a.Call)
	case RejectCall:
		if find(a.Call) {
			if !leg.incoming || leg.accepted {
				return fmt.Errorf("reject %s: %+v", id, *leg)
			}
			w.over(id, CallEnded{Code: a.Code})
		}
	case AnswerCall:
		if find(a.Call) {
			if !leg.incoming || leg.accepted {
				return fmt.Errorf("answer %s: %+v", id, *leg)
			}
			leg.accepted = true
			if w.chance(8) {
				w.over(id, CallEnded{Code: 488}) // no codec in common
			} else {
				leg.up = true
				w.post(id, CallAnswered{id})
			}
		}
	case EndCall:
		if find(a.Call) {
			if leg.incoming && !leg.accepted {
				return fmt.Errorf("end %s: never accepted", id)
			}
			if w.chance(6) { // the answer crosses the cancel
				w.post(id, CallAnswered{id})
			}
			w.over(id, CallEnded{})
		}
	case HoldCall:
		if find(a.Call) {
			if !leg.up || leg.held {
				return fmt.Errorf("hold %s: %+v", id, *leg)
			}
			leg.held = true
		}
	case ResumeCall:
		if find(a.Call) {
			if !leg.up || !leg.held {
				return fmt.Errorf("resume %s: %+v", id, *leg)
			}
			leg.held = false
		}
	case SendDTMF:
		if find(a.Call) && leg.held {
			return fmt.Errorf("DTMF to %s on hold", id)
		}
	case TransferCall:
		if find(a.Call) {
			w.refer(a.Call, "")
		}
	case CompleteTransfer:
		if find(a.Call) && find(a.To) {
			w.refer(a.Call, a.To)
		} else if find(a.Call) {
			w.post(a.Call, TransferFailed{a.Call, "the other one is gone"})
		}
	}
	return nil
}

func (w *world) place(id CallID) error {
	if w.calls[id] != nil || len(w.queue[id]) != 0 {
		return fmt.Errorf("placed twice: %s", id)
	}
	w.calls[id] = &leg{}
	if w.chance(10) {
		w.over(id, CallEnded{Code: 503}) // no account, no network
		return nil
	}
	for _, e := range []Event{CallProceeding{id}, CallAlerting{id}, CallEarlyMedia{id}, CallAlerting{id}} {
		if w.chance(2) {
			w.post(id, e)
		}
	}
	switch w.rng.IntN(5) {
	case 0:
		w.over(id, CallEnded{Code: 486, Remote: true})
	case 1: // rings for a long time
	default:
		w.calls[id].up = true
		w.post(id, CallAnswered{id})
	}
	return nil
}

func (w *world) refer(first, second CallID) {
	w.calls[first].transferring = true
	if second != "" {
		w.calls[second].transferring = true
	}
	switch w.rng.IntN(3) {
	case 0:
		w.calls[first].transferring = false
		if second != "" {
			w.calls[second].transferring = false
		}
		w.post(first, TransferFailed{first, "603 Decline"})
	case 1: // never heard of again
	default:
		w.over(first, CallEnded{Remote: true})
		if second != "" {
			w.over(second, CallEnded{Remote: true})
		}
	}
}

func (w *world) anyCall() CallID {
	ids := make([]CallID, 0, len(w.calls))
	for id := range w.calls {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return ""
	}
	slices.Sort(ids)
	return ids[w.rng.IntN(len(ids))]
}

// happen is something at the far end.
func (w *world) happen() {
	id := w.anyCall()
	old := w.calls[id]
	switch {
	case old == nil || w.chance(3):
		w.ids++
		id = CallID(fmt.Sprintf("in-%d", w.ids))
		w.calls[id] = new(leg)
		w.calls[id].incoming = true
		w.post(id, IncomingCall{Call: id, Peer: "sip:x@example.org"})
	case w.chance(3) || old.incoming && !old.accepted:
		w.over(id, CallEnded{Code: map[bool]int{false: 487}[old.up], Remote: true, Elsewhere: w.chance(5)})
	case old.up:
		w.post(id, CallHeldByRemote{id, w.chance(2)})
	}
}

// news is the next event on the way, of any call; nil when there is none.
func (w *world) news() Event {
	ids := make([]CallID, 0, len(w.queue))
	for id, q := range w.queue {
		if len(q) > 0 {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	id := ids[w.rng.IntN(len(ids))]
	e := w.queue[id][0]
	if w.queue[id] = w.queue[id][1:]; len(w.queue[id]) == 0 {
		delete(w.queue, id)
	}
	return e
}

// person is somebody doing what people do with phones: hooks go up and down in turn.
func (w *world) person(s State, g *maker) Event {
	t := testHandsets[w.rng.IntN(len(testHandsets))]
	k := w.hooks[t.id]
	switch {
	case k == nil:
		w.hooks[t.id] = &hook{t.cradled, w.chance(4)}
		return HandsetPlugged{Handset: t.id, Cradled: t.cradled, Lifted: w.hooks[t.id].lifted, Line: t.line}
	case w.chance(25):
		delete(w.hooks, t.id)
		return HandsetUnplugged{t.id}
	case w.chance(2):
		if !k.cradled { // its held state follows the phone
			h, _ := s.Handset(t.id)
			k.lifted = h.Lifted
		}
		if k.lifted = !k.lifted; k.lifted {
			return Lifted{t.id}
		}
		return PutDown{t.id}
	}
	for {
		switch e := g.event(s).(type) {
		case FlashPressed, HoldPressed, TransferPressed, KeyPressed, RedialPressed, MutePressed, DropPressed, SendPressed,
			RejectPressed, TimerFired, CmdDial, CmdAnswer, CmdHangUp, CmdHold, CmdResume, CmdSwap, CmdConference, ConferencePressed, CmdTransfer, CmdDND, CmdDTMF:
			return e
		}
	}
}

// agree compares the phone with the agent, when no news is on the way.
func (w *world) agree(s State) error {
	for _, c := range s.calls {
		leg := w.calls[c.ID]
		switch {
		case leg == nil:
			return fmt.Errorf("%s (%s) is only imagined", c.ID, c.Phase)
		case c.Outgoing == leg.incoming:
			return fmt.Errorf("%s: direction", c.ID)
		case (c.Phase == Incoming) != (leg.incoming && !leg.accepted):
			return fmt.Errorf("%s (%s): %+v", c.ID, c.Phase, *leg)
		case (c.Phase == Active) != leg.up && c.Phase != Transferring:
			return fmt.Errorf("%s (%s): %+v", c.ID, c.Phase, *leg)
		case c.Phase == Active && c.Held != leg.held:
			return fmt.Errorf("%s: on hold %t, really %t", c.ID, c.Held, leg.held)
		case c.Phase == Ending:
			return fmt.Errorf("%s is still ending", c.ID)
		}
	}
	for id := range w.calls {
		if _, ok := s.Call(id); !ok {
			return fmt.Errorf("%s is up, and the phone has forgotten it", id)
		}
	}
	return nil
}

func TestPhoneAndNetworkNeverDisagree(t *testing.T) {
	runs := 250
	if testing.Short() {
		runs = 60
	}
	conversations, conferences, transfers := 0, 0, 0
	for seed := range uint64(runs) {
		rng := rand.New(rand.NewPCG(seed, 11))
		w := &world{rng: rng, calls: map[CallID]*leg{}, queue: map[CallID][]Event{}, hooks: map[HandsetID]*hook{}}
		g := &maker{next: func() byte { return byte(rng.Uint32() >> 5) }}
		cfg := g.config()
		s, l := New(cfg), newLedger()
		var log history
		do := func(e Event) {
			t.Helper()
			next, acts, err := l.step(s, e)
			log.add(e, acts)
			for _, a := range acts {
				if err == nil {
					err = w.obey(a)
				}
				if _, ok := a.(CompleteTransfer); ok {
					transfers++
				}
			}
			if err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, log)
			}
			s = next
		}
		for round := range 12 {
			for range 30 {
				switch rng.IntN(8) {
				case 0:
					w.happen()
				case 1, 2, 3:
					if e := w.news(); e != nil {
						do(e)
					}
				default:
					do(w.person(s, g))
				}
				for _, h := range s.handsets {
					a := Audio(s, h.ID)
					if a.Capture {
						conversations++
					}
					if a.Joined[0] != "" {
						conferences++
					}
				}
			}
			for e := w.news(); e != nil; e = w.news() {
				do(e)
			}
			if err := w.agree(s); err != nil {
				t.Fatalf("seed %d, round %d: %v\n%s", seed, round, err, log)
			}
		}
		for n := 0; len(s.calls) > 0; n++ { // everybody goes home
			if n == 60 {
				t.Fatalf("seed %d: never comes to rest: %+v\n%s", seed, s.calls, log)
			}
			for _, h := range s.Handsets() {
				do(PutDown{h.ID})
			}
			for _, c := range s.Calls() {
				if leg := w.calls[c.ID]; leg != nil && leg.incoming && !leg.accepted {
					w.over(c.ID, CallEnded{Code: 487, Remote: true})
				}
			}
			for _, h := range s.handsets {
				for timer, seq := range h.timers {
					if seq != 0 {
						do(TimerFired{h.ID, Timer(timer), seq})
					}
				}
			}
			for e := w.news(); e != nil; e = w.news() {
				do(e)
			}
		}
		if len(w.calls) != 0 {
			t.Fatalf("seed %d: calls go on by themselves: %v\n%s", seed, w.calls, log)
		}
	}
	if conversations < runs*20 || transfers < runs/15 || conferences < runs/20 {
		t.Errorf("only %d steps in conversation, %d in a conference and %d transfers in %d runs: the test proves little", conversations, conferences, transfers, runs)
	}
}
