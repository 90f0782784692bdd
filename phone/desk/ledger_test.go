package desk

import (
	"fmt"
	"reflect"
	"slices"
)

// ledger follows the actions as the world outside would have to obey them, and knows what may never be ordered.
type ledger struct {
	calls  map[CallID]*account
	timers map[HandsetID]map[Timer]int
	seq    int
	hooks  map[HandsetID]*hook // as the cradles really stand
}

type account struct {
	incoming, ringing, placed, answerOrdered, established, over, held, transferred bool
}

type hook struct{ cradled, lifted bool }

func newLedger() *ledger {
	return &ledger{calls: map[CallID]*account{}, timers: map[HandsetID]map[Timer]int{}, hooks: map[HandsetID]*hook{}}
}

// step takes one event through Next and checks everything that must hold.
func (l *ledger) step(s State, e Event) (State, []Action, error) {
	l.event(s, e)
	before := snapshot(s)
	next, acts := Next(s, e)
	if !reflect.DeepEqual(before, snapshot(s)) {
		return next, acts, fmt.Errorf("Next changed its argument")
	}
	for _, a := range acts {
		if err := l.action(a); err != nil {
			return next, acts, fmt.Errorf("%T%+v: %w", a, a, err)
		}
	}
	if e, ok := e.(CallEnded); ok {
		if _, still := next.Call(e.Call); still {
			return next, acts, fmt.Errorf("call %s outlived its end", e.Call)
		}
	}
	for _, c := range s.calls {
		if _, still := next.Call(c.ID); !still {
			if e, ok := e.(CallEnded); !ok || e.Call != c.ID {
				return next, acts, fmt.Errorf("call %s vanished without having ended", c.ID)
			}
		}
	}
	if err := Check(next); err != nil {
		return next, acts, err
	}
	return next, acts, l.compare(next)
}

func snapshot(s State) State {
	s.calls, s.handsets = slices.Clone(s.calls), slices.Clone(s.handsets)
	s.cfg.Complete = nil
	return s
}

func (l *ledger) event(s State, e Event) {
	switch e := e.(type) {
	case IncomingCall:
		if _, known := s.Call(e.Call); !known {
			l.calls[e.Call] = &account{incoming: true}
		}
	case CallAnswered:
		if c := l.calls[e.Call]; c != nil && !c.over && (c.placed || c.answerOrdered) {
			c.established = true
		}
	case CallEnded:
		delete(l.calls, e.Call)
	case ResumeRefused:
		if c, ok := s.Call(e.Call); ok && c.Phase == Active && !c.Held {
			l.calls[e.Call].held = true
		}
	case TransferFailed:
		if c, ok := s.Call(e.Call); ok && c.Phase == Transferring {
			for _, o := range []CallID{c.ID, c.Consults} {
				if l.calls[o] != nil {
					l.calls[o].transferred = false
				}
			}
			for _, o := range s.calls {
				if o.Consults == c.ID && o.Phase == Transferring {
					l.calls[o.ID].transferred = false
				}
			}
		}
	case TimerFired:
		if l.timers[e.Handset][e.Timer] == e.Seq {
			delete(l.timers[e.Handset], e.Timer)
			if e.Timer == TimerTransfer { // gives them back
				for _, c := range s.calls {
					if c.Handset == e.Handset && l.calls[c.ID] != nil {
						l.calls[c.ID].transferred = false
					}
				}
			}
		}
	case HandsetPlugged:
		l.hooks[e.Handset] = &hook{e.Cradled, e.Lifted}
	case HandsetUnplugged:
		delete(l.hooks, e.Handset)
	case Lifted:
		if h := l.hooks[e.Handset]; h != nil {
			h.lifted = true
		}
	case PutDown:
		if h := l.hooks[e.Handset]; h != nil {
			h.lifted = false
		}
	}
}

