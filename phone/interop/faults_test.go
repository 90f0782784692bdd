//go:build peers && linux

package interop

import (
	"strings"
	"testing"
	"time"

	"offhook/phone/control"
)

// rings says whether a call of bare's to alice comes in, and ends it.
func (p *offhook) rings(bare *baresip, server string) {
	p.l.t.Helper()
	from, said := p.mark(), bare.printed()
	bare.do("dial", "sip:alice@"+server)
	p.awaitCall(from, control.CallIncoming, 10*time.Second)
	bare.do("hangup", "")
	p.awaitCall(from, control.CallEnded, 10*time.Second)
	bare.awaitMore(said, "terminate call", 10*time.Second)
}

// TestRegistrarKilledAndBack, over UDP, where nothing tells: the next refresh finds it out, which is said, and once it is
// back the phone is registered and called again.
func TestRegistrarKilledAndBack(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	k := l.kamailio(map[string]string{"alice": "one", "bob": "two"})
	off := l.offhook(k, "alice", offhookOptions{password: "one", anywhere: true, account: "expires = 30"})
	from := off.mark()
	k.stop()
	e := off.await(from, "account failed", 60*time.Second, func(e control.Event) bool {
		return e.Type == control.EventAccount && e.State == control.AccountFailed
	})
	if e.Reason == "" || e.Step == "" {
		t.Errorf("%+v", e)
	}
	if a := off.status().Accounts[0]; a.State != control.AccountFailed || a.Reason == "" {
		t.Errorf("the status says %+v", a)
	}
	off.process.await("an account is not registered", 10*time.Second) // the log says it too, and
	off.process.await("no answer from "+k.addr, 10*time.Second)       // why
	from = off.mark()
	l.restart(k)
	off.await(from, "account registered", 60*time.Second, func(e control.Event) bool {
		return e.Type == control.EventAccount && e.State == control.AccountRegistered
	})
	off.process.await("an account is registered again", 10*time.Second)
	off.rings(l.baresip(k, "bob", "two", baresipOptions{}), k.addr)
}

// TestBackToTheFirstServer: the connection to the first server breaks, the second takes over at once; when that breaks and
// the first is back, the phone is there again. Calls come in at either.
func TestBackToTheFirstServer(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	users := map[string]string{"alice": "one", "bob": "two"}
	first, second := l.kamailio(users), l.kamailio(users)
	l.ownNames("_sip._tcp."+siteDomain+" SRV 1 5060 a."+siteDomain, "_sip._tcp."+siteDomain+" SRV 2 5060 b."+siteDomain,
		"a."+siteDomain+" A "+first.addr, "b."+siteDomain+" A "+second.addr)
	off := l.offhook(first, "alice", offhookOptions{password: "one", domain: siteDomain, anywhere: true, transport: "tcp"})
	at := func(k *kamailio) {
		t.Helper()
		off.eventually("registered at "+k.addr, 60*time.Second, func() bool {
			a := off.status().Accounts[0]
			return a.State == control.AccountRegistered && strings.Contains(a.Server, k.addr)
		})
	}
	at(first)
	first.stop()
	at(second)
	off.rings(l.baresip(second, "bob", "two", baresipOptions{}), second.addr)
	l.restart(first)
	second.stop()
	at(first)
	off.rings(l.baresip(first, "bob", "two", baresipOptions{}), first.addr)
}

// TestOneWaySoundIsNamed: a firewall lets no sound in, from the first packet on or from the middle of a call on.
func TestOneWaySoundIsNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ when, want string }{{"from the beginning", "one-way sound: nothing comes from the other side"}, {"in the call", "the other side is not heard any more"}} {
		t.Run(c.when, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			w := l.two(offhookOptions{anywhere: true}, baresipOptions{answer: "auto"})
			deaf := func() {
				l.filter(w.off.host, "table ip deaf { chain in { type filter hook input priority filter; udp dport 16384-16484 drop; }; }")
			}
			if c.when == "from the beginning" {
				deaf()
			}
			from := w.off.mark()
			w.off.do("handset", "lift")
			w.off.do("dial", "bob")
			w.off.awaitCall(from, control.CallActive, 10*time.Second)
			w.bare.await(bareEstablished, 10*time.Second)
			if c.when == "in the call" {
				w.off.flows()
				deaf()
			}
			e := w.off.await(from, "the silence is named", 30*time.Second, func(e control.Event) bool { return e.Type == control.EventError })
			if !strings.Contains(e.Reason, c.want) {
				t.Errorf("%+v, want %q", e, c.want)
			}
			w.off.process.await("one-way sound", 10*time.Second) // in the log too
			w.off.do("handset", "hang-up")
			w.bare.await(bareClosed, 10*time.Second)
		})
	}
}
