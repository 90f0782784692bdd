package ua

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/uatest"
)

func TestCallThroughTheRegistrarRings(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		newRegistrar(t, n)
		a := member(t, n, "10.0.0.1", "alice", "secret-a", func(a *Account) { a.DisplayName = `Alice "A" \` })
		b := member(t, n, "10.0.0.2", "bob", "secret-b")
		registered(a)
		registered(b)
		a.Dial("1", "alice", "bob", lm)
		in := expect[Incoming](b)
		if in.Account != "bob" || in.From != "sip:alice@"+domain || !strings.HasPrefix(in.FromName, `Alice "A"`) ||
			strings.Join(in.Codecs, " ") != "PCMU PCMA G729" {
			t.Errorf("%+v", in)
		}
		b.Reject(in.Call, 486)
		if e := expect[Ended](a); e.Code != 486 || e.Reason != "Busy Here" || !e.Remote {
			t.Errorf("%+v", e)
		}
		if e := expect[Ended](b); e.Code != 486 || e.Remote {
			t.Errorf("%+v", e)
		}
		if len(a.last("> INVITE")) > 1200 {
			t.Errorf("our INVITE has %d bytes", len(a.last("> INVITE")))
		}
		// A wrong number.
		a.Dial("2", "", "nobody", lm)
		if e := expect[Ended](a); e.Code != 404 {
			t.Errorf("%+v", e)
		}
	})
}

func TestStrangersNeverRing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		p := member(t, n, "10.0.0.1", "alice", "secret-a")
		registered(p)
		b, _ := r.bound("alice")
		w := newWire(t, n, "10.0.0.9")
		for _, uri := range []string{
			"sip:alice@" + b.addr, "sip:100@" + b.addr, "sip:" + b.addr,
			"sip:" + b.contact.User + "@" + b.addr, // even who learned our Contact, from elsewhere than the registrar
		} {
			l := w.invite(b.addr, uri, testSDP)
			w.response(404)
			l.again("ACK", "")
			l.send("OPTIONS", "")
			w.response(404)
		}
		p.quietFor(time.Minute)
	})
}

func TestRegistrarAsksForOptions(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		l := &wireLeg{w: w, to: phoneAt, uri: "sip:p@" + phoneAt, local: "<sip:wire@10.0.0.9>;tag=1", remote: "<sip:p@10.0.0.1>", callID: "o"}
		l.send("OPTIONS", "")
		r := w.response(200)
		if headerValue(r, "Allow") != allow || headerValue(r, "Accept") != "application/sdp" {
			t.Errorf("OPTIONS\n%s", r)
		}
	})
}

func TestRequestsOutsideDialogsAreRefusedAsOwed(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		for _, c := range []struct {
			method, uri, body string
			headers           []string
			want              int
			header            string
		}{
			{"BYE", "sip:p@10.0.0.1", "", nil, 481, ""},
			{"CANCEL", "sip:p@10.0.0.1", "", nil, 481, ""},
			{"INFO", "sip:p@10.0.0.1", "", nil, 481, ""},
			{"REGISTER", "sip:p@10.0.0.1", "", nil, 405, "Allow: " + allow},
			{"BREW", "sip:p@10.0.0.1", "", nil, 405, "Allow: " + allow},
			{"INVITE", "tel:+123", testSDP, nil, 416, ""},
			{"INVITE", "sip:p@10.0.0.1", testSDP, []string{"Require: 100rel, nothing-of-this"}, 420, "Unsupported: nothing-of-this"},
			{"INVITE", "sip:p@10.0.0.1", testSDP, []string{"Content-Encoding: gzip"}, 415, "Accept-Encoding: identity"},
			{"INVITE", "sip:p@10.0.0.1", "hello\n", []string{"Content-Type: text/plain"}, 400, ""}, // two Content-Types: the last is ours
			{"INVITE", "sip:p@10.0.0.1", "v=0\nm=audio x RTP/AVP 0\n", nil, 400, ""},
			{"INVITE", "sip:p@10.0.0.1", strings.ReplaceAll(testSDP, "8 0 96", "9 97"), nil, 488, ""},
			{"INVITE", "sip:p@10.0.0.1", strings.ReplaceAll(testSDP, "audio", "video"), nil, 488, ""},
		} {
			l := &wireLeg{w: w, to: phoneAt, uri: c.uri, local: "<sip:wire@10.0.0.9>;tag=1", remote: "<sip:p@10.0.0.1>", callID: token()}
			l.send(c.method, c.body, c.headers...)
			r := w.response(c.want)
			if c.header != "" && !strings.Contains(r.String(), c.header+"\r\n") {
				t.Errorf("%s: no %s\n%s", c.method, c.header, r)
			}
			if c.method == "INVITE" {
				l.again("ACK", "")
			}
		}
		p.quietFor(time.Second)
	})
}

func TestOneToTagPerDialogAndMergedRequestsAreRefused(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		l := w.invite(phoneAt, "sip:p@"+phoneAt, testSDP)
		in := expect[Incoming](p)
		l.again("INVITE", testSDP) // a repetition
		synctest.Wait()
		p.Ring(in.Call)
		tags := map[string]bool{w.response(180).To().Params.GetOr("tag", ""): true}
		// The same INVITE by another path: another branch.
		l.branch = sip.GenerateBranch()
		l.again("INVITE", testSDP)
		if r := w.response(482); r.To().Params.GetOr("tag", "") == "" {
			t.Errorf("482\n%s", r)
		}
		l.again("ACK", "")
		p.Answer(in.Call, lm)
		r := w.response(200)
		tags[r.To().Params.GetOr("tag", "")] = true
		if len(tags) != 1 {
			t.Errorf("To-tags %v", tags)
		}
		expect[Answered](p)
		p.quietFor(100 * time.Millisecond)
	})
}

func TestCloseEndsCallsAndTellsThePeers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		a, b := direct(t, n, "10.0.0.1", "udp"), direct(t, n, "10.0.0.2", "udp")
		connect(t, a, b, "sip:b@10.0.0.2")
		b.Dial("2", "", "sip:a@10.0.0.1", lm)
		expect[Incoming](a)
		start := time.Now()
		a.Close(t.Context())
		if d := time.Since(start); d > time.Second {
			t.Errorf("Close took %v", d)
		}
		expect[Ended](b)
		expect[Ended](b)
		if err := a.Dial("3", "", "sip:x@10.0.0.2", lm); err == nil {
			t.Error("dialled after Close")
		}
		synctest.Wait()
	})
}