func (l *ledger) action(a Action) error {
	live := func(id CallID, ok func(*account) bool) error {
		c := l.calls[id]
		switch {
		case c == nil:
			return fmt.Errorf("no such call")
		case c.over:
			return fmt.Errorf("after its end was ordered")
		case !ok(c):
			return fmt.Errorf("out of order: %+v", *c)
		}
		return nil
	}
	switch a := a.(type) {
	case PlaceCall:
		if l.calls[a.Call] != nil {
			return fmt.Errorf("placed twice")
		}
		if a.Target == "" {
			return fmt.Errorf("no target")
		}
		l.calls[a.Call] = &account{placed: true}
	case SendRinging:
		err := live(a.Call, func(c *account) bool { return c.incoming && !c.ringing && !c.answerOrdered })
		if err == nil {
			l.calls[a.Call].ringing = true
		}
		return err
	case AnswerCall:
		err := live(a.Call, func(c *account) bool { return c.incoming && !c.answerOrdered })
		if err == nil {
			l.calls[a.Call].answerOrdered = true
		}
		return err
	case RejectCall:
		err := live(a.Call, func(c *account) bool { return c.incoming && !c.answerOrdered })
		if err == nil {
			l.calls[a.Call].over = true
		}
		return err
	case EndCall:
		err := live(a.Call, func(c *account) bool { return c.placed || c.answerOrdered })
		if err == nil {
			l.calls[a.Call].over = true
		}
		return err
	case HoldCall:
		err := live(a.Call, func(c *account) bool { return c.established && !c.held && !c.transferred })
		if err == nil {
			l.calls[a.Call].held = true
		}
		return err
	case ResumeCall:
		err := live(a.Call, func(c *account) bool { return c.established && c.held && !c.transferred })
		if err == nil {
			l.calls[a.Call].held = false
		}
		return err
	case SendDTMF:
		return live(a.Call, func(c *account) bool { return !c.held && !c.transferred && (c.placed || c.established) })
	case TransferCall:
		err := live(a.Call, func(c *account) bool { return c.established && !c.transferred })
		if err == nil {
			l.calls[a.Call].transferred = true
		}
		return err
	case CompleteTransfer:
		if err := live(a.Call, func(c *account) bool { return c.established && !c.transferred }); err != nil {
			return err
		}
		if err := live(a.To, func(c *account) bool { return !c.transferred && (c.placed || c.established) }); err != nil {
			return err
		}
		l.calls[a.Call].transferred, l.calls[a.To].transferred = true, true
	case StartTimer:
		if a.Seq <= l.seq || a.After <= 0 {
			return fmt.Errorf("sequence number after %d", l.seq)
		}
		l.seq = a.Seq
		if l.timers[a.Handset] == nil {
			l.timers[a.Handset] = map[Timer]int{}
		}
		l.timers[a.Handset][a.Timer] = a.Seq
	case StopTimer:
		if l.timers[a.Handset][a.Timer] == 0 {
			return fmt.Errorf("it does not run")
		}
		delete(l.timers[a.Handset], a.Timer)
	case Refuse:
		if a.Event == "" || a.Reason == "" {
			return fmt.Errorf("no reason")
		}
	}
	return nil
}

// compare holds the state against the books.
func (l *ledger) compare(s State) error {
	for id, timers := range l.timers {
		h := s.handset(id)
		for t, seq := range timers {
			if h == nil || h.timers[t] != seq {
				return fmt.Errorf("timer %s of %s runs for nobody", t, id)
			}
		}
	}
	for _, h := range s.handsets {
		for t, seq := range h.timers {
			if seq != 0 && l.timers[h.ID][Timer(t)] != seq {
				return fmt.Errorf("timer %s of %s was never started", Timer(t), h.ID)
			}
		}
	}
	for _, c := range s.calls {
		a := l.calls[c.ID]
		if a == nil {
			return fmt.Errorf("call %s is nowhere", c.ID)
		}
		if a.over != (c.Phase == Ending) {
			return fmt.Errorf("call %s (%s): end ordered %t", c.ID, c.Phase, a.over)
		}
		if c.Phase == Active && a.held != c.Held {
			return fmt.Errorf("call %s: held %t, ordered %t", c.ID, c.Held, a.held)
		}
		if c.Outgoing && !a.placed || !c.Outgoing && !a.incoming {
			return fmt.Errorf("call %s: direction", c.ID)
		}
		if a.placed && c.Phase == Active && !a.established {
			return fmt.Errorf("call %s: active without media", c.ID)
		}
	}
	for id, k := range l.hooks {
		plan := Audio(s, id)
		if k.cradled && !k.lifted && (plan.Play || plan.Capture) {
			return fmt.Errorf("handset %s lies in its cradle and sounds: %+v", id, plan)
		}
		if h, ok := s.Handset(id); !ok || h.Cradled && h.Lifted != k.lifted {
			return fmt.Errorf("handset %s: hook lifted %t, state %+v", id, k.lifted, h)
		}
	}
	return nil
}
