package desk

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// maker makes events out of bytes: mostly such as could happen in the state, some that come too late, some senseless.
type maker struct {
	next func() byte
	ids  int
}

var testHandsets = []struct {
	id      HandsetID
	cradled bool
	line    Line
}{{"desk", true, Line{}}, {"wall", true, Line{}}, {"head", false, Line{}}, {"shop", true, Line{Account: "shop", Seat: "till"}},
	{"till", true, Line{Account: "shop", Seat: "till", Silent: true}}}

func (g *maker) pick(n int) int {
	if n == 0 {
		return 0
	}
	return int(g.next()) % n
}

func (g *maker) handset(s State) HandsetID {
	if g.pick(32) == 0 {
		return "nobody"
	}
	return testHandsets[g.pick(len(testHandsets))].id
}

func (g *maker) account() string { return []string{"", "home", "shop"}[g.pick(3)] }

// anyHandset may be empty, as in a command.
func (g *maker) anyHandset(s State) HandsetID {
	if g.pick(2) == 0 {
		return ""
	}
	return g.handset(s)
}

func (g *maker) call(s State) CallID {
	if len(s.calls) == 0 || g.pick(24) == 0 {
		return "ghost"
	}
	return s.calls[g.pick(len(s.calls))].ID
}

func (g *maker) anyCall(s State) CallID {
	if g.pick(2) == 0 {
		return ""
	}
	return g.call(s)
}

func (g *maker) event(s State) Event {
	h := g.handset(s)
	switch g.pick(48) {
	case 0, 1:
		for _, t := range testHandsets {
			if t.id == h {
				return HandsetPlugged{Handset: h, Cradled: t.cradled, Lifted: g.pick(4) == 0, Line: t.line}
			}
		}
		return HandsetUnplugged{h}
	case 2:
		return HandsetUnplugged{h}
	case 3, 4, 5, 6:
		return Lifted{h}
	case 7, 8, 9:
		return PutDown{h}
	case 10, 11:
		return KeyPressed{h, "0123456789*#ABCDx"[g.pick(17)]}
	case 12, 13, 14:
		return FlashPressed{h}
	case 15:
		return RedialPressed{h}
	case 16:
		return MutePressed{h}
	case 17:
		return MuteSet{h, g.pick(2) == 0}
	case 18:
		return RejectPressed{h}
	case 19:
		return HoldPressed{h}
	case 20:
		return TransferPressed{h}
	case 21:
		return DropPressed{h}
	case 22:
		return []Event{SendPressed{h}, ClearPressed{h}}[g.pick(2)]
	case 23, 24, 25:
		return g.timer(s)
	case 26, 27, 28:
		if g.pick(8) == 0 {
			return IncomingCall{Call: g.call(s)} // again
		}
		g.ids++
		return IncomingCall{CallID(fmt.Sprintf("in-%d", g.ids)), g.account(), "sip:bob@example.org", "Bob"}
	case 29, 44, 45, 46, 47:
		return []Event{CallProceeding{g.call(s)}, CallAlerting{g.call(s)}, CallEarlyMedia{g.call(s)}}[g.pick(3)]
	case 30, 31, 32:
		return CallAnswered{g.call(s)}
	case 33, 34, 35:
		return CallEnded{Call: g.call(s), Code: []int{0, 404, 486, 487}[g.pick(4)], Remote: g.pick(2) == 0, Elsewhere: g.pick(8) == 0}
	case 36:
		return []Event{CallHeldByRemote{g.call(s), g.pick(2) == 0}, TransferFailed{g.call(s), ""}, ResumeRefused{g.call(s)}}[g.pick(3)]
	case 37:
		return CmdDial{Handset: g.anyHandset(s), Account: g.account(), Target: "100"}
	case 38:
		g.ids++
		return CmdDial{Handset: g.anyHandset(s), Target: "100", Call: CallID(fmt.Sprintf("cmd-%d", g.ids))}
	case 39:
		return CmdAnswer{g.anyCall(s), g.anyHandset(s)}
	case 40:
		return []Event{CmdDecline{g.anyCall(s)}, CmdHangUp{g.anyCall(s)}}[g.pick(2)]
	case 41:
		switch g.pick(8) {
		case 0:
			return CmdConference{}
		case 1:
			return ConferencePressed{g.anyHandset(s)}
		}
		return []Event{CmdHold{g.anyCall(s)}, CmdResume{g.anyCall(s), g.anyHandset(s)}, CmdSwap{}}[g.pick(3)]
	case 42:
		return []Event{CmdMute{g.pick(2) == 0}, CmdDTMF{g.anyCall(s), "12#"}, CmdTransfer{g.anyCall(s), "200"}}[g.pick(3)]
	}
	return []Event{CmdDND{g.pick(8) == 0}, CmdDND{false}, CmdClearMissed{}, MessagesWaiting{g.pick(2) == 0}}[g.pick(4)]
}

