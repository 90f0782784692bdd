package ua

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// account is an Account at work: where its server is, and its registration.
// Its serial owns everything below it.
//
//	            ┌────────────── refresh ──────────────┐
//	            ▼                                     │
//	unregistered ─► registering ──200──► registered ──┘
//	                 │   ▲  ▲
//	     401,403     │   │  └── back-off with jitter ─┐
//	                 ▼   └── challenge, stale, 423    │
//	              failed (for good)   failed (for now)┘
type account struct {
	a       *Agent
	cfg     Account
	uri     sip.Uri
	server  sip.Uri  // registrar
	proxy   *sip.Uri // outbound proxy
	user    string   // digest user name
	contact string   // the user part of our Contact: a secret

	serial   serial
	callID   string
	tag      string
	seq      uint32
	known    challenges
	expires  int // asked for, s
	failures int // in a row
	timer    *time.Timer
	attempt  int // counts registrations begun; older ones are ignored
	state    Registration
	flow     flow // the last that worked
	bound    bool // a binding of ours may exist at the registrar
	closing  bool
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
	if err := sip.ParseUri(cfg.URI, &acc.uri); err != nil || acc.uri.Scheme != "sip" || acc.uri.User == "" || acc.uri.Host == "" {
		return fail(fmt.Errorf("uri %q is no SIP address; write it as sip:user@domain", cfg.URI))
	}
	acc.uri.Headers, acc.uri.Password = nil, ""
	acc.uri.Host = strings.Trim(acc.uri.Host, "[]")
	acc.server = sip.Uri{Scheme: "sip", Host: acc.uri.Host, Port: acc.uri.Port, UriParams: acc.uri.UriParams}
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
	switch acc.cfg.Transport {
	case "":
		acc.cfg.Transport = "udp"
	case "udp", "tcp":
	default:
		return fail(fmt.Errorf("transport %q is not supported; use udp or tcp", cfg.Transport))
	}
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

// hop is where the account's requests go: its proxy or its registrar.
func (acc *account) hop() (hop, error) {
	if acc.proxy != nil {
		return hopOf(acc.proxy, acc.cfg.Transport)
	}
	return hopOf(&acc.server, acc.cfg.Transport)
}

// contactURI is where the registrar shall send our calls.
func (acc *account) contactURI(f flow) sip.Uri { return contactURI(acc.contact, f) }

func contactURI(user string, f flow) sip.Uri {
	u := sip.Uri{Scheme: "sip", User: user, Host: f.local.Addr().String(), Port: int(f.local.Port())}
	if f.transport != "udp" {
		u.UriParams.Add("transport", f.transport)
	}
	return u
}

// resolve finds the account's server and the way to it.
func (acc *account) resolve(ctx context.Context) (flow, error) {
	h, err := acc.hop()
	if err != nil {
		return flow{}, err
	}
	f, all, err := acc.a.reach(ctx, h)
	if err != nil {
		return flow{}, err
	}
	acc.a.mu.Lock()
	acc.a.trusted[acc] = all
	acc.a.flows[acc] = f
	acc.a.mu.Unlock()
	return f, nil
}

// trusts says whether a request from addr may ring this account.
func (acc *account) trusts(addr netip.Addr) bool {
	acc.a.mu.Lock()
	defer acc.a.mu.Unlock()
	return slices.Contains(acc.a.trusted[acc], addr)
}
