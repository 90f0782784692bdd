package ua

import (
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/pion/stun/v3"
)

// FuzzChallenge answers whatever a server asks.
func FuzzChallenge(f *testing.F) {
	f.Add(`Digest realm="r", nonce="n", qop="auth,auth-int", algorithm=SHA-256, opaque="o"`, `qop=auth, nextnonce="x"`)
	f.Add(`Digest realm="a\"b", nonce="", algorithm=MD5-sess, qop=auth, stale=TRUE`, `nextnonce=`)
	f.Add(`Basic realm="r"`, `=,",`)
	f.Fuzz(func(t *testing.T, challenge, info string) {
		req := sip.NewRequest(sip.REGISTER, sip.Uri{Scheme: "sip", Host: "b.test"})
		req.AppendHeader(&sip.CSeqHeader{SeqNo: 1, MethodName: sip.REGISTER})
		res := sip.NewResponse(401, "Unauthorized")
		res.AppendHeader(sip.NewHeader("WWW-Authenticate", challenge))
		res.AppendHeader(sip.NewHeader("Authentication-Info", info))
		var kept challenges
		au := auth{user: "u", password: func() (string, error) { return "secret", nil }, keep: &kept}
		next, err := au.again(req, res)
		if err != nil {
			return
		}
		if next.CSeq().SeqNo != 2 || headerValue(next, "Authorization") == "" {
			t.Errorf("%v", next)
		}
		kept.renew(res)
		kept.apply(req, "u", au.password)
		for _, m := range []*sip.Request{req, next} {
			if v := headerValue(m, "Authorization"); strings.Contains(v, "secret") && !strings.Contains(challenge+info, "secret") {
				t.Errorf("the password is in %q", v)
			}
		}
	})
}

// FuzzRegistered reads what a registrar says in a 200.
func FuzzRegistered(f *testing.F) {
	f.Add("<sip:a@b:5060>;expires=60, <sip:c@d>;q=0.1", "<sip:p;lr>, <sip:q;lr>", "received=1.2.3.4;rport=5", "60")
	f.Add(`"x" <sip:a@b?h=1>;+sip.instance="<urn:x>";expires="70"`, "sip:p", "rport=99999;received=[::1]", "-1")
	acc, err := newAccount(&Agent{log: slog.New(slog.DiscardHandler)}, Account{Name: "x", URI: "sip:x@b.test"})
	if err != nil {
		f.Fatal(err)
	}
	local := netip.MustParseAddrPort("10.0.0.1:5060")
	acc.a.stack = &stack{seen: map[seenKey]netip.AddrPort{}}
	f.Fuzz(func(t *testing.T, contact, route, via, expires string) {
		text := "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1;" + line(via) + "\r\nContact: " + line(contact) + "\r\nService-Route: " + line(route) +
			"\r\nExpires: " + line(expires) + "\r\nContent-Length: 0\r\n\r\n"
		msg, err := sip.ParseMessage([]byte(text))
		if err != nil {
			return
		}
		res, ok := msg.(*sip.Response)
		if !ok {
			return
		}
		fl := flow{transport: "udp", local: local, remote: netip.MustParseAddrPort("10.0.0.2:5060")}
		if n := acc.granted(res, fl); n < 0 || n > maxExpires {
			t.Errorf("granted %d", n)
		}
		if r := serviceRoute(res); len(r) > maxRoutes {
			t.Errorf("%d routes", len(r))
		}
		req := sip.NewRequest(sip.REGISTER, sip.Uri{Scheme: "sip", Host: "b.test"})
		v := &sip.ViaHeader{Transport: "UDP", Host: "10.0.0.1", Port: 5060}
		v.Params.Add("branch", "z9hG4bK1")
		req.AppendHeader(v)
		if got, moved := acc.observe(req, res, fl); moved && (!got.seen.IsValid() || got.seen.Addr().Is6()) {
			t.Errorf("seen at %v", got.seen)
		}
		acc.a.stack.seen = map[seenKey]netip.AddrPort{}
	})
}

// line makes one header line of anything.
func line(s string) string { return strings.NewReplacer("\r", "", "\n", "").Replace(s) }

// FuzzSTUN takes packets that may be STUN.
func FuzzSTUN(f *testing.F) {
	f.Add(stun.MustBuild(stun.TransactionID, stun.BindingSuccess, &stun.XORMappedAddress{IP: []byte{1, 2, 3, 4}, Port: 5}).Raw)
	f.Add(stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw)
	from := netip.MustParseAddrPort("192.0.2.1:3478")
	f.Fuzz(func(t *testing.T, data []byte) {
		var s stunning
		var id [stun.TransactionIDSize]byte
		if len(data) >= 20 {
			copy(id[:], data[8:20])
		}
		seen := make(chan netip.AddrPort, 1)
		s.waiting = map[[stun.TransactionIDSize]byte]stunWait{id: {from, seen}}
		ours := s.take(data, from)
		if len(seen) > 0 && (!ours || !(<-seen).IsValid()) {
			t.Errorf("%x", data)
		}
	})
}
