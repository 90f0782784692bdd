package ua

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/locate"
)

// account is an Account at work: where its server is, and its registration.
// Its serial owns the fields below it.
//
//	            ┌────────────── refresh ──────────────┐
//	            ▼                                     │
//	unregistered ─► registering ──200──► registered ──┘
//	                 │   ▲  ▲ ▲
//	     401,403     │   │  │ └── no answer, 503: the next server
//	                 │   │  └──── all have failed: back-off with jitter
//	                 ▼   └─────── challenge, stale, 423, our address rewritten
//	              failed (for good, or for now)
type account struct {
	a         *Agent
	cfg       Account
	uri       sip.Uri
	server    sip.Uri     // registrar
	proxy     *sip.Uri    // outbound proxy
	user      string      // digest user name
	contact   string      // the user part of our Contact: a secret
	transport string      // empty: what the server prefers
	tls       *tls.Config // nil: none of its own

	serial   serial
	callID   string
	tag      string
	seq      uint32
	known    challenges
	expires  int // asked for, s
	failures int // in a row
	timer    *time.Timer
	attempt  int // counts attempts at registering; what older ones bring is ignored
	state    Registration
	asked    bool // the next result is told though it be no news
	servers  servers
	target   locate.Target // that is being tried
	spare    bool          // there is another one if it fails
	detour   sip.Uri       // where this registration was redirected to; no host: nowhere
	detours  int           // how often this attempt was
	flow     flow          // the last that worked
	bound    bool          // a binding of ours may exist at the registrar
	closing  bool
	alive    aliveness
	plain    bool      // the server does not want RFC 5626
	listed   []sip.Uri // our Contact as registered last
	moved    int       // how often this attempt found us behind another address

	mu   sync.Mutex // guards the rest, which others look at
	seen struct {
		flow    flow // the last that worked; not valid: none yet
		routes  []sip.Uri
		targets []locate.Target
		trusted []netip.Addr // addresses of those: requests from there may ring
		public  netip.Addr   // what the STUN server sees; see Account.STUN
	}
}

// Bounds of a registration, in seconds.
const (
	defaultExpires = 600
	minRefresh     = 5
	maxExpires     = 24 * 3600
)

func newAccount(a *Agent, cfg Account) (*account, error) {
	acc := &account{a: a, cfg: cfg, callID: token(), tag: token(), contact: token(), seq: uint32(random64() & 0x7fff)}
	fail := func(err error) (*account, error) { return nil, fmt.Errorf("account %q: %w", cfg.Name, err) }
	if cfg.Name == "" {
		return fail(errors.New("it has no name"))
	}
	if !printable(cfg.URI) {
		return fail(fmt.Errorf("uri %q has characters that no address has", cfg.URI))
	}
	if err := sip.ParseUri(cfg.URI, &acc.uri); err != nil || acc.uri.Scheme != "sip" && acc.uri.Scheme != "sips" || acc.uri.User == "" || acc.uri.Host == "" {
		return fail(fmt.Errorf("uri %q is no SIP address; write it as sip:user@domain", cfg.URI))
	}
	acc.uri.Headers, acc.uri.Password = nil, ""
	acc.uri.Host = strings.Trim(acc.uri.Host, "[]")
	acc.server = sip.Uri{Scheme: acc.uri.Scheme, Host: acc.uri.Host, Port: acc.uri.Port, UriParams: acc.uri.UriParams}
	acc.uri.UriParams = nil
	var err error
	if cfg.Registrar != "" {
		if acc.server, err = serverURI(cfg.Registrar); err != nil {
			return fail(fmt.Errorf("registrar: %w", err))
		}
	}
	if cfg.OutboundProxy != "" {
		p, err := serverURI(cfg.OutboundProxy)
		if err != nil {
			return fail(fmt.Errorf("outbound_proxy: %w", err))
		}
		if !p.UriParams.Has("lr") {
			p.UriParams.Add("lr", "")
		}
		acc.proxy = &p
	}
	switch cfg.Transport {
	case "":
		acc.transport = "udp"
	case "udp", "tcp", "tls":
		acc.transport = cfg.Transport
	case "auto":
	default:
		return fail(fmt.Errorf("transport %q is not supported; use udp, tcp, tls or auto", cfg.Transport))
	}
	if acc.sips() {
		// Both ways to the server: its URI may name a transport of its own.
		if cfg.Transport == "udp" || cfg.Transport == "tcp" {
			return fail(fmt.Errorf("uri %q asks for TLS, and transport is %q; set transport = \"tls\"", cfg.URI, cfg.Transport))
		}
		acc.transport = "tls"
		for _, u := range []*sip.Uri{&acc.server, acc.proxy} {
			if u == nil {
				continue
			}
			h, err := hopOf(u, acc.transport)
			if err == nil {
				_, err = h.secured()
			}
			if err != nil {
				return fail(err)
			}
			u.Scheme = "sips"
			u.UriParams.Remove("transport")
		}
	}
	if cfg.STUN != "" {
		if _, err := serverURI(cfg.STUN); err != nil {
			return fail(fmt.Errorf("stun: %w", err))
		}
	}
	if cfg.SRTP == "dtls" && a.cfg.Fingerprint == "" {
		return fail(errors.New(`srtp "dtls" without a certificate`))
	}
	acc.tls = a.tlsOf(cfg.TLS)
	if acc.user = cfg.AuthUser; acc.user == "" {
		acc.user = acc.uri.User
	}
	acc.expires = int(cfg.Expires / time.Second)
	if acc.expires <= 0 {
		acc.expires = defaultExpires
	}
	acc.expires = min(acc.expires, maxExpires)
	acc.serial.log = a.log
	acc.state = Registration{Account: cfg.Name}
	return acc, nil
}