func (g *maker) timer(s State) Event {
	var running []TimerFired
	for _, h := range s.handsets {
		for t, seq := range h.timers {
			if seq != 0 {
				running = append(running, TimerFired{h.ID, Timer(t), seq})
			}
		}
	}
	if len(running) == 0 || g.pick(8) == 0 {
		return TimerFired{g.handset(s), Timer(g.pick(int(timerCount) + 1)), g.pick(5)} // late
	}
	return running[g.pick(len(running))]
}

func (g *maker) config() Config {
	c := Config{
		HookFlash: g.pick(2) == 0, Transfer: g.pick(2) == 0, NoCallWaiting: g.pick(8) == 0, HashIsDigit: g.pick(8) == 0,
		MaxCalls: 1 + g.pick(8), Recalls: 1 + g.pick(3),
	}
	if g.pick(4) == 0 {
		c.Complete = func(d string) bool { return len(d) == 3 }
	}
	return c
}

// history prints what led to a failure, the latest last.
type history []string

func (h *history) add(e Event, acts []Action) {
	line := fmt.Sprintf("%T%+v", e, e)
	for _, a := range acts {
		line += fmt.Sprintf("\n      %T%+v", a, a)
	}
	*h = append(*h, line)
	if len(*h) > 60 {
		*h = (*h)[1:]
	}
}

func (h history) String() string { return strings.Join(h, "\n") }

// Whatever happens, in whatever order: the invariants hold, no order contradicts another, and the phone finds back.
func TestInvariantsHoldInRandomSequences(t *testing.T) {
	steps := 100_000
	if testing.Short() {
		steps = 50_000
	}
	const per = 400
	phases := map[string]int{}
	for seed := range uint64(steps / per) {
		rng := rand.New(rand.NewPCG(seed, 7))
		g := &maker{next: func() byte { return byte(rng.Uint32() >> 9) }}
		s, l := New(g.config()), newLedger()
		var log history
		for _, h := range testHandsets {
			s, _, _ = l.step(s, HandsetPlugged{Handset: h.id, Cradled: h.cradled, Lifted: false, Line: h.line})
		}
		for range per {
			e := g.event(s)
			next, acts, err := l.step(s, e)
			log.add(e, acts)
			if err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, log)
			}
			s = next
			for _, c := range s.calls {
				phases[c.Phase.String()]++
			}
			for _, h := range s.handsets {
				phases[h.Phase.String()]++
			}
		}
		if err := comesToRest(s, l); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, log)
		}
	}
	for _, names := range [][]string{phaseNames[:], handsetPhaseNames[:]} {
		for _, name := range names {
			if phases[name] < steps/200 {
				t.Errorf("phase %s was visited only %d times in %d steps: the test proves little about it", name, phases[name], steps)
			}
		}
	}
}

