package ua

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"

	"offhook/phone/ua/uatest"
)

// registrar is a small SIP server on one UDP socket: it registers with digest
// authentication and forwards everything else without state, adding itself to
// Via and Record-Route. Its hooks make the misbehaviour tests need.
type registrar struct {
	t    *testing.T
	conn net.PacketConn
	addr netip.AddrPort

	mu         sync.Mutex // guards the rest
	users      map[string]string
	bindings   map[string]binding
	nonce      int
	granted    int                // lifetime given, s; 0: what was asked
	min        int                // 423 below
	algs       []string           // challenges in this order; none: no authentication
	proxy      bool               // challenge with 407
	stale      bool               // the next request with credentials is told its nonce is stale
	answer     map[string]int     // method → status instead of the work
	seen       []*sip.Request     // requests taken, oldest first
	onReq      func(*sip.Request) // called for each
	inviteCh   bool               // challenge INVITE and BYE as well
	okay       []string           // headers of the 200 to a REGISTER
	stuns      int                // STUN requests taken
	deaf       bool               // to STUN
	once       bool               // each nonce is good for one request
	used       map[string]bool    // nonces of credentials that were taken
	challenged int                // requests
}

type binding struct {
	contact sip.Uri
	addr    string
	expires int
}

const domain = "example.test"

func newRegistrar(t *testing.T, n *uatest.Network) *registrar {
	t.Helper()
	r := registrarAt(t, n, "10.0.0.100")
	n.SetName(domain, r.addr.Addr())
	return r
}

// registrarAt is a registrar that no name leads to.
func registrarAt(t *testing.T, n *uatest.Network, host string) *registrar {
	t.Helper()
	c, err := n.Host(host).ListenPacket(context.Background(), host+":5060")
	if err != nil {
		t.Fatal(err)
	}
	return newRegistrarOn(t, c)
}

func newRegistrarOn(t *testing.T, c net.PacketConn) *registrar {
	r := &registrar{t: t, conn: c, addr: addrPort(c.LocalAddr()), bindings: map[string]binding{},
		users: map[string]string{"alice": "secret-a", "bob": "secret-b"}, algs: []string{"MD5"}, answer: map[string]int{}}
	t.Cleanup(func() { c.Close() })
	go r.serve()
	return r
}

// set changes the registrar's ways under its lock.
func (r *registrar) set(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

// requests are those of a method so far.
func (r *registrar) requests(method sip.RequestMethod) []*sip.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []*sip.Request
	for _, q := range r.seen {
		if q.Method == method {
			out = append(out, q)
		}
	}
	return out
}

func (r *registrar) serve() {
	buf := make([]byte, 65536)
	for {
		n, from, err := r.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		if out := stunAnswer(buf[:n], from); out != nil {
			r.mu.Lock()
			if r.stuns++; !r.deaf {
				r.conn.WriteTo(out, from)
			}
			r.mu.Unlock()
			continue
		}
		if string(buf[:n]) == "\r\n\r\n" {
			continue
		}
		msg, err := sip.ParseMessage(append([]byte(nil), buf[:n]...))
		if err != nil {
			r.t.Errorf("registrar got nonsense: %v\n%s", err, buf[:n])
			continue
		}
		msg.SetSource(from.String())
		r.mu.Lock()
		switch m := msg.(type) {
		case *sip.Request:
			r.request(m)
		case *sip.Response:
			r.response(m)
		}
		r.mu.Unlock()
	}
}

func (r *registrar) send(m sip.Message, to string) {
	a, err := net.ResolveUDPAddr("udp", to)
	if err != nil {
		r.t.Errorf("registrar sends to %q: %v", to, err)
		return
	}
	r.conn.WriteTo([]byte(m.String()), a)
}

func (r *registrar) reply(req *sip.Request, code int, headers ...string) {
	res := sip.NewResponseFromRequest(req, code, reasonPhrase(code), nil)
	// RFC 3581.
	src := source(req)
	res.Via().Params.Add("received", src.Addr().String())
	res.Via().Params.Add("rport", strconv.Itoa(int(src.Port())))
	for i := 0; i < len(headers); i += 2 {
		res.AppendHeader(sip.NewHeader(headers[i], headers[i+1]))
	}
	r.send(res, req.Source())
}

// authorized checks credentials; when they do not do it has replied.
func (r *registrar) authorized(req *sip.Request) bool {
	if len(r.algs) == 0 {
		return true
	}
	code, ask, give := 401, "WWW-Authenticate", "Authorization"
	if r.proxy || req.Method != sip.REGISTER {
		code, ask, give = 407, "Proxy-Authenticate", "Proxy-Authorization"
	}
	challenge := func(stale bool) {
		r.nonce++
		r.challenged++
		var h []string
		for _, alg := range r.algs {
			v := fmt.Sprintf(`Digest realm="%s", nonce="n%d", qop="auth", algorithm=%s`, domain, r.nonce, alg)
			if stale {
				v += ", stale=true"
			}
			h = append(h, ask, v)
		}
		r.reply(req, code, h...)
	}
	v := headerValue(req, give)
	if v == "" {
		challenge(false)
		return false
	}
	cred, err := digest.ParseCredentials(v)
	if err != nil {
		r.t.Errorf("credentials %q: %v", v, err)
		return false
	}
	if r.stale {
		r.stale = false
		challenge(true)
		return false
	}
	password, ok := r.users[cred.Username]
	plain, inSession := session(cred.Algorithm)
	opts := digest.Options{Method: req.Method.String(), URI: cred.URI, Username: cred.Username, Password: password, Count: cred.Nc, Cnonce: cred.Cnonce}
	if h := hashes[plain]; inSession {
		opts.A1 = hexOf(h(), hexOf(h(), cred.Username+":"+domain+":"+password)+":"+cred.Nonce+":"+cred.Cnonce)
	}
	want, err := digest.Digest(&digest.Challenge{Realm: domain, Nonce: cred.Nonce, Algorithm: plain, QOP: []string{"auth"}}, opts)
	if r.once {
		if r.used[cred.Nonce] {
			challenge(false)
			return false
		}
		if r.used == nil {
			r.used = map[string]bool{}
		}
		r.used[cred.Nonce] = true
		r.nonce++
	}
	if err != nil || !ok || want.Response != cred.Response || cred.URI != req.Recipient.String() {
		challenge(false)
		return false
	}
	return true
}