// tlsOf makes TLS settings; accounts with the same ones share them, and so can
// share a connection.
func (a *Agent) tlsOf(t *TLS) *tls.Config {
	c := t.config()
	for _, o := range a.accounts {
		if c != nil && o.tls != nil && o.cfg.TLS.equal(t) {
			return o.tls
		}
	}
	return c
}

// hop is where the account's requests go: its proxy or its registrar.
func (acc *account) hop() (hop, error) {
	u := &acc.server
	if acc.proxy != nil {
		u = acc.proxy
	}
	h, err := hopOf(u, acc.transport)
	h.tls = acc.tls
	return h, err
}

// live gives the flow that the account is, or was last, registered over.
func (acc *account) live() (flow, bool) {
	acc.mu.Lock()
	defer acc.mu.Unlock()
	return acc.seen.flow, acc.seen.flow.valid()
}

// routes is the way of a request that begins something: the outbound proxy,
// then what the registrar asked for (Service-Route, RFC 3608).
func (acc *account) routes() []sip.Uri {
	var out []sip.Uri
	if acc.proxy != nil {
		out = append(out, *acc.proxy.Clone())
	}
	acc.mu.Lock()
	defer acc.mu.Unlock()
	for i, u := range acc.seen.routes {
		if i == 0 && acc.proxy != nil && strings.EqualFold(u.Host, acc.proxy.Host) && u.Port == acc.proxy.Port {
			continue // the proxy names itself
		}
		out = append(out, *u.Clone())
	}
	return out
}

// dress gives f the addresses that the account's settings want us to show.
// A nil account has none.
func (acc *account) dress(f flow) flow {
	if acc == nil || !f.valid() {
		return f
	}
	acc.mu.Lock()
	public := acc.seen.public
	acc.mu.Unlock()
	if acc.cfg.PublicAddress.IsValid() {
		public = acc.cfg.PublicAddress
	}
	if public.IsValid() && public.Is4() == f.local.Addr().Is4() {
		f.sound = public
		if !f.seen.IsValid() {
			f.seen = netip.AddrPortFrom(public, f.local.Port())
		}
	}
	return f
}

// trusts says whether a request from addr may ring this account: it is one of
// the addresses that its server's name leads to, or the one it is registered
// with, or one that the configuration names.
func (acc *account) trusts(addr netip.Addr) bool {
	if slices.ContainsFunc(acc.cfg.TrustedServers, func(p netip.Prefix) bool { return p.Contains(addr) }) {
		return true
	}
	acc.mu.Lock()
	defer acc.mu.Unlock()
	return slices.Contains(acc.seen.trusted, addr) || acc.seen.flow.remote.Addr() == addr
}
