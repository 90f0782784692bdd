//go:build peers && linux

package interop

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"offhook/phone/exchange"
)

// exchange runs our local exchange, as offhook does when it has no account.
func (l *lab) exchange(users map[string]string) *kamailio {
	l.t.Helper()
	ex, err := exchange.New(exchange.Config{Listen: "127.0.0.2:5060", Users: users, Logger: slog.New(slog.NewTextHandler(l.t.Output(), nil))})
	if err != nil {
		l.t.Fatal(err)
	}
	if err := ex.Start(context.Background()); err != nil {
		l.t.Fatal(err)
	}
	l.cleanup(func() { ex.Close() })
	return &kamailio{addr: ex.Addr().Addr().String()}
}

func TestLinphoneAtTheLocalExchangeHearsItselfInG729(t *testing.T) {
	speaking(t, func(l *lab) {
		k := l.exchange(nil)
		says, other := l.say("linphone", "en", textOne, 8000), l.say("nobody", "en+f3", textTwo, 8000)
		lin := l.linphone(k, "carol", "any", "G729", says, false)
		lin.do("call sip:600@" + k.addr)
		lin.await("Media streams established", 10*time.Second)
		l.talk(talk)
		lin.do("terminate")
		lin.await("ended", 5*time.Second)
		l.carried("echo", says, lin.heard(), other)
	})
}

func TestLinphoneIsRungBackByTheLocalExchange(t *testing.T) {
	l := newLab(t)
	k := l.exchange(nil)
	lin := l.linphone(k, "carol", "any", "PCMA", l.say("linphone", "en", textOne, 8000), false)
	lin.do("call sip:601@" + k.addr)
	lin.await("Media streams established", 10*time.Second)
	lin.do("terminate")
	lin.await("Receiving new incoming call", 10*time.Second)
	lin.do("answer")
	lin.await("for call 2 (audio)", 5*time.Second)
	lin.do("terminate")
	lin.await("<sip:601@127.0.0.2:5060> ended", 5*time.Second)
}

// (baresip will not send to loopback at all.)
func TestTwoLinphonesCallEachOtherThroughTheLocalExchange(t *testing.T) {
	speaking(t, func(l *lab) {
		k := l.exchange(map[string]string{"dave": "two", "carol": "one"})
		saysCarol, saysDave := l.say("carol", "en", textOne, 8000), l.say("dave", "en+f3", textTwo, 8000)
		dave := l.linphone(k, "dave", "two", "PCMA", saysDave, false)
		carol := l.linphone(k, "carol", "one", "PCMA", saysCarol, false)
		carol.do("call sip:dave@" + k.addr)
		dave.await("assigned id 1", 10*time.Second)
		carol.await("Call 1 to sip:dave@127.0.0.2 ringing", 5*time.Second)
		dave.do("terminate") // declined
		carol.await("Call 1 with sip:dave@127.0.0.2 ended (Call declined)", 5*time.Second)
		carol.do("call sip:dave@" + k.addr)
		dave.await("assigned id 2", 10*time.Second)
		carol.do("terminate") // given up
		dave.await("Call 2 with sip:carol@127.0.0.2 ended", 5*time.Second)
		carol.do("call sip:dave@" + k.addr)
		dave.await("assigned id 3", 10*time.Second)
		dave.do("answer")
		carol.await("Media streams established with sip:dave@127.0.0.2 for call 3", 10*time.Second)
		l.talk(talk)
		dave.do("terminate")
		carol.await("Call 3 with sip:dave@127.0.0.2 ended", 5*time.Second)
		l.carried("carol to dave", saysCarol, dave.heard(), saysDave)
		l.carried("dave to carol", saysDave, carol.heard(), saysCarol)
	})
}