func (r *registrar) request(req *sip.Request) {
	r.seen = append(r.seen, req)
	if r.onReq != nil {
		r.onReq(req)
	}
	if code := r.answer[string(req.Method)]; code != 0 {
		if code/100 == 3 {
			r.reply(req, code, r.okay...)
		} else {
			r.reply(req, code)
		}
		return
	}
	if req.Method == sip.REGISTER {
		if r.authorized(req) {
			r.register(req)
		}
		return
	}
	_, inDialog := req.To().Params.Get("tag")
	if r.inviteCh && req.Method != sip.ACK && req.Method != sip.CANCEL && source(req).Addr().String() == "10.0.0.1" {
		if !r.authorized(req) {
			return
		}
	}
	// Loose routing: our own Route entry goes.
	if rt := req.Route(); rt != nil && rt.Address.Host == r.addr.Addr().String() {
		req.RemoveHeader("Route")
	}
	dest := ""
	if rt := req.Route(); rt != nil {
		if _, err := netip.ParseAddr(rt.Address.Host); err != nil {
			return // it knows no names
		}
		dest = netip.AddrPortFrom(netip.MustParseAddr(rt.Address.Host), uint16(rt.Address.Port)).String()
	} else if req.Recipient.Host == domain {
		b, ok := r.bindings[req.Recipient.User]
		if !ok {
			if req.Method != sip.ACK {
				r.reply(req, 404)
			}
			return
		}
		req.Recipient, dest = *b.contact.Clone(), b.addr
	} else {
		dest = fmt.Sprintf("%s:%d", req.Recipient.Host, req.Recipient.Port)
	}
	// What we add must be the same for a request and its repetitions: RFC 3261
	// section 16.11.
	branch := "z9hG4bK-proxy-" + req.Via().Params.GetOr("branch", "none")
	src := source(req)
	req.Via().Params.Add("received", src.Addr().String())
	req.Via().Params.Add("rport", strconv.Itoa(int(src.Port())))
	via := &sip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: "UDP", Host: r.addr.Addr().String(), Port: 5060}
	via.Params.Add("branch", branch)
	if req.Method == sip.INVITE && !inDialog {
		rr := &sip.RecordRouteHeader{Address: sip.Uri{Scheme: "sip", Host: r.addr.Addr().String(), Port: 5060}}
		rr.Address.UriParams.Add("lr", "")
		req.PrependHeader(rr)
	}
	req.PrependHeader(via)
	r.send(req, dest)
}

func (r *registrar) register(req *sip.Request) {
	c := req.GetHeaders("Contact")[0].(*sip.ContactHeader) // others are former addresses
	want := seconds(headerValue(req, "Expires"))
	if r.min > want && want > 0 {
		r.reply(req, 423, "Min-Expires", strconv.Itoa(r.min))
		return
	}
	if r.granted > 0 && want > 0 {
		want = r.granted
	}
	user := req.To().Address.User
	if want == 0 {
		delete(r.bindings, user)
		r.reply(req, 200)
		return
	}
	r.bindings[user] = binding{*c.Address.Clone(), req.Source(), want}
	r.reply(req, 200, append([]string{"Contact", fmt.Sprintf("<%s>;expires=%d", c.Address.String(), want)}, r.okay...)...)
}

func (r *registrar) response(res *sip.Response) {
	vias := res.GetHeaders("Via")
	if len(vias) < 2 {
		return
	}
	res.RemoveHeader("Via")
	v := res.Via()
	host, port := v.Params.GetOr("received", v.Host), v.Params.GetOr("rport", strconv.Itoa(v.Port))
	r.send(res, net.JoinHostPort(host, port))
}

// bound is the binding of a user.
func (r *registrar) bound(user string) (binding, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b, ok := r.bindings[user]
	return b, ok
}

// member is a phone with an account at the registrar.
func member(t *testing.T, n *uatest.Network, host, user, password string, change ...func(*Account)) *phone {
	acc := Account{Name: user, URI: "sip:" + user + "@" + domain, Register: true, Expires: 600,
		Password: func() (string, error) { return password, nil }}
	acc.Expires = 0
	for _, f := range change {
		f(&acc)
	}
	p := newPhone(t, n.Host(host), Config{Accounts: []Account{acc}})
	p.name = user
	return p
}

// registered waits until a phone is registered.
func registered(p *phone) Registration {
	p.t.Helper()
	if r := expect[Registration](p); r.State != Registering {
		p.t.Fatalf("%+v, want registering", r)
	}
	r := expect[Registration](p)
	if r.State != Registered {
		p.t.Fatalf("%+v, want registered\n%s", r, p.ladder())
	}
	return r
}
