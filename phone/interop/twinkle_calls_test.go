//go:build peers && linux

package interop

import (
	"strings"
	"testing"
	"time"

	"offhook/phone/control"
)

func TestCallsWithTwinkle(t *testing.T) {
	for _, incoming := range []bool{false, true} {
		t.Run(map[bool]string{false: "offhook calls", true: "twinkle calls"}[incoming], func(t *testing.T) {
			speaking(t, func(l *lab) {
				k := l.kamailio(map[string]string{"alice": "one", "dora": "two"})
				says, oneSays := l.say("twinkle", "en+f3", textTwo, 8000), l.say("offhook", "en", textOne, 48000)
				dora := l.twinkle(k, "dora", "two", says, !incoming)
				off := l.offhook(k, "alice", offhookOptions{password: "one", say: oneSays})
				from := off.mark()
				if incoming {
					dora.do("call sip:alice@" + k.addr)
					off.awaitCall(from, control.CallIncoming, 10*time.Second)
					off.do("handset", "lift")
				} else {
					off.do("handset", "lift")
					off.do("dial", "dora")
				}
				off.awaitCall(from, control.CallActive, 10*time.Second)
				dora.await(map[bool]string{false: "call established", true: "far end answered call"}[incoming], 10*time.Second)
				l.talk(talk)
				dora.do("bye")
				off.awaitCall(from, control.CallEnded, 10*time.Second)
				off.do("handset", "hang-up")
				off.quit()
				l.carried("offhook to twinkle", oneSays, dora.heard(), says)
				l.carried("twinkle to offhook", says, off.record, oneSays)
			})
		})
	}
}

// atTwinkle is the phone, dora with a twinkle and carol with a linphone; both answer at once. (Carol has no twinkle, since
// twinkle 1.10 waits for itself for ever at an INVITE with Replaces.)
type atTwinkle struct {
	k     *kamailio
	off   *offhook
	dora  *twinkle
	carol *linphone
}

func (l *lab) atTwinkle(carol bool) atTwinkle {
	l.t.Helper()
	w := atTwinkle{k: l.kamailio(map[string]string{"alice": "one", "dora": "two", "carol": "three"})}
	says := l.say("peer", "en+f3", textTwo, 8000)
	w.dora = l.twinkle(w.k, "dora", "two", says, true)
	if carol {
		w.carol = l.linphone(w.k, "carol", "three", "PCMA", says, true)
	}
	w.off = l.offhook(w.k, "alice", offhookOptions{password: "one", say: l.say("offhook", "en", textOne, 48000)})
	return w
}

// call calls dora.
func (w atTwinkle) call() {
	w.off.l.t.Helper()
	from, printed := w.off.mark(), w.dora.printed()
	w.off.do("handset", "lift")
	w.off.do("dial", "dora")
	w.off.awaitCall(from, control.CallActive, 10*time.Second)
	w.dora.awaitMore(printed, "call established", 10*time.Second)
	w.off.flows()
}

// only waits until there is one call, and it is like this.
func (w atTwinkle) only(what string, so func(control.Call) bool) {
	w.off.l.t.Helper()
	w.off.eventually(what, 10*time.Second, func() bool { s := w.off.status(); return len(s.Calls) == 1 && so(s.Calls[0]) })
}

func TestKeysAndHoldWithTwinkle(t *testing.T) {
	w := newLab(t).atTwinkle(false)
	w.call()
	printed := w.dora.printed()
	for _, key := range "159#" {
		w.off.do("handset", "press", string(key))
		w.dora.awaitMore(printed, "DTMF detected: "+string(key), 10*time.Second)
	}
	for _, key := range "270*" {
		// A starved twinkle leaves packets out: then all of a key's may be missing, and it is pressed again.
		got := ""
		for range 3 {
			from := w.off.mark()
			w.dora.do("dtmf " + string(key))
			if keys := w.off.waitKeys(from, 1, 3*time.Second); len(keys) > 0 {
				got = keys[0].Key
				break
			}
		}
		if got != string(key) {
			t.Errorf("offhook received the key %q, want %q", got, key)
		}
	}
	w.off.do("hold")
	w.only("held", func(c control.Call) bool { return c.Held })
	time.Sleep(2 * time.Second) // see below
	w.off.do("resume")
	w.only("resumed", func(c control.Call) bool { return !c.Held })
	w.off.flows()
	printed = w.dora.printed()
	w.dora.do("hold")
	w.only("held by twinkle", func(c control.Call) bool { return c.RemoteHeld })
	w.dora.awaitMore(printed, "re-INVITE successful", 10*time.Second)
	// Twinkle is still putting its microphone away: taken back at once, it would stay dumb.
	time.Sleep(2 * time.Second)
	w.dora.do("retrieve")
	w.only("taken back by twinkle", func(c control.Call) bool { return !c.RemoteHeld })
	w.off.flows()
	printed = w.dora.printed()
	w.off.do("handset", "hang-up")
	w.dora.awaitMore(printed, "far end ended call", 10*time.Second)
}

// Twinkle transfers us, at once and after a word with carol (by Replaces).
func TestTwinkleTransfersUs(t *testing.T) {
	w := newLab(t).atTwinkle(true)
	for _, attended := range []bool{false, true} {
		w.call()
		if attended {
			dora, carol := w.dora.printed(), w.carol.printed()
			w.dora.do("transfer -c sip:carol@" + w.k.addr)
			w.dora.awaitMore(dora, "far end answered call", 10*time.Second)
			w.carol.awaitMore(carol, "Media streams established", 10*time.Second)
			w.dora.do("transfer -c")
		} else {
			w.dora.do("transfer sip:carol@" + w.k.addr)
		}
		w.only("in conversation with carol", func(c control.Call) bool {
			return c.State == control.CallActive && !c.Held && !c.RemoteHeld && strings.Contains(c.Peer, "carol@")
		})
		w.off.flows()
		from := w.off.mark()
		w.carol.do("terminate")
		w.off.awaitCall(from, control.CallEnded, 10*time.Second)
		w.off.do("handset", "hang-up")
	}
}

// We transfer twinkle, at once and, by putting down, after a word with carol.
func TestWeTransferTwinkle(t *testing.T) {
	w := newLab(t).atTwinkle(true)
	for _, attended := range []bool{false, true} {
		w.call()
		from, dora, carol := w.off.mark(), w.dora.printed(), w.carol.printed()
		if attended {
			w.off.do("dial", "carol")
			w.off.awaitCall(from, control.CallActive, 10*time.Second)
			w.carol.awaitMore(carol, "Media streams established", 10*time.Second)
			carol = w.carol.printed()
		} else {
			w.off.do("transfer", "carol")
			if e := w.off.awaitCall(from, control.CallEnded, 10*time.Second); e.Reason != "transferred" {
				t.Errorf("the call ended: %s", e.Reason)
			}
		}
		w.off.do("handset", "hang-up")
		w.dora.awaitMore(dora, "far end answered call", 10*time.Second)
		w.carol.awaitMore(carol, "Media streams established", 10*time.Second)
		w.off.eventually("no call left", 20*time.Second, func() bool { return len(w.off.status().Calls) == 0 })
		dora = w.dora.printed()
		w.carol.do("terminate")
		w.dora.awaitMore(dora, "far end ended call", 10*time.Second)
	}
}
