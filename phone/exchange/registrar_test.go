package exchange

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

func TestRegistrarKeepsReplacesAndExpiresBindings(t *testing.T) {
	source := netip.MustParseAddrPort("127.0.0.1:6000")
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := newRegistrar()
	seq := 0
	reg := func(at time.Duration, callID string, headers ...string) (string, int) {
		seq++
		text := fmt.Sprintf("REGISTER sip:x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:1@x>;tag=1\r\nTo: <sip:1@x>\r\nCall-ID: %s\r\nCSeq: %d REGISTER\r\n%s\r\n\r\n",
			callID, seq, strings.Join(headers, "\r\n"))
		msg, err := sip.ParseMessage([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		now := start.Add(at)
		bindings, no := r.update("1", msg.(*sip.Request), source, now)
		if no != nil {
			return "", no.code
		}
		var out []string
		for _, b := range bindings {
			out = append(out, fmt.Sprintf("%s@%s+%d", b.uri.User, b.addr, int(b.expires.Sub(now).Seconds())))
		}
		return strings.Join(out, " "), 200
	}
	for _, c := range []struct {
		name    string
		at      time.Duration
		callID  string
		headers []string
		want    string
		code    int
	}{
		{"default lifetime", 0, "a", []string{"Contact: <sip:a@127.0.0.1:7000>"}, "a@127.0.0.1:7000+600", 200},
		{"query", 100 * time.Second, "q", []string{"X: y"}, "a@127.0.0.1:7000+500", 200},
		{"refreshed by header", 100 * time.Second, "a", []string{"Contact: <sip:a@127.0.0.1:7000>", "Expires: 60"}, "a@127.0.0.1:7000+60", 200},
		{"contact's own expires wins", 100 * time.Second, "a", []string{"Contact: <sip:a@127.0.0.1:7000>;expires=120", "Expires: 60"}, "a@127.0.0.1:7000+120", 200},
		{"newest first, reached where it sent from", 100 * time.Second, "b", []string{"Contact: <sip:b@192.0.2.7:7000>"}, "b@127.0.0.1:6000+600 a@127.0.0.1:7000+120", 200},
		{"too long is shortened", 100 * time.Second, "b", []string{"Contact: <sip:b@192.0.2.7:7000>;expires=999999"}, "b@127.0.0.1:6000+3600 a@127.0.0.1:7000+120", 200},
		{"too short", 100 * time.Second, "b", []string{"Contact: <sip:b@192.0.2.7:7000>;expires=5"}, "", 423},
		{"one runs out", 221 * time.Second, "q", []string{"X: y"}, "b@127.0.0.1:6000+3479", 200},
		{"one is removed", 221 * time.Second, "b", []string{"Contact: <sip:b@192.0.2.7:7000>;expires=0"}, "", 200},
		{"two in one request, one bad: neither", 221 * time.Second, "c", []string{"Contact: <sip:c@127.0.0.1:1>, <sips:d@127.0.0.1:2>"}, "", 400},
		{"two in one request", 221 * time.Second, "c", []string{"Contact: <sip:c@127.0.0.1:1>, <sip:d@127.0.0.1:2>"}, "d@127.0.0.1:2+600 c@127.0.0.1:1+600", 200},
		{"too many", 221 * time.Second, "c", []string{"Contact: <sip:e@127.0.0.1:1>, <sip:f@127.0.0.1:2>, <sip:g@127.0.0.1:2>"}, "", 403},
		{"star without Expires: 0", 221 * time.Second, "c", []string{"Contact: *"}, "", 400},
		{"star", 221 * time.Second, "c", []string{"Contact: *", "Expires: 0"}, "", 200},
		{"same phone started anew", 300 * time.Second, "n1", []string{`Contact: <sip:x@127.0.0.1:1>;+sip.instance="<urn:uuid:1>"`}, "x@127.0.0.1:1+600", 200},
		{"same phone started anew, 2", 300 * time.Second, "n2", []string{`Contact: <sip:y@127.0.0.1:2>;+sip.instance="<urn:uuid:1>"`}, "y@127.0.0.1:2+600", 200},
		{"bad expires", 300 * time.Second, "n3", []string{"Contact: <sip:y@127.0.0.1:2>", "Expires: soon"}, "", 400},
		{"name without address", 300 * time.Second, "n4", []string{"Contact: <mailto:y>"}, "", 400},
	} {
		got, code := reg(c.at, c.callID, c.headers...)
		if got != c.want || code != c.code {
			t.Errorf("%s: %q %d, want %q %d", c.name, got, code, c.want, c.code)
		}
	}
	seq = 0 // an old request that arrives late
	if _, code := reg(300*time.Second, "n2", `Contact: <sip:y@127.0.0.1:2>;+sip.instance="<urn:uuid:1>"`); code != 500 {
		t.Errorf("out of order: %d", code)
	}
}

func TestRegistrarIsBounded(t *testing.T) {
	r, now := newRegistrar(), time.Now()
	source := netip.MustParseAddrPort("127.0.0.1:6000")
	refused := 0
	for i := range 2 * maxExtensions {
		msg, err := sip.ParseMessage([]byte("REGISTER sip:x SIP/2.0\r\nCall-ID: a\r\nCSeq: 1 REGISTER\r\nContact: <sip:a@127.0.0.1:1>\r\n\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		if _, no := r.update(fmt.Sprint(i), msg.(*sip.Request), source, now); no != nil {
			refused++
		}
	}
	if len(r.extensions) != maxExtensions || len(r.known) != maxExtensions || refused != maxExtensions {
		t.Errorf("%d extensions, %d known, %d refused", len(r.extensions), len(r.known), refused)
	}
	// They run out, and the room is free again.
	now = now.Add(defaultExpires)
	msg, _ := sip.ParseMessage([]byte("REGISTER sip:x SIP/2.0\r\nCall-ID: a\r\nCSeq: 1 REGISTER\r\nContact: <sip:a@127.0.0.1:1>\r\n\r\n"))
	if _, no := r.update("new", msg.(*sip.Request), source, now); no != nil {
		t.Errorf("%+v", no)
	}
}

func TestRegisterResponseListsContacts(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		p := r.phone("100", 6000)
		res := p.register("Expires: 120")
		c := res.Contact()
		if res.StatusCode != 200 || c == nil || c.Address.String() != p.contact() || c.Params.GetOr("expires", "") != "120" || toTag(res) == "" {
			t.Errorf("\n%s", res)
		}
		for _, user := range []string{Echo, RingMe} {
			if res := r.phone(user, 6100+uint16(user[2])).register(); res.StatusCode != 403 {
				t.Errorf("%s could be registered: %d", user, res.StatusCode)
			}
		}
	})
}

// authorized answers a challenge as a client does.
func authorized(t *testing.T, res *sip.Response, header, method, uri, user, password string, pick int) string {
	t.Helper()
	name := "WWW-Authenticate"
	if header == "Proxy-Authorization" {
		name = "Proxy-Authenticate"
	}
	chal, err := digest.ParseChallenge(res.GetHeaders(name)[pick].Value())
	if err != nil {
		t.Fatal(err)
	}
	cred, err := digest.Digest(chal, digest.Options{Method: method, URI: uri, Username: user, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return header + ": " + cred.String()
}

func TestDigestAdmitsTheRightPasswordOnly(t *testing.T) {
	bubble(t, Config{Users: map[string]string{"100": "secret", "101": "other"}, Domain: "house"}, func(r *rig) {
		p, uri := r.phone("100", 6000), "sip:"+exchangeAddr
		ask := p.register()
		if ask.StatusCode != 401 || len(ask.GetHeaders("WWW-Authenticate")) != 2 {
			t.Fatalf("\n%s", ask)
		}
		for _, c := range []struct {
			name, user, password string
			pick, code           int
		}{
			{"SHA-256", "100", "secret", 0, 200},
			{"MD5", "100", "secret", 1, 200},
			{"wrong password", "100", "guess", 0, 403},
			{"no password", "100", "", 0, 403},
			{"another's password", "101", "other", 0, 403},
			{"unknown user", "102", "", 0, 403},
		} {
			if res := p.register(authorized(t, ask, "Authorization", "REGISTER", uri, c.user, c.password, c.pick)); res.StatusCode != c.code {
				t.Errorf("%s: %d, want %d", c.name, res.StatusCode, c.code)
			}
		}
		forged := strings.ReplaceAll(authorized(t, ask, "Authorization", "REGISTER", uri, "100", "secret", 0), ".", ".0")
		if res := p.register(forged); res.StatusCode != 401 {
			t.Errorf("forged nonce: %d", res.StatusCode)
		}
		good := authorized(t, ask, "Authorization", "REGISTER", uri, "100", "secret", 0)
		time.Sleep(nonceLife)
		if res := p.register(good); res.StatusCode != 401 || !strings.Contains(res.GetHeader("WWW-Authenticate").Value(), "stale=true") {
			t.Errorf("old nonce:\n%s", res)
		}
		// Calls are asked too, and a known extension that is away is 480.
		p.invite("101", "")
		ask = p.expect(407)
		p.ack(ask, exchangeAddr, "sip:101@"+exchangeAddr)
		p.invite("101", "", authorized(t, ask, "Proxy-Authorization", "INVITE", "sip:101@"+exchangeAddr, "100", "secret", 0))
		p.expect(480)
		p.drain()
		p.newCall()
		p.invite(Echo, sdpFor(7000, "0", ""))
		p.expect(407)
	})
}

func TestMalformedRequestsGet400OrNothing(t *testing.T) {
	good := "OPTIONS sip:127.0.0.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.1:6000;branch=z9hG4bK%d\nFrom: <sip:a@b>;tag=1\nTo: <sip:b@c>\nCall-ID: x\nCSeq: 1 OPTIONS\nMax-Forwards: 70\nContent-Length: 0\n\n"
	for i, c := range []struct {
		name, old, new string
		code           int // 0 = no response at all
	}{
		{"good", "x", "x", 200},
		{"no Max-Forwards is tolerated", "Max-Forwards: 70\n", "", 200},
		{"CSeq of another method", "1 OPTIONS", "1 INVITE", 400},
		{"no From tag", ";tag=1", "", 400},
		{"two Call-IDs", "Call-ID: x", "Call-ID: x\nCall-ID: y", 400},
		{"no CSeq", "CSeq: 1 OPTIONS\n", "", 400},
		{"CSeq too large", "CSeq: 1", "CSeq: 4294967296", 400},
		{"nonsense To", "<sip:b@c>", "<sip:b@c", 400},
		{"Content-Length beyond the packet", "Content-Length: 0", "Content-Length: 99", 400},
		{"negative Content-Length", "Content-Length: 0", "Content-Length: -1", 400},
		{"Max-Forwards 256", "Max-Forwards: 70", "Max-Forwards: 256", 400},
		{"SIP/7.0", "SIP/2.0\nVia", "SIP/7.0\nVia", 505},
		{"no Via", "Via: SIP/2.0/UDP 127.0.0.1:6000;branch=z9hG4bK%d\n", "", 0},
		{"header without colon", "Max-Forwards: 70", "Max-Forwards 70", 400},
		{"a keep-alive", good, "\n\n", 0},
		{"noise", good, "\x00\x01\x02", 0},
		{"stray response", good, "SIP/2.0 200 OK\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKzz\nFrom: <sip:a@b>;tag=1\nTo: <sip:b@c>\nCall-ID: x\nCSeq: 1 OPTIONS\nContent-Length: 0\n\n", 0},
		{"unreadable ACK", "OPTIONS", "ACK", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, Config{}, func(r *rig) {
				p := r.phone("a", 6000)
				text := strings.ReplaceAll(good, c.old, c.new)
				if strings.Contains(text, "%d") {
					text = fmt.Sprintf(text, i)
				}
				p.raw(exchangeAddr, text)
				synctest.Wait()
				code := 0
				if len(p.conn.in) > 0 { // what is echoed may be unreadable to our parser too
					fmt.Sscanf(string((<-p.conn.in).data), "SIP/2.0 %d", &code)
				}
				if code != c.code {
					t.Errorf("got %d, want %d for\n%s", code, c.code, text)
				}
			})
		})
	}
}

func TestOnlyLoopbackIsListenedOn(t *testing.T) {
	for _, listen := range []string{"0.0.0.0:5060", ":5060", "[::]:5060", "192.168.1.5:5060", "example.org:5060"} {
		if _, err := New(Config{Listen: listen}); !errors.Is(err, ErrNotLoopback) {
			t.Errorf("%s: %v", listen, err)
		}
	}
	if _, err := New(Config{Listen: "127.0.0.1"}); err == nil {
		t.Error("address without port was taken")
	}
	for _, listen := range []string{"", "127.0.0.1:0", "localhost:0", "[::1]:0", "127.8.9.1:0"} {
		if _, err := New(Config{Listen: listen}); err != nil {
			t.Errorf("%s: %v", listen, err)
		}
	}
	// What the network gives is checked as well.
	ex, err := New(Config{Network: anywhere{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := ex.Start(context.Background()); !errors.Is(err, ErrNotLoopback) {
		t.Errorf("Start: %v", err)
	}
}

type anywhere struct{}

func (anywhere) ListenPacket(context.Context, string, string) (net.PacketConn, error) {
	return &memConn{n: newMemNet(), addr: netip.MustParseAddrPort("192.0.2.1:5060"), closed: make(chan struct{})}, nil
}

func TestRealSocketsServeAndStopWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	ex, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := ex.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if ex.Start(ctx) == nil {
		t.Error("started twice")
	}
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(ex.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(conn, "OPTIONS sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@c>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n", ex.Addr())
	buf := make([]byte, 2000)
	n, err := conn.Read(buf)
	if err != nil || !strings.HasPrefix(string(buf[:n]), "SIP/2.0 200 ") || !strings.Contains(string(buf[:n]), "rport="+fmt.Sprint(conn.LocalAddr().(*net.UDPAddr).Port)) {
		t.Fatalf("%v\n%s", err, buf[:n])
	}
	cancel()
	ex.Close()
	ex.Close()
	if ex.Start(context.Background()) == nil {
		t.Error("started after Close")
	}
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte("OPTIONS sip:127.0.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:6000;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@c>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"))
	f.Add([]byte("REGISTER sip:x SIP/2.0\r\nv: SIP/2.0/UDP 127.0.0.1:6000;branch=1;rport\r\nf: <sip:a@b>;tag=1\r\nt: <sip:b@c>\r\ni: x\r\nCSeq: 1 REGISTER\r\nm: *\r\nExpires: 0\r\n\r\n"))
	f.Add([]byte("INVITE sip:600@x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:6000;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@c>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nContact: <sip:a@127.0.0.1>\r\nContent-Type: application/sdp\r\n\r\nv=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 7000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"))
	f.Add([]byte("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKzz\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@c>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n\r\n"))
	ex, err := New(Config{Network: newMemNet(), Users: map[string]string{"a": "b"}})
	if err != nil {
		f.Fatal(err)
	}
	if err := ex.Start(f.Context()); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { ex.Close() })
	from := netip.MustParseAddrPort("127.0.0.1:6000")
	f.Fuzz(func(t *testing.T, data []byte) {
		done := make(chan struct{})
		ex.post(func() {
			ex.limiter = newLimiter()
			ex.receive(packet{data, from})
			clear(ex.servers)
			close(done)
		})
		<-done
	})
}
