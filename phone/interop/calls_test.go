//go:build peers && linux

package interop

import (
	"testing"
	"time"

	"offhook/phone/control"
)

// talk is long enough for speech to be compared.
const talk = 8 * time.Second

func TestOffhookCallsBaresipByHandset(t *testing.T) {
	for _, codec := range []string{"pcma", "pcmu", "g722", "gsm"} {
		t.Run(codec, func(t *testing.T) {
			speaking(t, func(l *lab) {
				// One of them as most people have it: no address configured.
				w := l.two(offhookOptions{codecs: []string{codec}, anywhere: codec == "pcmu"}, baresipOptions{answer: "auto", codecs: codec})
				from := w.off.mark()
				w.off.do("handset", "lift")
				w.off.do("dial", "bob")
				w.off.awaitCall(from, control.CallActive, 10*time.Second)
				w.bare.await(bareEstablished, 5*time.Second)
				l.talk(talk)
				s := w.off.status()
				if len(s.Calls) != 1 || s.Calls[0].Media == nil || s.Calls[0].Codec == "" {
					t.Fatalf("status of a call: %+v", s)
				}
				w.off.speaks()
				w.off.do("handset", "hang-up")
				w.bare.await(bareClosed, 5*time.Second)
				w.off.awaitCall(from, control.CallEnded, 5*time.Second)
				w.compare()
			})
		})
	}
}

func TestBaresipCallsOffhook(t *testing.T) {
	speaking(t, baresipCalls)
}

func baresipCalls(l *lab) {
	t := l.t
	w := l.two(offhookOptions{}, baresipOptions{})
	from := w.off.mark()
	w.bare.do("dial", "sip:alice@"+w.k.addr)
	e := w.off.awaitCall(from, control.CallIncoming, 5*time.Second)
	if e.Direction != "in" || e.Peer == "" {
		t.Errorf("incoming: %+v", e)
	}
	w.bare.await(bareRinging, 5*time.Second)
	w.off.eventually("the handset rings", 5*time.Second, func() bool { h := w.off.handset(); return h.Ringing || h.Lights["ring"] })
	w.off.do("handset", "lift")
	w.off.awaitCall(from, control.CallActive, 5*time.Second)
	w.bare.await(bareEstablished, 5*time.Second)
	if h := w.off.handset(); h.Ringing || h.Lights["ring"] {
		t.Errorf("still rings after the answer: %+v", h)
	}
	l.talk(talk)
	w.bare.do("hangup", "")
	w.off.awaitCall(from, control.CallEnded, 5*time.Second)
	w.off.do("handset", "hang-up")
	w.compare()
}

func TestDialledOnTheKeypad(t *testing.T) {
	l := newLab(t)
	k := l.kamailio(map[string]string{"201": "one", "202": "two"})
	bare := l.baresip(k, "202", "two", baresipOptions{})
	off := l.offhook(k, "201", offhookOptions{password: "one"})
	off.do("handset", "lift")
	off.do("handset", "press", "202#")
	e := bare.await(bareIncoming, 10*time.Second)
	t.Logf("baresip sees %s", e.text)
	off.do("handset", "hang-up")
	bare.await(bareClosed, 5*time.Second)
}

func TestCallerGivesUp(t *testing.T) {
	t.Run("offhook", func(t *testing.T) {
		l := newLab(t)
		w := l.two(offhookOptions{}, baresipOptions{})
		from := w.off.mark()
		w.off.do("handset", "lift")
		w.off.do("dial", "bob")
		w.bare.await(bareIncoming, 5*time.Second)
		w.off.awaitCall(from, control.CallAlerting, 5*time.Second)
		w.off.do("handset", "hang-up")
		w.bare.await(bareClosed, 5*time.Second)
		w.off.awaitCall(from, control.CallEnded, 5*time.Second)
		if !w.k.saw("response 487", 5*time.Second) {
			t.Error("no 487 was seen: the call was not cancelled")
		}
		// Nothing is left to wait for.
		start := time.Now()
		w.off.quit()
		if took := time.Since(start); took > 15*time.Second { // waiting for the call's transactions takes 32 s
			t.Errorf("it took %v to quit after a cancelled call", took)
		}
	})
	t.Run("baresip", func(t *testing.T) {
		l := newLab(t)
		w := l.two(offhookOptions{}, baresipOptions{})
		from := w.off.mark()
		w.bare.do("dial", "sip:alice@"+w.k.addr)
		w.off.awaitCall(from, control.CallIncoming, 5*time.Second)
		w.bare.await(bareRinging, 5*time.Second)
		w.bare.do("hangup", "")
		w.off.awaitCall(from, control.CallEnded, 5*time.Second)
		w.off.await(from, "missed", 5*time.Second, func(e control.Event) bool { return e.Type == control.EventMissed })
		w.off.eventually("the ring stops", 5*time.Second, func() bool { h := w.off.handset(); return !h.Ringing && !h.Lights["ring"] })
		if n := w.off.status().Missed; n != 1 {
			t.Errorf("%d missed calls, want 1", n)
		}
	})
}

