package ua

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// contactURI is where the registrar shall send our calls.
func (acc *account) contactURI(f flow) sip.Uri { return contactURI(acc.contact, f, acc.sips()) }

// contactURI is where the peer of the call shall send its requests.
func (c *call) contactURI(f flow) sip.Uri { return contactURI(c.contact, f, c.sips) }

// contactURI is our address as the peer of f sees it. A sips: URI needs no
// transport: it is TLS (RFC 5630 section 3.1.2).
func contactURI(user string, f flow, sips bool) sip.Uri {
	at := f.contact()
	u := sip.Uri{Scheme: "sip", User: user, Host: at.Addr().String(), Port: int(at.Port())}
	switch {
	case sips:
		u.Scheme = "sips"
	case f.transport != "udp":
		u.UriParams.Add("transport", f.transport)
	}
	return u
}

// addContacts puts our Contact into a REGISTER over f, and the removal of one
// that leads nowhere any more. The instance tells the registrar that a phone
// with a new address is the same phone (RFC 5626 section 4.1).
func (acc *account) addContacts(req *sip.Request, f flow) {
	for req.RemoveHeader("Contact") {
	}
	ours := acc.contactURI(f)
	h := &sip.ContactHeader{Address: ours}
	if !acc.plain {
		h.Params.Add("+sip.instance", fmt.Sprintf(`"<urn:uuid:%s>"`, acc.a.cfg.Instance))
		h.Params.Add("reg-id", "1")
	}
	req.AppendHeader(h)
	for _, old := range acc.listed {
		if old.Host != ours.Host || old.Port != ours.Port {
			gone := &sip.ContactHeader{Address: old}
			gone.Params.Add("expires", "0")
			req.AppendHeader(gone)
		}
	}
}

// supported is what a REGISTER offers: Path (RFC 3327), and flows (RFC 5626).
func (acc *account) supported() string {
	if acc.plain {
		return "path"
	}
	return "path, outbound"
}

// observe looks at how the server saw a request of ours (received and rport,
// RFC 3581). When it was from another address than the one in our Contact,
// moved is true, and the flow given shows the address seen.
func (acc *account) observe(req *sip.Request, res *sip.Response, f flow) (_ flow, moved bool) {
	via := res.Via()
	if via == nil || acc.cfg.PublicAddress.IsValid() {
		return f, false
	}
	// A long request may have gone another way than f.
	if !strings.EqualFold(via.Transport, f.transport) || len(res.GetHeaders("Via")) != 1 {
		return f, false
	}
	sent := req.Via()
	if sent == nil || sent.Params.GetOr("branch", "") != via.Params.GetOr("branch", "-") {
		return f, false
	}
	ip, port := f.local.Addr(), f.local.Port()
	if r, ok := via.Params.Get("received"); ok {
		a, err := netip.ParseAddr(strings.Trim(r, "[]"))
		if err != nil || a.IsUnspecified() || a.IsMulticast() {
			return f, false
		}
		ip = a.Unmap()
	}
	if r, ok := via.Params.Get("rport"); ok && r != "" {
		n, err := strconv.ParseUint(r, 10, 16)
		if err != nil || n == 0 {
			return f, false
		}
		port = uint16(n)
	}
	seen := netip.AddrPortFrom(ip, port)
	if ip.Is4() != f.local.Addr().Is4() || seen == f.contact() {
		return f, false
	}
	acc.a.log.Info("the server sees this phone at another address", "account", acc.cfg.Name, "ours", f.local, "seen", seen)
	acc.a.stack.saw(f, seen)
	f.seen = netip.AddrPort{}
	return acc.dress(acc.a.stack.dress(f)), true
}
