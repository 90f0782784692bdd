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
