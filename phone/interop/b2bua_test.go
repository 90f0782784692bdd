//go:build peers && linux

package interop

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"offhook/phone/control"
)

// between starts a baresip as back-to-back user agent on h: to whom calls k it is the one called, and it calls on by
// itself; sound goes through it.
func (l *lab) between(k *kamailio, h host) *process {
	l.t.Helper()
	dir := l.sub("b2bua")
	l.write(filepath.Join(dir, "config"), `poll_method epoll
sip_listen `+h.addr+`:5060
net_interface `+h.iface+`
call_local_timeout 120
call_max_calls 8
audio_source aubridge,none
audio_player aubridge,none
audio_alert aubridge,none
ausrc_srate 8000
auplay_srate 8000
rtp_ports 20000-20100
jitter_buffer_delay 5-10
module_path /usr/lib/baresip/modules
module g711.so
module aubridge.so
module_app account.so
module_app b2bua.so
`)
	l.write(filepath.Join(dir, "accounts"), fmt.Sprintf(`<sip:bridge@%[1]s>;auth_user=bridge;auth_pass=four;regint=0;audio_codecs=pcma;b2bua=inbound
<sip:beyond@%[1]s>;auth_user=bridge;auth_pass=four;regint=0;audio_codecs=pcma;b2bua=outbound
`, k.addr))
	p := l.start("baresip b2bua", h.command("baresip", "-f", dir, "-v"))
	p.await("b2bua: module loaded", 15*time.Second)
	return p
}

// Two of our phones, and a baresip between them that makes two calls of each.
func TestTwoPhonesThroughABackToBackUserAgent(t *testing.T) {
	speaking(t, func(l *lab) {
		l.frail = true // packets flow, that is seen below
		middle := l.host()
		k := l.kamailioWith(map[string]string{"alice": "one", "bob": "two", "bridge": "four"}, kamailioOptions{through: middle.addr})
		between := l.between(k, middle)
		saysAlice, saysBob := l.say("alice", "en", textOne, 48000), l.say("bob", "en+f3", textTwo, 48000)
		alice := l.offhook(k, "alice", offhookOptions{password: "one", say: saysAlice})
		bob := l.offhook(k, "bob", offhookOptions{password: "two", say: saysBob})
		call := func(from, to *offhook, whom string) (int, int) {
			t.Helper()
			f, g := from.mark(), to.mark()
			from.do("handset", "lift")
			from.do("dial", whom)
			to.awaitCall(g, control.CallIncoming, 10*time.Second)
			from.awaitCall(f, control.CallAlerting, 10*time.Second)
			return f, g
		}
		// Given up, and declined: passed on.
		f, g := call(bob, alice, "alice")
		bob.do("handset", "hang-up")
		bob.awaitCall(f, control.CallEnded, 10*time.Second)
		alice.awaitCall(g, control.CallEnded, 10*time.Second)
		f, _ = call(alice, bob, "bob")
		bob.do("decline")
		alice.awaitCall(f, control.CallEnded, 10*time.Second)
		alice.do("handset", "hang-up")
		// Answered; speech, and a key. (Not held: baresip 1.0 does not join its two halves again.)
		f, g = call(alice, bob, "bob")
		bob.do("handset", "lift")
		alice.awaitCall(f, control.CallActive, 10*time.Second)
		bob.awaitCall(g, control.CallActive, 10*time.Second)
		l.talk(talk)
		alice.flows()
		bob.flows()
		keys := bob.mark()
		alice.do("handset", "press", "5")
		if got := bob.waitKeys(keys, 1, 10*time.Second); len(got) == 0 || got[0].Key != "5" {
			t.Errorf("bob received the keys %+v, want 5", got)
		}
		alice.do("handset", "hang-up")
		bob.awaitCall(g, control.CallEnded, 10*time.Second)
		bob.do("handset", "hang-up")
		between.await("session destroyed", 10*time.Second)
		alice.quit()
		bob.quit()
		l.carried("alice to bob", saysAlice, bob.record, saysBob)
		l.carried("bob to alice", saysBob, alice.record, saysAlice)
	})
}
