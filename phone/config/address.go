package config

import (
	"net/netip"
	"strconv"
	"strings"
)

// checkURI checks the address of an account, "sip:user@host[:port]" or sips: (RFC 3261 section 19.1, without parameters), and
// returns its user part, or says what is wrong. The message never repeats a password.
func checkURI(uri string) (user, why string) {
	const example = `: write "sip:user@domain"`
	rest, scheme := cutScheme(uri)
	user, host, hasUser := strings.Cut(rest, "@")
	user, _, hasPassword := strings.Cut(user, ":")
	switch {
	case uri == "":
		return "", "uri is empty" + example
	case hasUser && hasPassword:
		return "", "uri holds a password: take it out, and put it in a file named by password_file"
	case scheme == "" && hasUser:
		return "", "uri = " + strconv.Quote(clip(uri)) + " does not begin with sip:" + `: write ` +
			strconv.Quote("sip:"+clip(uri))
	case scheme == "" || !hasUser || user == "":
		return "", "uri = " + strconv.Quote(clip(uri)) + " is not the address of an account" + example
	case !validUser(user):
		return "", "uri = " + strconv.Quote(clip(uri)) + " has a character in its user part that must be written %XX"
	}
	if strings.ContainsAny(host, ";?") {
		return "", "uri = " + strconv.Quote(clip(uri)) + " has parameters: take them out; transport has a key of its own"
	}
	if reason := badHostPort(host); reason != "" {
		return "", "uri = " + strconv.Quote(clip(uri)) + ": " + reason
	}
	return user, ""
}

// cutScheme takes "sip:" or "sips:", in any case, off a URI.
func cutScheme(uri string) (rest, scheme string) {
	for _, s := range []string{"sip", "sips"} {
		if len(uri) > len(s) && uri[len(s)] == ':' && strings.EqualFold(uri[:len(s)], s) {
			return uri[len(s)+1:], s
		}
	}
	return uri, ""
}

// validUser checks the user part against RFC 3261's user rule.
func validUser(user string) bool {
	for i := 0; i < len(user); i++ {
		c := user[i]
		switch {
		case isAlphanumeric(c), strings.IndexByte("-_.!~*'()&=+$,;?/", c) >= 0:
		case c == '%' && i+2 < len(user) && isHex(user[i+1]) && isHex(user[i+2]):
			i += 2
		default:
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// badHostPort says what is wrong with "host" or "host:port"; an IPv6 address stands in brackets.
func badHostPort(s string) string {
	host, port := s, ""
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "a bracket is not closed"
		}
		host, port = s[1:end], s[end+1:]
		if a, err := netip.ParseAddr(host); err != nil || !a.Is6() || a.Zone() != "" {
			return "what stands in brackets is not an IPv6 address"
		}
	} else {
		if i := strings.IndexByte(s, ':'); i >= 0 {
			host, port = s[:i], s[i:]
		}
		if strings.Count(s, ":") > 1 {
			return "an IPv6 address must stand in brackets, [like::this]"
		}
		if why := badHost(host); why != "" {
			return why
		}
	}
	if port == "" {
		return ""
	}
	if !strings.HasPrefix(port, ":") {
		return "something stands after the address"
	}
	if n, err := strconv.ParseUint(port[1:], 10, 16); err != nil || n == 0 {
		return "the port must be a number from 1 to 65535"
	}
	return ""
}

// badHost checks an IPv4 address or a host name (RFC 1123 section 2.1; underscores are seen in the wild and let be).
func badHost(host string) string {
	if host == "" {
		return "the host is missing"
	}
	if len(host) > 253 {
		return "the host name is longer than 253 letters"
	}
	if strings.Trim(host, "0123456789.") == "" {
		if a, err := netip.ParseAddr(host); err != nil || a.IsUnspecified() {
			return "the host is not an IPv4 address"
		}
		return ""
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(host, "."), ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return "the host is not a host name"
		}
		for i := range len(label) {
			if c := label[i]; !isAlphanumeric(c) && c != '-' && c != '_' {
				return "the host name has a character that no host name may have (write names in other scripts as xn--…)"
			}
		}
	}
	return ""
}

// badListen says what is wrong with "udp:address:port"; port 0 is any free one.
func badListen(s string) string {
	const example = `: write "udp:127.0.0.1:5060"`
	network, address, ok := strings.Cut(s, ":")
	switch {
	case !ok:
		return "has no transport" + example
	case network == "ws" || network == "wss":
		return `asks for ` + network + `, which is not in this version yet: use "udp:…", "tcp:…" or "tls:…"`
	case network != "udp" && network != "tcp" && network != "tls":
		return "does not begin with udp:, tcp: or tls:" + example
	}
	if _, err := netip.ParseAddrPort(address); err != nil {
		return "is not an IP address and a port" + example
	}
	return ""
}

// parsePorts reads "16384-16484". RTP takes even ports and RTCP the odd ones after them (RFC 3550 section 11), so a
// range needs two ports for each call.
func parsePorts(s string) (PortRange, string) {
	low, high, ok := strings.Cut(s, "-")
	l, err1 := strconv.ParseUint(strings.TrimSpace(low), 10, 16)
	h, err2 := strconv.ParseUint(strings.TrimSpace(high), 10, 16)
	switch {
	case !ok || err1 != nil || err2 != nil:
		return PortRange{}, `is not a range of ports: write "16384-16484"`
	case l < 1024:
		return PortRange{}, "begins below 1024, where only root may listen: begin at 1024 or above"
	case h < l+3:
		return PortRange{}, "is too small: two calls need four ports"
	}
	return PortRange{uint16(l), uint16(h)}, ""
}
