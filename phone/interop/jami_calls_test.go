//go:build peers && linux

package interop

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"offhook/phone/control"
)

// callJami calls fred, who has a Jami and answers, and returns Jami's name of the call. (Jami does not call or hold us:
// this version reads the kernel's routes before it makes an offer, and with kernels since 6.9 waits for ever for their
// end.)
func (p *offhook) callJami(fred *jami) string {
	p.l.t.Helper()
	from, said := p.mark(), fred.mark()
	p.do("handset", "lift")
	p.do("dial", "fred")
	call := fred.awaitAfter(said, "*", "INCOMING")
	time.Sleep(2 * time.Second) // answered before its ring began, it would ring on
	fred.do("accept", call)
	p.awaitCall(from, control.CallActive, 10*time.Second)
	fred.await(call, "CURRENT")
	// What it has played so far was its ring.
	if err := os.Truncate(fred.record, 0); err != nil && !errors.Is(err, os.ErrNotExist) {
		p.l.t.Fatal(err)
	}
	return call
}

func TestCallWithJami(t *testing.T) {
	withJami(t, func() {
		speaking(t, func(l *lab) {
			l.frail = true // packets flow, that is seen below
			k := l.kamailio(map[string]string{"alice": "one", "fred": "two"})
			says, oneSays := l.say("jami", "en+f3", textTwo, 48000), l.say("offhook", "en", textOne, 48000)
			fred := l.jami(k, "fred", "two", says)
			off := l.offhook(k, "alice", offhookOptions{password: "one", say: oneSays})
			from := off.mark()
			call := off.callJami(fred)
			l.talk(talk)
			off.flows()
			fred.do("hangUp", call)
			off.awaitCall(from, control.CallEnded, 10*time.Second)
			off.do("handset", "hang-up")
			off.quit()
			fred.stop()
			l.carried("offhook to jami", oneSays, l.recorded(fred.record, 48000), says)
			l.carried("jami to offhook", says, off.record, oneSays)
		})
	})
}

// Jami is held, sends a key, and transfers us to bob.
func TestHoldAndTransferWithJami(t *testing.T) {
	withJami(t, func() {
		l := newLab(t)
		k := l.kamailio(map[string]string{"alice": "one", "fred": "two", "bob": "three"})
		fred := l.jami(k, "fred", "two", l.say("jami", "en+f3", textTwo, 48000))
		bob := l.baresip(k, "bob", "three", baresipOptions{answer: "auto"})
		off := l.offhook(k, "alice", offhookOptions{password: "one"})
		only := func(what string, so func(control.Call) bool) {
			t.Helper()
			off.eventually(what, 10*time.Second, func() bool { s := off.status(); return len(s.Calls) == 1 && so(s.Calls[0]) })
		}
		call := off.callJami(fred)
		off.flows()
		off.do("hold")
		only("held", func(c control.Call) bool { return c.Held })
		off.do("resume")
		only("resumed", func(c control.Call) bool { return !c.Held })
		off.flows()
		from := off.mark()
		fred.call("CallManager", "playDTMF", "7")
		if keys := off.waitKeys(from, 1, 10*time.Second); len(keys) == 0 || keys[0].Key != "7" {
			t.Errorf("offhook received the keys %+v, want 7", keys)
		}
		fred.do("transfer", call, "sip:bob@"+k.addr)
		only("in conversation with bob", func(c control.Call) bool {
			return c.State == control.CallActive && strings.Contains(c.Peer, "bob")
		})
		bob.await(bareEstablished, 10*time.Second)
		off.do("handset", "hang-up")
		bob.await(bareClosed, 10*time.Second)
	})
}
