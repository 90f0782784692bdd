package exchange

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Registration limits.
const (
	defaultExpires = 600 * time.Second
	minExpires     = 30 * time.Second
	maxExpires     = time.Hour
	maxExtensions  = 256
	maxBindings    = 4 // per extension
	maxUser        = 64
	maxContact     = 512 // bytes of a Contact URI
)

// registrar keeps who can be reached where (RFC 3261 section 10.3). It is
// pure: time is an argument. Owned by the loop.
type registrar struct {
	extensions map[string][]binding // never empty slices of a known extension
	known      map[string]bool      // was registered once: 480 instead of 404
}

type binding struct {
	uri     sip.Uri // Contact
	key     string  // what makes two Contacts the same
	addr    netip.AddrPort
	expires time.Time
	callID  string
	cseq    uint32
}

func newRegistrar() *registrar {
	return &registrar{extensions: map[string][]binding{}, known: map[string]bool{}}
}

// refusal is a request that gets an error response.
type refusal struct {
	code   int
	reason string
	extra  []sip.Header
}

func refuse(code int, reason string, extra ...sip.Header) *refusal {
	return &refusal{code, reason, extra}
}

// update carries out a REGISTER for user that came from source, all of it or
// nothing, and returns the bindings then in force.
func (r *registrar) update(user string, req *sip.Request, source netip.AddrPort, now time.Time) ([]binding, *refusal) {
	if user == "" || len(user) > maxUser {
		return nil, refuse(sip.StatusBadRequest, "Bad Extension")
	}
	contacts := req.GetHeaders("Contact")
	have := r.lookup(user, now)
	if len(contacts) == 0 {
		return have, nil
	}
	headerSeconds, hasHeader, bad := expiresHeader(req)
	if bad {
		return nil, refuse(sip.StatusBadRequest, "Bad Expires")
	}
	callID, cseq := req.CallID().Value(), req.CSeq().SeqNo
	next := slices.Clone(have)
	for _, h := range contacts {
		c, ok := h.(*sip.ContactHeader)
		if !ok {
			return nil, refuse(sip.StatusBadRequest, "Bad Contact")
		}
		if c.Address.Wildcard {
			if len(contacts) != 1 || !hasHeader || headerSeconds != 0 {
				return nil, refuse(sip.StatusBadRequest, "Contact * Needs Expires: 0")
			}
			for _, b := range have {
				if b.callID == callID && cseq <= b.cseq {
					return nil, refuse(sip.StatusInternalServerError, "Out of Order")
				}
			}
			next = nil
			break
		}
		lifetime, no := contactLifetime(c, headerSeconds, hasHeader)
		if no != nil {
			return nil, no
		}
		b, no := newBinding(c, source)
		if no != nil {
			return nil, no
		}
		b.callID, b.cseq, b.expires = callID, cseq, now.Add(lifetime)
		at := slices.IndexFunc(next, func(o binding) bool { return o.key == b.key })
		if at >= 0 {
			if next[at].callID == callID && cseq <= next[at].cseq {
				return nil, refuse(sip.StatusInternalServerError, "Out of Order")
			}
			next = slices.Delete(next, at, at+1)
		}
		if lifetime > 0 {
			next = append([]binding{b}, next...) // newest first
		}
	}
	if len(next) > maxBindings {
		return nil, refuse(sip.StatusForbidden, "Too Many Bindings")
	}
	if len(next) > 0 && !r.known[user] && len(r.known) >= maxExtensions {
		r.forget(now)
		if len(r.known) >= maxExtensions {
			return nil, refuse(sip.StatusServiceUnavailable, "Too Many Extensions")
		}
	}
	r.set(user, next)
	return next, nil
}

func (r *registrar) set(user string, next []binding) {
	if len(next) == 0 {
		delete(r.extensions, user)
		return
	}
	r.extensions[user], r.known[user] = next, true
}

// forget makes room by forgetting the extensions that are registered no more.
func (r *registrar) forget(now time.Time) {
	for user := range r.known {
		if len(r.lookup(user, now)) == 0 {
			delete(r.known, user)
		}
	}
}

// lookup returns the bindings of user in force now, newest first.
func (r *registrar) lookup(user string, now time.Time) []binding {
	have := r.extensions[user]
	live := slices.DeleteFunc(slices.Clone(have), func(b binding) bool { return !b.expires.After(now) })
	if len(live) != len(have) {
		r.set(user, live)
	}
	return live
}