func TestDecline(t *testing.T) {
	t.Run("baresip declines", func(t *testing.T) {
		l := newLab(t)
		w := l.two(offhookOptions{}, baresipOptions{})
		from := w.off.mark()
		w.off.do("handset", "lift")
		w.off.do("dial", "bob")
		w.bare.await(bareIncoming, 5*time.Second)
		w.bare.do("hangup", "")
		e := w.off.awaitCall(from, control.CallEnded, 5*time.Second)
		if e.Code != 486 {
			t.Errorf("ended with %d %s, want 486", e.Code, e.Reason)
		}
		w.off.eventually("busy tone", 5*time.Second, func() bool {
			s := w.off.status()
			return len(s.Handsets) == 1 && s.Handsets[0].State == control.HandsetTone
		})
	})
	t.Run("offhook declines", func(t *testing.T) {
		l := newLab(t)
		w := l.two(offhookOptions{}, baresipOptions{})
		from := w.off.mark()
		w.bare.do("dial", "sip:alice@"+w.k.addr)
		w.off.awaitCall(from, control.CallIncoming, 5*time.Second)
		w.off.do("decline")
		e := w.bare.await(bareClosed, 5*time.Second)
		t.Logf("baresip: %s", e.text)
		if !w.k.saw("response 486", time.Second) && !w.k.saw("response 603", time.Second) {
			t.Errorf("neither 486 nor 603 was seen; baresip: %s", e.text)
		}
	})
	t.Run("do not disturb", func(t *testing.T) {
		l := newLab(t)
		w := l.two(offhookOptions{}, baresipOptions{})
		w.off.do("dnd", "on")
		w.bare.do("dial", "sip:alice@"+w.k.addr)
		w.bare.await(bareClosed, 5*time.Second)
		if h := w.off.handset(); h.Ringing {
			t.Error("rings although it must not disturb")
		}
	})
}

func TestKeyTones(t *testing.T) {
	l := newLab(t)
	w := l.two(offhookOptions{}, baresipOptions{answer: "auto"})
	from := w.off.mark()
	w.off.do("handset", "lift")
	w.off.do("dial", "bob")
	w.off.awaitCall(from, control.CallActive, 10*time.Second)
	w.bare.await(bareEstablished, 5*time.Second)
	time.Sleep(500 * time.Millisecond) // of RTP first
	w.off.do("handset", "press", "159#")
	want := "159#"
	got := ""
	deadline := time.Now().Add(patience * 10 * time.Second)
	for len(got) < len(want) && time.Now().Before(deadline) {
		time.Sleep(100 * time.Millisecond)
		got = ""
		for _, p := range w.bare.all(bareKey) {
			got += p
		}
	}
	if got != want {
		t.Errorf("baresip received keys %q, want %q", got, want)
	}
	// The other way: baresip sends what is typed while a call is on.
	for _, key := range "270*" {
		w.bare.do("sndcode", string(key))
	}
	got = ""
	for _, e := range w.off.waitKeys(from, 4, 10*time.Second) {
		got += e.Key
	}
	if got != "270*" {
		t.Errorf("offhook received keys %q, want %q", got, "270*")
	}
}

// waitKeys collects n received digits, or those that come in time.
func (p *offhook) waitKeys(from, n int, within time.Duration) (keys []control.Event) {
	deadline := time.Now().Add(patience * within)
	for {
		keys = nil
		p.mu.Lock()
		for _, e := range p.events[from:] {
			if e.Type == control.EventDTMF {
				keys = append(keys, e)
			}
		}
		p.mu.Unlock()
		if len(keys) >= n || time.Now().After(deadline) {
			return keys
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func TestHoldAndResume(t *testing.T) {
	l := newLab(t)
	w := l.two(offhookOptions{}, baresipOptions{answer: "auto"})
	from := w.off.mark()
	w.off.do("handset", "lift")
	w.off.do("dial", "bob")
	w.off.awaitCall(from, control.CallActive, 10*time.Second)
	w.bare.await(bareEstablished, 5*time.Second)
	w.off.do("hold")
	w.off.eventually("held", 5*time.Second, func() bool { s := w.off.status(); return len(s.Calls) == 1 && s.Calls[0].Held })
	time.Sleep(time.Second)
	before := w.off.status().Calls[0].Media
	time.Sleep(time.Second)
	during := w.off.status().Calls[0].Media
	if before == nil || during == nil {
		t.Fatal("a held call has no media figures")
	}
	if sent := during.PacketsSent - before.PacketsSent; sent > 2 {
		t.Errorf("%d packets were sent in a second of hold", sent)
	}
	w.off.do("resume")
	w.off.eventually("resumed", 5*time.Second, func() bool { s := w.off.status(); return len(s.Calls) == 1 && !s.Calls[0].Held })
	// And by the other end.
	w.bare.do("hold", "")
	w.off.eventually("held by the far end", 5*time.Second, func() bool { s := w.off.status(); return len(s.Calls) == 1 && s.Calls[0].RemoteHeld })
	w.bare.do("resume", "")
	w.off.eventually("resumed by the far end", 5*time.Second, func() bool { s := w.off.status(); return len(s.Calls) == 1 && !s.Calls[0].RemoteHeld })
	w.off.speaks()
	w.off.do("handset", "hang-up")
	w.bare.await(bareClosed, 5*time.Second)
}

func TestOverTCP(t *testing.T) {
	speaking(t, overTCP)
}

func overTCP(l *lab) {
	t := l.t
	w := l.two(offhookOptions{transport: "tcp"}, baresipOptions{transport: "tcp", answer: "auto"})
	if !w.k.saw("over tcp", time.Second) {
		t.Error("kamailio saw nothing over TCP")
	}
	from := w.off.mark()
	w.off.do("handset", "lift")
	w.off.do("dial", "bob")
	w.off.awaitCall(from, control.CallActive, 10*time.Second)
	l.talk(talk)
	w.bare.do("hangup", "")
	w.off.awaitCall(from, control.CallEnded, 5*time.Second)
	w.off.do("handset", "hang-up")
	// And towards Offhook, over the connection it opened.
	from = w.off.mark()
	w.bare.do("dial", "sip:alice@"+w.k.addr)
	w.off.awaitCall(from, control.CallIncoming, 5*time.Second)
	w.bare.do("hangup", "")
	w.off.awaitCall(from, control.CallEnded, 5*time.Second)
	w.compare()
}