// comesToRest: when everybody puts down, callers give up, ended calls are confirmed and time passes, the phone is
// idle, and lifting gives dial tone.
func comesToRest(s State, l *ledger) error {
	var err error
	do := func(e Event) {
		if err == nil {
			s, _, err = l.step(s, e)
		}
	}
	do(CmdDND{false})
	for round := 0; round < 8 || len(s.calls) > 0 && round < 40; round++ {
		for _, h := range s.Handsets() {
			do(PutDown{h.ID})
		}
		for _, c := range s.Calls() {
			if c.Phase == Ending || c.Phase == Incoming {
				do(CallEnded{Call: c.ID, Code: 487, Remote: c.Phase == Incoming})
			}
		}
		for _, h := range s.handsets {
			for t, seq := range h.timers {
				if seq != 0 {
					do(TimerFired{h.ID, Timer(t), seq})
				}
			}
		}
		if err != nil {
			return err
		}
	}
	if len(s.calls) != 0 {
		return fmt.Errorf("calls are left: %+v", s.calls)
	}
	for _, h := range s.Handsets() {
		in := Indicators(s, h.ID)
		if h.Phase != Idle || in.OffHook || in.Ring || in.Mute || in.Hold || in.OnLine || Audio(s, h.ID) != (AudioPlan{}) {
			return fmt.Errorf("not at rest: %+v, %+v", h, in)
		}
		if h.timers != [timerCount]int{} {
			return fmt.Errorf("timers of %s run on: %v", h.ID, h.timers)
		}
		do(Lifted{h.ID})
		if plan := Audio(s, h.ID); plan != (AudioPlan{Tone: ToneDial}) {
			return fmt.Errorf("no dial tone after all: %+v", plan)
		}
		do(PutDown{h.ID})
	}
	return err
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	f.Add([]byte("lift, dial, talk, flash, dial, talk, put down"))
	rng := rand.New(rand.NewPCG(1, 2))
	long := make([]byte, 600)
	for i := range long {
		long[i] = byte(rng.Uint32())
	}
	f.Add(long)
	f.Fuzz(func(t *testing.T, data []byte) {
		data = data[:min(len(data), 1500)]
		g := &maker{next: func() byte {
			if len(data) == 0 {
				return 0
			}
			b := data[0]
			data = data[1:]
			return b
		}}
		s, l := New(g.config()), newLedger()
		var log history
		for _, h := range testHandsets {
			s, _, _ = l.step(s, HandsetPlugged{Handset: h.id, Cradled: h.cradled, Lifted: false, Line: h.line})
		}
		for len(data) > 0 {
			e := g.event(s)
			next, acts, err := l.step(s, e)
			log.add(e, acts)
			if err != nil {
				t.Fatalf("%v\n%s", err, log)
			}
			s = next
		}
		if err := comesToRest(s, l); err != nil {
			t.Fatalf("%v\n%s", err, log)
		}
	})
}

// An old state stays what it was, however far others have gone on from it.
func TestOldStatesStayAsTheyWere(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	g := &maker{next: func() byte { return byte(rng.Uint32()) }}
	s := New(Config{Transfer: true})
	type kept struct{ state, copy State }
	var all []kept
	for range 3000 {
		all = append(all, kept{s, snapshot(s)})
		Next(s, g.event(s)) // a future that is not taken
		s, _ = Next(s, g.event(s))
	}
	for i, k := range all {
		if fmt.Sprintf("%+v", k.state) != fmt.Sprintf("%+v", k.copy) {
			t.Fatalf("state %d changed afterwards", i)
		}
	}
}

func BenchmarkNext(b *testing.B) {
	s := New(Config{})
	for _, h := range testHandsets {
		s, _ = Next(s, HandsetPlugged{Handset: h.id, Cradled: h.cradled, Lifted: false, Line: h.line})
	}
	for i := range 6 {
		s, _ = Next(s, IncomingCall{Call: CallID(fmt.Sprint(i))})
	}
	b.ReportAllocs()
	for b.Loop() {
		next, _ := Next(s, Lifted{"desk"})
		Next(next, PutDown{"desk"})
	}
}
