package media

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"offhook/media/codec"
	"offhook/media/sound"
)

func TestDigitsReachTheOtherEndOnceInOrderThroughABadNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca, cb := memPair()
		ca.setDeliver(badNetwork(cb, rand.New(rand.NewPCG(3, 3)), 0.2, 0.2, 30*time.Millisecond, 30*time.Millisecond))
		var got []byte
		a := NewSession(ca, SessionConfig{})
		b := NewSession(cb, SessionConfig{OnEvent: func(d byte) { got = append(got, d) }})
		defer a.Close()
		defer b.Close()
		must(t, a.SetParams(params(codec.PCMU, cb.addr)))
		must(t, b.SetParams(params(codec.PCMU, ca.addr)))
		const typed = "0123456789*#ABCD5550"
		for _, d := range []byte(typed) {
			must(t, a.SendDigit(d))
		}
		mic := periods(500)
		run(500, func(i int) { a.Push(mic[i]) })
		synctest.Wait()
		if string(got) != typed {
			t.Errorf("got %q, want %q", got, typed)
		}
		if a.Stats().DigitsSent != uint64(len(typed)) || b.Stats().DigitsReceived != uint64(len(typed)) {
			t.Errorf("%+v, %+v", a.Stats(), b.Stats())
		}
	})
}

func TestADigitOnTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newMemConn("192.0.2.1:4000")
		list := record(conn)
		s := NewSession(conn, SessionConfig{})
		defer s.Close()
		must(t, s.SetParams(params(codec.PCMU, netip.MustParseAddrPort("192.0.2.2:5000"))))
		mic := periods(100)
		run(10, func(i int) { s.Push(mic[i]) })
		must(t, s.SendDigit('9'))
		run(40, func(i int) { s.Push(mic[10+i]) })
		var events []sent
		audio := 0
		for i, p := range *list {
			if i > 0 && p.h.sequence != (*list)[i-1].h.sequence+1 {
				t.Errorf("packet %d: sequence %d", i, p.h.sequence)
			}
			if p.h.payloadType == 101 {
				events = append(events, p)
			} else if audio++; i > 0 && len(events) > 0 && len(events) < 7 {
				t.Errorf("packet %d: sound within the digit", i)
			}
		}
		if len(events) != 7 || audio != 1+(500-140)/20 {
			t.Fatalf("%d event packets, %d of sound", len(events), audio)
		}
		want := [][]byte{{9, 10, 0, 160}, {9, 10, 1, 64}, {9, 10, 1, 224}, {9, 10, 2, 128}, {9, 138, 3, 32}, {9, 138, 3, 32}, {9, 138, 3, 32}}
		for i, e := range events {
			if !bytes.Equal(e.payload, want[i]) || e.h.timestamp != events[0].h.timestamp || e.h.marker != (i == 0) {
				t.Errorf("event packet %d: % d, %+v", i, e.payload, e.h)
			}
		}
		last := (*list)[len(*list)-1]
		if d := last.h.timestamp - (*list)[0].h.timestamp; d != 160+500*8-160 {
			t.Errorf("after the digit the timestamp has moved by %d", d)
		}
	})
}

func TestDigitsThatCannotBeSentSaySo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSession(newMemConn("192.0.2.1:4000"), SessionConfig{})
		p := params(codec.PCMU, netip.MustParseAddrPort("192.0.2.2:5000"))
		if err := s.SendDigit('1'); !errors.Is(err, ErrNotSending) {
			t.Errorf("before the answer: %v", err)
		}
		must(t, s.SetParams(p))
		if err := s.SendDigit('x'); err == nil {
			t.Error("x was taken for a key")
		}
		var err error
		for range digitQueue + 1 {
			err = s.SendDigit('1')
		}
		if err == nil {
			t.Error("the queue of digits has no end")
		}
		p.EventPayloadType = 0
		must(t, s.SetParams(p))
		if err := s.SendDigit('1'); !errors.Is(err, ErrNoEvents) {
			t.Errorf("without telephone-event: %v", err)
		}
		s.Close()
		if err := s.SendDigit('1'); !errors.Is(err, ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	})
}

// TestTonesOfKeysAreTold: a peer that knows no events, or uses none, is
// understood too; tones beside events are not told; nor is what comes back of
// our own.
func TestTonesOfKeysAreTold(t *testing.T) {
	for _, c := range codec.List() {
		switch c.Name() {
		case "PCMU", "PCMA", "G722", "L16", "OPUS":
		default:
			continue // others garble tones
		}
		t.Run(c.Name(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const typed = "0123456789*#ABCD5550"
				ca, cb := memPair()
				var events, tones []byte
				echo := ""
				a := NewSession(ca, SessionConfig{OnTone: func(d byte) { echo += string(rune(d)) }})
				b := NewSession(cb, SessionConfig{OnEvent: func(d byte) { events = append(events, d) }, OnTone: func(d byte) { tones = append(tones, d) }})
				defer a.Close()
				defer b.Close()
				pa, pb := params(c, cb.addr), params(c, ca.addr)
				pa.DigitsInBand = true // though events are agreed on
				must(t, a.SetParams(pa))
				must(t, b.SetParams(pb))
				for _, d := range []byte(typed) {
					must(t, a.SendDigit(d))
				}
				mic := periods(500)
				turn := func(i int) {
					a.Push(mic[i])
					synctest.Wait()
					out := make([]int16, sound.Period)
					b.Pull(out)
					b.Push(out) // an echo service
					synctest.Wait()
					a.Pull(out)
				}
				run(400, turn)
				if string(tones) != typed || len(events) != 0 {
					t.Errorf("tones %q and events %q, want the tones %q", tones, events, typed)
				}
				if echo != "" {
					t.Errorf("our own tones come back as the keys %q", echo)
				}
				if n := b.Stats().DigitsReceived; n != uint64(len(typed)) {
					t.Errorf("%d digits counted", n)
				}
				tones = nil
				pa.DigitsInBand = false
				must(t, a.SetParams(pa))
				must(t, a.SendDigit('7'))
				run(50, turn)
				pa.DigitsInBand = true
				must(t, a.SetParams(pa))
				must(t, a.SendDigit('7'))
				run(50, turn)
				if string(events) != "7" || len(tones) != 0 {
					t.Errorf("events %q and tones %q after an event", events, tones)
				}
			})
		})
	}
}
