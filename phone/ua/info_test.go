package ua

import (
	"fmt"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/uatest"
)

func TestKeysByInfoBothWays(t *testing.T) {
	pair(t, func(t *testing.T, n *uatest.Network, a, b *phone, out, in string) {
		for _, k := range []byte("12*#D") {
			if err := a.SendInfo(out, k); err != nil {
				t.Fatal(err)
			}
		}
		for _, k := range []byte("12*#D") {
			if e := expect[KeyReceived](b); e.Call != in || e.Key != k {
				t.Errorf("%+v, want %c", e, k)
			}
		}
		if err := a.SendInfo(out, 'x'); err == nil {
			t.Error("x was sent")
		}
	})
}

func TestKeysByInfoToPeersOfOtherHabits(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		_, call := answered(t, p, w)
		p.SendInfo(call, '5')
		p.SendInfo(call, '6')
		i := w.request(sip.INFO)
		if string(i.Body()) != "Signal=5\r\nDuration=160\r\n" {
			t.Errorf("%q", i.Body())
		}
		w.answer(i, 415, "", "")
		if i = w.request(sip.INFO); string(i.Body()) != "5" || string(*i.ContentType()) != "application/dtmf" {
			t.Errorf("%s", i)
		}
		w.answer(i, 200, "", "")
		if i = w.request(sip.INFO); string(i.Body()) != "6" {
			t.Errorf("%s", i)
		}
		w.answer(i, 405, "", "")
		if e := expect[KeyRefused](p); e.Key != '6' || !strings.Contains(e.Reason, "405") {
			t.Errorf("%+v", e)
		}
	})
}

func TestInfoBodies(t *testing.T) {
	for in, want := range map[string]string{
		"application/dtmf-relay|Signal=5\r\nDuration=160\r\n": "5", "application/dtmf-relay|Signal= *\nDuration= 100": "*",
		"application/dtmf-relay|signal=11\r\n": "#", "application/dtmf-relay|Signal=10": "*", "application/dtmf-relay|Signal=a": "A",
		"application/dtmf|5": "5", "application/dtmf|#\r\n": "#", "application/dtmf|": "", "application/dtmf|55": "",
		"application/dtmf-relay|Duration=1": "", "application/dtmf-relay|Signal=\x00": "",
	} {
		kind, body, _ := strings.Cut(in, "|")
		got := ""
		if k, ok := infoKey(kind, []byte(body)); ok {
			got = string(rune(k))
		}
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		l, _ := answered(t, p, w)
		for body, want := range map[string]int{"text/plain|x": 415, "application/dtmf|x": 400, "application/dtmf|7": 200} {
			kind, body, _ := strings.Cut(body, "|")
			l.w.cseq++
			l.w.raw(l.to, fmt.Sprintf("INFO %s SIP/2.0\nVia: SIP/2.0/UDP %s;branch=%s\nFrom: %s\nTo: %s\nCall-ID: %s\nCSeq: %d INFO\nContent-Type: %s\nContent-Length: %d\n\n%s",
				l.uri, w.addr, sip.GenerateBranch(), l.local, l.remote, l.callID, l.w.cseq, kind, len(body), body))
			w.response(want)
		}
		if e := expect[KeyReceived](p); e.Key != '7' {
			t.Errorf("%+v", e)
		}
	})
}
