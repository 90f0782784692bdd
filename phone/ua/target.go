package ua

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// hop is where a request goes next: a host that may still be a name.
type hop struct {
	transport string // "udp", "tcp", "tls"; empty: what the server prefers
	host      string
	port      int         // 0: the URI names none
	guessed   bool        // the URI names no transport
	tls       *tls.Config // the account's; nil: none of its own
}

func (h hop) String() string {
	if h.port == 0 {
		return h.host
	}
	return net.JoinHostPort(h.host, strconv.Itoa(h.port))
}

// literal gives the address of a hop whose host is no name.
func (h hop) literal() (netip.AddrPort, bool) {
	ip, err := netip.ParseAddr(h.host)
	if err != nil {
		return netip.AddrPort{}, false
	}
	port := h.port
	if port == 0 {
		port = 5060
		if h.transport == "tls" {
			port = 5061
		}
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(port)), true
}

// hopOf reads the next hop from a URI. fallback is the transport when the URI
// names none.
func hopOf(u *sip.Uri, fallback string) (hop, error) {
	h := hop{transport: fallback, host: strings.Trim(u.Host, "[]"), port: u.Port, guessed: true}
	t, named := u.UriParams.Get("transport")
	switch scheme := strings.ToLower(u.Scheme); {
	case scheme == "sips":
		h.transport, h.guessed = "tls", false
	case scheme != "sip":
		return hop{}, fmt.Errorf("%q: only sip: addresses can be reached", cut(u.String()))
	case named:
		h.transport, h.guessed = strings.ToLower(t), false
	}
	if m, ok := u.UriParams.Get("maddr"); ok && m != "" {
		h.host = strings.Trim(m, "[]")
	}
	switch h.transport {
	case "udp", "tcp", "tls", "":
	default:
		return hop{}, fmt.Errorf("transport %q of %s is not supported", cut(h.transport), cut(u.String()))
	}
	if h.host == "" || h.port < 0 || h.port > 65535 {
		return hop{}, fmt.Errorf("%s is no address", cut(u.String()))
	}
	return h, nil
}

// serverURI reads a registrar or proxy as a user writes it: "host",
// "host:port", or a sip: or sips: URI.
func serverURI(s string) (sip.Uri, error) {
	var u sip.Uri
	s = strings.TrimSpace(s)
	if a, err := netip.ParseAddr(s); err == nil && a.Is6() {
		s = "[" + s + "]"
	}
	if l := strings.ToLower(s); !strings.HasPrefix(l, "sip:") && !strings.HasPrefix(l, "sips:") {
		s = "sip:" + s
	}
	if !printable(s) {
		return u, fmt.Errorf("%q is no server address", cut(s))
	}
	if err := sip.ParseUri(s, &u); err != nil || u.Host == "" {
		return u, fmt.Errorf("%q is no server address; write it as host, host:port or sip:host", cut(s))
	}
	u.Host = strings.Trim(u.Host, "[]")
	return u, nil
}

// parseTarget makes the URI to call from what a user dials: a sip: URI,
// sips: URI, user@host, tel: or a bare number or name, which belongs to domain.
// scheme is that of what is dialled without one.
func parseTarget(target, scheme, domain string) (sip.Uri, error) {
	var u sip.Uri
	t := strings.TrimSpace(target)
	bad := func() (sip.Uri, error) { return sip.Uri{}, fmt.Errorf("call %q: %w", cut(target), ErrBadTarget) }
	if t == "" || len(t) > 1024 || !printable(t) {
		return bad()
	}
	said, rest, ok := strings.Cut(t, ":")
	switch {
	case ok && (strings.EqualFold(said, "sip") || strings.EqualFold(said, "sips")):
		if strings.ContainsAny(rest, " <>\"") || strings.HasPrefix(rest, "@") || sip.ParseUri(strings.ToLower(said)+":"+rest, &u) != nil || u.Host == "" || u.Wildcard {
			return bad()
		}
		u.Headers, u.Password, u.HierarhicalSlashes = nil, "", false
		u.Host = strings.Trim(u.Host, "[]")
		if !hostname(u.Host) {
			return bad()
		}
		return u, nil
	case ok && strings.EqualFold(said, "tel"):
		if t = telephone(rest); t == "" {
			return bad()
		}
	case strings.Contains(t, "@"):
		return parseTarget(scheme+":"+t, scheme, domain)
	}
	if domain == "" {
		return sip.Uri{}, fmt.Errorf("call %q: it has no domain, and without an account none can be added: %w", cut(target), ErrBadTarget)
	}
	if n := number(t); n != "" {
		t = n
	}
	return sip.Uri{Scheme: scheme, User: escapeUser(t), Host: domain}, nil
}

// telephone reads what follows "tel:" (RFC 3966 section 3): the number without visual separators and parameters; empty
// when there is none. Web pages also write tel://, and escape the plus and the blanks of a number; both are understood.
func telephone(rest string) string {
	rest, _, _ = strings.Cut(strings.TrimPrefix(rest, "//"), ";")
	rest, err := url.PathUnescape(rest)
	if err != nil {
		return ""
	}
	n := number(strings.TrimSpace(rest))
	if n == "+" {
		return ""
	}
	return n
}

// number strips the visual separators from a telephone number; empty when t
// is none.
func number(t string) string {
	var b strings.Builder
	for i, r := range t {
		switch {
		case r >= '0' && r <= '9', r == '*', r == '#', r == '+' && i == 0:
			b.WriteRune(r)
		case strings.ContainsRune(" -.()/\u00a0", r):
		default:
			return ""
		}
	}
	return b.String()
}

// escapeUser escapes what RFC 3261 does not allow in the user part.
func escapeUser(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.!~*'()&=+$,;?/", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func printable(s string) bool {
	for _, r := range s {
		if r < 0x20 || r == 0x7f || r == '\ufffd' {
			return false
		}
	}
	return true
}

// hostname says whether s can be a host name or an address.
func hostname(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	if s == "" || len(s) > 253 {
		return false
	}
	for _, c := range []byte(s) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' {
			continue
		}
		return false
	}
	return true
}

// displayName makes a received display name fit for a screen.
func displayName(s string) string {
	s = strings.ReplaceAll(s, `\"`, `"`)
	var b strings.Builder
	for _, r := range s {
		if r < 0x20 || r == 0x7f || r == '\ufffd' || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			continue // controls, and marks that turn text around
		}
		if b.Len()+4 > 128 {
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

// quoteName makes our display name fit for a quoted string.
func quoteName(s string) string {
	s = displayName(s)
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s)
}
