//go:build peers && linux

package interop

import (
	"strings"
	"testing"
	"time"

	"offhook/phone/control"
)

// three is the phone, and two people with baresips who answer at once.
type three struct {
	off        *offhook
	bob, carol *baresip
}

func (l *lab) three() three {
	l.t.Helper()
	k := l.kamailio(map[string]string{"alice": "one", "bob": "two", "carol": "three"})
	w := three{bob: l.baresip(k, "bob", "two", baresipOptions{answer: "auto"}), carol: l.baresip(k, "carol", "three", baresipOptions{answer: "auto"})}
	w.off = l.offhook(k, "alice", offhookOptions{password: "one"})
	return w
}

func TestWeTransferBaresip(t *testing.T) {
	w := newLab(t).three()
	from := w.off.mark()
	w.off.do("handset", "lift")
	w.off.do("dial", "bob")
	w.off.awaitCall(from, control.CallActive, 10*time.Second)
	w.off.do("transfer", "carol")
	w.carol.await(bareEstablished, 10*time.Second)
	if e := w.off.awaitCall(from, control.CallEnded, 10*time.Second); e.Reason != "transferred" {
		t.Errorf("the call ended: %s", e.Reason)
	}
	w.off.do("handset", "hang-up")
}

func TestBaresipTransfersUs(t *testing.T) {
	w := newLab(t).three()
	from := w.off.mark()
	w.off.do("handset", "lift")
	w.off.do("dial", "bob")
	w.off.awaitCall(from, control.CallActive, 10*time.Second)
	w.bob.await(bareEstablished, 10*time.Second)
	w.bob.do("transfer", "sip:carol@"+w.off.server())
	w.carol.await(bareEstablished, 10*time.Second)
	w.off.eventually("in conversation with carol", 10*time.Second, func() bool {
		s := w.off.status()
		return len(s.Calls) == 1 && s.Calls[0].State == control.CallActive && strings.Contains(s.Calls[0].Peer, "carol")
	})
	w.off.do("handset", "hang-up")
	w.carol.await(bareClosed, 10*time.Second)
}

// Putting down while consulting: bob talks to carol, whether or not she knows Replaces (baresip 1.0 does not).
func TestPuttingDownJoinsTwoBaresips(t *testing.T) {
	w := newLab(t).three()
	from := w.off.mark()
	w.off.do("handset", "lift")
	w.off.do("dial", "bob")
	w.off.awaitCall(from, control.CallActive, 10*time.Second)
	from = w.off.mark()
	w.off.do("dial", "carol")
	w.off.awaitCall(from, control.CallActive, 10*time.Second)
	w.carol.await(bareEstablished, 10*time.Second)
	w.off.do("handset", "hang-up")
	w.off.eventually("both calls gone", 20*time.Second, func() bool { return len(w.off.status().Calls) == 0 })
	w.carol.eventually("called by bob", 10*time.Second, func() bool {
		return strings.Contains(w.carol.history(), "sip:bob@")
	})
}

// Calls with keys in the description, as both sides may want them.
func TestEncryptedCallWithBaresip(t *testing.T) {
	for _, c := range []struct{ ours, theirs string }{{`srtp = "sdes"`, "srtp"}, {"srtp = \"sdes\"\nsrtp_required = true", "srtp-mand"}} {
		t.Run(c.theirs, func(t *testing.T) {
			speaking(t, func(l *lab) {
				w := l.two(offhookOptions{account: c.ours}, baresipOptions{answer: "auto", mediaenc: c.theirs})
				from := w.off.mark()
				w.off.do("handset", "lift")
				w.off.do("dial", "bob")
				w.off.awaitCall(from, control.CallActive, 10*time.Second)
				if s := w.off.status().Calls[0].SRTP; s == "" {
					l.t.Error("the call is not encrypted")
				}
				l.talk(talk)
				w.bare.do("hangup", "")
				w.off.awaitCall(from, control.CallEnded, 10*time.Second)
				w.off.do("handset", "hang-up")
				w.compare()
			})
		})
	}
}

// eventually waits until something is so.
func (b *baresip) eventually(what string, within time.Duration, so func() bool) {
	b.l.t.Helper()
	deadline := time.Now().Add(patience * within)
	for !so() {
		if time.Now().After(deadline) {
			b.l.t.Fatalf("baresip %s: not %s in %v; events: %s", b.user, what, patience*within, b.history())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// server is the account's domain.
func (p *offhook) server() string {
	p.l.t.Helper()
	uri := p.status().Accounts[0].URI
	_, domain, ok := strings.Cut(uri, "@")
	if !ok {
		p.l.t.Fatalf("no domain in %q", uri)
	}
	return domain
}

// linphone holds us, takes us back and transfers us; and is transferred by us.
func TestHoldAndTransfersWithLinphone(t *testing.T) {
	l := newLab(t)
	k := l.kamailio(map[string]string{"alice": "one", "bob": "two", "carol": "three"})
	bob := l.baresip(k, "bob", "two", baresipOptions{answer: "auto"})
	lin := l.linphone(k, "carol", "three", "PCMA", l.say("linphone", "en+f3", textTwo, 8000), true)
	off := l.offhook(k, "alice", offhookOptions{password: "one"})
	only := func(what string, so func(control.Call) bool) {
		t.Helper()
		off.eventually(what, 10*time.Second, func() bool { s := off.status(); return len(s.Calls) == 1 && so(s.Calls[0]) })
	}
	for _, theirs := range []bool{true, false} {
		from := off.mark()
		off.do("handset", "lift")
		off.do("dial", "carol")
		off.awaitCall(from, control.CallActive, 10*time.Second)
		lin.await("Media streams established", 10*time.Second)
		if !theirs {
			off.do("transfer", "bob")
			if e := off.awaitCall(from, control.CallEnded, 20*time.Second); e.Reason != "transferred" {
				t.Errorf("the call ended: %s", e.Reason)
			}
			bob.eventually("called by carol", 10*time.Second, func() bool { return strings.Contains(bob.history(), "sip:carol@") })
			continue
		}
		lin.do("pause")
		only("held by linphone", func(c control.Call) bool { return c.RemoteHeld })
		lin.await("is now paused", 10*time.Second)
		lin.do("resume")
		only("taken back by linphone", func(c control.Call) bool { return !c.RemoteHeld })
		// Before its streams run again linphone says yes to a transfer and does nothing.
		off.eventually("linphone is back", 10*time.Second, func() bool { return strings.Count(lin.tail(1000), "Media streams established") > 1 })
		lin.do("transfer sip:bob@" + k.addr)
		only("in conversation with bob", func(c control.Call) bool {
			return c.State == control.CallActive && strings.Contains(c.Peer, "bob")
		})
		bob.await(bareEstablished, 10*time.Second)
		off.do("handset", "hang-up")
		bob.await(bareClosed, 10*time.Second)
	}
}