// drop removes a binding whose phone is gone.
func (r *registrar) drop(user string, gone binding) {
	r.set(user, slices.DeleteFunc(slices.Clone(r.extensions[user]), func(b binding) bool {
		return b.key == gone.key && b.callID == gone.callID && b.cseq == gone.cseq
	}))
}

// byContact finds the binding that a request sent to its Contact is for.
func (r *registrar) byContact(uri *sip.Uri, now time.Time) (string, binding, bool) {
	for user := range r.extensions {
		for _, b := range r.lookup(user, now) {
			if b.uri.User == uri.User && b.uri.Host == uri.Host && b.uri.Port == uri.Port {
				return user, b, true
			}
		}
	}
	return "", binding{}, false
}

func newBinding(c *sip.ContactHeader, source netip.AddrPort) (binding, *refusal) {
	uri := c.Address.Clone()
	uri.Headers = nil
	switch {
	case uri.Scheme != "sip" || uri.Host == "":
		return binding{}, refuse(sip.StatusBadRequest, "Contact Must Be a sip URI")
	case len(uri.String()) > maxContact:
		return binding{}, refuse(sip.StatusBadRequest, "Contact Too Long")
	}
	b := binding{uri: *uri, addr: source, key: uri.Endpoint()}
	if id, ok := c.Params.Get("+sip.instance"); ok && id != "" {
		b.key = id // a phone that started anew replaces its old self (RFC 5626)
	}
	// A Contact that is itself on loopback is where the phone listens.
	// Anything else (a LAN address, a name) is reached where it sent from.
	if ip, err := netip.ParseAddr(strings.Trim(uri.Host, "[]")); err == nil && ip.Unmap().IsLoopback() {
		port := uri.Port
		if port == 0 {
			port = 5060
		}
		if port < 0 || port > 65535 {
			return binding{}, refuse(sip.StatusBadRequest, "Bad Contact Port")
		}
		b.addr = netip.AddrPortFrom(ip.Unmap(), uint16(port))
	}
	return b, nil
}

func contactLifetime(c *sip.ContactHeader, headerSeconds uint64, hasHeader bool) (time.Duration, *refusal) {
	seconds, has := headerSeconds, hasHeader
	if v, ok := c.Params.Get("expires"); ok {
		n, err := strconv.ParseUint(v, 10, 32)
		if err != nil {
			return 0, refuse(sip.StatusBadRequest, "Bad Expires")
		}
		seconds, has = n, true
	}
	if !has {
		return defaultExpires, nil
	}
	d := time.Duration(seconds) * time.Second
	if d > 0 && d < minExpires {
		return 0, refuse(sip.StatusIntervalToBrief, "Interval Too Brief", sip.NewHeader("Min-Expires", fmt.Sprint(int(minExpires.Seconds()))))
	}
	return min(d, maxExpires), nil
}

func expiresHeader(req *sip.Request) (seconds uint64, has, bad bool) {
	h := req.GetHeader("Expires")
	if h == nil {
		return 0, false, false
	}
	n, err := strconv.ParseUint(strings.TrimSpace(h.Value()), 10, 32)
	return n, err == nil, err != nil
}

// register answers a REGISTER.
func (e *Exchange) register(tx *serverTx, source netip.AddrPort) {
	req, now := tx.req, time.Now()
	user := req.To().Address.User
	if !e.isOurs(&req.Recipient) || !e.isOurs(&req.To().Address) {
		e.respond(tx, sip.StatusNotFound, "Not This Exchange")
		return
	}
	if isService(user) {
		e.respond(tx, sip.StatusForbidden, "Reserved Extension")
		return
	}
	if no := e.guard.check(req, user, sip.StatusUnauthorized, now); no != nil {
		e.respond(tx, no.code, no.reason, no.extra...)
		return
	}
	bindings, no := e.registrar.update(user, req, source, now)
	if no != nil {
		e.respond(tx, no.code, no.reason, no.extra...)
		return
	}
	var extra []sip.Header
	for _, b := range bindings {
		c := &sip.ContactHeader{Address: *b.uri.Clone(), Params: sip.NewParams()}
		c.Params.Add("expires", fmt.Sprint(int(b.expires.Sub(now).Seconds())))
		extra = append(extra, c)
	}
	extra = append(extra, sip.NewHeader("Date", now.UTC().Format("Mon, 02 Jan 2006 15:04:05")+" GMT"))
	e.log.Info("exchange: registered", "extension", user, "bindings", len(bindings))
	e.respond(tx, sip.StatusOK, "OK", extra...)
}
