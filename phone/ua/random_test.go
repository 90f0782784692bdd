package ua

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/phone/ua/uatest"
)

// history is what an agent told of each call, checked as it comes.
type history struct {
	t     *testing.T
	state map[string]string // "ringing", "calling", "up", "over"
	log   []string
}

func (h *history) add(e Event) {
	id, next := "", ""
	switch e := e.(type) {
	case Incoming:
		id, next = e.Call, "ringing"
		if h.state[id] != "" {
			h.wrong("a call comes in twice: %s", id)
		}
	case Progress:
		id = e.Call
	case Answered:
		id, next = e.Call, "up"
	case MediaChanged:
		id = e.Call
	case Transfer:
		id = e.Call
	case Referred:
		id = e.Call
	case Replaced:
		id = e.Call
	case Ended:
		id, next = e.Call, "over"
	default:
		return
	}
	h.log = append(h.log, fmt.Sprintf("%T%+v", e, e))
	if h.state[id] == "over" {
		h.wrong("after its end a call tells %T%+v", e, e)
	}
	if next != "" {
		h.state[id] = next
	}
}

func (h *history) wrong(format string, args ...any) {
	h.t.Errorf(format+"\n%s", append(args, strings.Join(h.log, "\n"))...)
}

// pick gives a call in one of the states, "" when there is none.
func (h *history) pick(r *rand.Rand, states string) string {
	var ids []string
	for id, s := range h.state {
		if strings.Contains(states, s) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	slices.Sort(ids)
	return ids[r.IntN(len(ids))]
}

// TestWhateverThreePhonesDoEveryCallEnds has three phones do things at random
// over a network that loses, doubles and delays: calls, holds, transfers of
// every kind, hang-ups at any moment. Every call ends exactly once, nothing is
// told after its end, and when all have hung up nothing is remembered.
func TestWhateverThreePhonesDoEveryCallEnds(t *testing.T) {
	met := map[string]int{} // events of all seeds: it must have come to everything
	for seed := range uint64(40) {
		bubble(t, func(t *testing.T) {
			n := uatest.NewNetwork(uatest.Faults{})
			r := rand.New(rand.NewPCG(seed, 7))
			var phones []*phone
			var told []*history
			for i := range 3 {
				phones = append(phones, direct(t, n, fmt.Sprintf("10.0.0.%d", i+1), "udp"))
				told = append(told, &history{t: t, state: map[string]string{}})
			}
			listen := func() {
				synctest.Wait()
				for i, p := range phones {
					for len(p.events) > 0 {
						e := <-p.events
						met[fmt.Sprintf("%T", e)]++
						told[i].add(e)
					}
				}
			}
			if seed%2 == 1 {
				n.SetFaults(uatest.Faults{Seed: seed, Loss: 0.1, LossRun: 2, Duplicate: 0.1, Delay: 5 * time.Millisecond, Jitter: 40 * time.Millisecond})
			}
			calls := 0
			for range 60 {
				i := r.IntN(3)
				p, h := phones[i], told[i]
				other := fmt.Sprintf("sip:x@10.0.0.%d", (i+1+r.IntN(2))%3+1)
				switch r.IntN(12) {
				case 0, 1:
					calls++
					id := fmt.Sprintf("out-%d", calls)
					if p.Dial(id, "", other, lm) == nil {
						h.state[id] = "calling"
					}
				case 2:
					p.Ring(h.pick(r, "ringing"))
				case 3, 4:
					p.Answer(h.pick(r, "ringing"), lm)
				case 5:
					p.Reject(h.pick(r, "ringing"), 486)
				case 6:
					p.HangUp(h.pick(r, "calling ringing up"))
				case 7:
					p.Hold(h.pick(r, "up"))
				case 8:
					p.Resume(h.pick(r, "up"))
				case 9:
					p.Transfer(h.pick(r, "up"), other)
				case 10:
					p.Join(h.pick(r, "up"), h.pick(r, "up calling"))
				case 11:
					p.SendInfo(h.pick(r, "up"), '5')
				}
				if r.IntN(3) > 0 { // else the next follows at once
					time.Sleep(time.Duration(r.IntN(400)) * time.Millisecond)
				}
				listen()
			}
			n.SetFaults(uatest.Faults{})
			for range 3 { // calls may still be coming about
				for i, p := range phones {
					for id, s := range told[i].state {
						if s != "over" {
							p.HangUp(id)
						}
					}
				}
				time.Sleep(time.Minute)
				listen()
			}
			time.Sleep(10 * time.Minute)
			listen()
			for i, p := range phones {
				for id, s := range told[i].state {
					if s != "over" {
						told[i].wrong("seed %d: call %s of phone %d is %s for ever", seed, id, i+1, s)
					}
				}
				p.Agent.mu.Lock()
				if len(p.calls)+len(p.dialogs)+len(p.busy) > 0 {
					t.Errorf("seed %d: phone %d remembers %d calls, %d dialogs, %d that owe something", seed, i+1, len(p.calls), len(p.dialogs), len(p.busy))
				}
				p.Agent.mu.Unlock()
			}
		})
		if t.Failed() {
			return
		}
	}
	t.Log(met)
	for _, e := range []Event{Incoming{}, Progress{}, Answered{}, MediaChanged{}, Transfer{}, Referred{}, Replaced{}, KeyReceived{}, Ended{}} {
		if met[fmt.Sprintf("%T", e)] == 0 {
			t.Errorf("it never came to %T; the rest: %v", e, met)
		}
	}
}
