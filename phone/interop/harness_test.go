//go:build peers && linux

package interop

import (
	"testing"
	"time"
)

// Before Offhook is blamed: two peers of others' making, through the same
// kamailio, with the same speech and the same comparison.
func TestHarnessCarriesACallBetweenTwoBaresips(t *testing.T) {
	speaking(t, twoBaresips)
}

func twoBaresips(l *lab) {
	k := l.kamailio(map[string]string{"alice": "one", "bob": "two"})
	saysAlice, saysBob := l.say("alice", "en", textOne, 8000), l.say("bob", "en+f3", textTwo, 8000)
	alice := l.baresip(k, "alice", "one", baresipOptions{say: saysAlice})
	bob := l.baresip(k, "bob", "two", baresipOptions{say: saysBob, answer: "auto"})
	alice.do("dial", "sip:bob@"+k.addr)
	bob.await(bareEstablished, 10*time.Second)
	alice.await(bareEstablished, 10*time.Second)
	l.talk(talk)
	alice.do("hangup", "")
	bob.await(bareClosed, 10*time.Second)
	l.carried("alice to bob", saysAlice, bob.heard(), saysBob)
	l.carried("bob to alice", saysBob, alice.heard(), saysAlice)
}
