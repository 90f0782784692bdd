//go:build peers && linux

package interop

import (
	"strings"
	"testing"
	"time"

	"offhook/phone/control"
)

// shortTalk is enough to tell that speech comes through.
const shortTalk = 6 * time.Second

// encrypted checks that the one call of p is encrypted as way says.
func (p *offhook) encrypted(way string) {
	p.l.t.Helper()
	p.eventually("encrypted by "+way, 10*time.Second, func() bool {
		s := p.status()
		return len(s.Calls) == 1 && s.Calls[0].Keying == way && s.Calls[0].SRTP != ""
	})
	c := p.status().Calls[0]
	p.l.t.Logf("%s, %s", c.Keying, c.SRTP)
}

// baresip offers and answers UDP/TLS/RTP/SAVPF, with an RSA certificate, and is
// active in its answers.
func TestDTLSWithBaresip(t *testing.T) {
	for _, incoming := range []bool{false, true} {
		t.Run(map[bool]string{false: "offhook calls", true: "baresip calls"}[incoming], func(t *testing.T) {
			speaking(t, func(l *lab) {
				w := l.two(offhookOptions{account: `srtp = "dtls"`}, baresipOptions{answer: "auto", mediaenc: "dtls_srtp"})
				from := w.off.mark()
				if incoming {
					w.bare.do("dial", "sip:alice@"+w.k.addr)
					w.off.awaitCall(from, control.CallIncoming, 10*time.Second)
					w.off.do("handset", "lift")
				} else {
					w.off.do("handset", "lift")
					w.off.do("dial", "bob")
				}
				w.off.awaitCall(from, control.CallActive, 10*time.Second)
				w.off.encrypted(control.KeyingDTLS)
				l.talk(shortTalk)
				w.bare.do("hangup", "")
				w.off.awaitCall(from, control.CallEnded, 10*time.Second)
				w.off.do("handset", "hang-up")
				w.compare()
			})
		})
	}
}

// One that knows nothing of encryption refuses the offer of it, and is then
// asked for less; one that insists on it is not.
func TestDTLSIsNotForcedOnAnybody(t *testing.T) {
	for _, account := range []string{`srtp = "dtls"`, "srtp = \"dtls\"\nsrtp_required = true"} {
		l := newLab(t)
		w := l.two(offhookOptions{account: account}, baresipOptions{answer: "auto"})
		from := w.off.mark()
		w.off.do("handset", "lift")
		w.off.do("dial", "bob")
		if strings.Contains(account, "required") {
			if e := w.off.awaitCall(from, control.CallEnded, 10*time.Second); e.Code != 488 {
				t.Errorf("ended with %d %s", e.Code, e.Reason)
			}
			continue
		}
		w.off.awaitCall(from, control.CallActive, 10*time.Second)
		if s := w.off.status().Calls[0]; s.SRTP != "" || s.Keying != "" {
			t.Errorf("encrypted by %q", s.Keying)
		}
		w.off.do("handset", "hang-up")
		w.bare.await(bareClosed, 5*time.Second)
		l.close()
	}
}

// linphone offers RTP/SAVP or UDP/TLS/RTP/SAVP, and insists.
func TestSRTPWithLinphone(t *testing.T) {
	for _, way := range []string{control.KeyingSDES, control.KeyingDTLS} {
		t.Run(way, func(t *testing.T) {
			speaking(t, func(l *lab) {
				k := l.kamailio(map[string]string{"alice": "one", "carol": "two"})
				says, oneSays := l.say("linphone", "en+f3", textTwo, 8000), l.say("offhook", "en", textOne, 48000)
				lin := l.linphone(k, "carol", "two", "PCMA", says, way == control.KeyingDTLS,
					"media_encryption="+strings.Replace(way, "sdes", "srtp", 1), "media_encryption_mandatory=1")
				off := l.offhook(k, "alice", offhookOptions{password: "one", say: oneSays, account: `srtp = "` + way + `"`})
				from := off.mark()
				if way == control.KeyingSDES {
					lin.do("call sip:alice@" + k.addr)
					off.awaitCall(from, control.CallIncoming, 10*time.Second)
					off.do("handset", "lift")
				} else {
					off.do("handset", "lift")
					off.do("dial", "carol")
				}
				off.awaitCall(from, control.CallActive, 10*time.Second)
				off.encrypted(way)
				l.talk(shortTalk)
				lin.do("terminate")
				off.awaitCall(from, control.CallEnded, 10*time.Second)
				off.do("handset", "hang-up")
				off.quit()
				l.carried("offhook to linphone", oneSays, lin.heard(), says)
				l.carried("linphone to offhook", says, off.record, oneSays)
			})
		})
	}
}
