package grammar

import (
	"net/netip"
	"strconv"
	"strings"
)

// isToken says whether s is a token (RFC 3261 section 25.1).
func isToken(s string) bool {
	for i := range len(s) {
		if !tokenChar(s[i]) {
			return false
		}
	}
	return s != ""
}

func tokenChar(c byte) bool { return alphanumeric(c) || strings.IndexByte("-.!%*_+`'~", c) >= 0 }

func alphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func isScheme(s string) bool {
	for i := range len(s) {
		if c := s[i]; !alphanumeric(c) && (i == 0 || c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return s != ""
}

// isVersion says whether s is like "2.0".
func isVersion(s string) bool {
	a, b, ok := strings.Cut(s, ".")
	return ok && a != "" && b != "" && strings.Trim(a+b, "0123456789") == ""
}

// cutFold is strings.CutPrefix in any case.
func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// skip takes white space off the front.
func skip(s string) string { return strings.TrimLeft(s, " \t") }

// quoted gives what follows the quoted string that s begins with.
func quoted(s string) (rest string, ok bool) {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return s[i+1:], true
		}
	}
	return "", false
}

// badParties says what is wrong with the value of From, To or (list) Contact: name-addr or addr-spec, and parameters.
func badParties(s string, list bool) string {
	for {
		s = skip(s)
		uri, rest, why := party(s)
		if why != "" {
			return why
		}
		if why := badURI(uri, true); why != "" {
			return why
		}
		if rest, why = parameters(rest); why != "" {
			return why
		}
		if rest == "" {
			return ""
		}
		if !list {
			return "something after the address"
		}
		s = rest[1:] // a comma
	}
}

// party cuts the address off a name-addr or addr-spec.
func party(s string) (uri, rest, why string) {
	if strings.HasPrefix(s, `"`) {
		after, ok := quoted(s)
		if !ok {
			return "", "", "quotes are not closed"
		}
		if s = skip(after); !strings.HasPrefix(s, "<") {
			return "", "", "a name without an address"
		}
	}
	open, colon := strings.IndexByte(s, '<'), strings.IndexByte(s, ':')
	if open >= 0 && (colon < 0 || open < colon) {
		// Many forget the quotes that "Zoë (home)" needs. With a comma it could be
		// the end of a list.
		if strings.ContainsAny(s[:open], ",;\"\\>") {
			return "", "", "a name that must be in quotes"
		}
		uri, rest, ok := strings.Cut(s[open+1:], ">")
		if !ok {
			return "", "", "an angle bracket is not closed"
		}
		return uri, rest, ""
	}
	end := strings.IndexAny(s, ";, \t")
	if end < 0 {
		end = len(s)
	}
	if strings.IndexByte(s[:end], '?') >= 0 {
		// Whose the question mark is cannot be told (section 20).
		return "", "", "an address with a question mark must be in angle brackets"
	}
	return s[:end], s[end:], ""
}

// parameters takes *(";" name ["=" value]) off the front of s; what is left is empty or begins with a comma.
func parameters(s string) (rest, why string) {
	for {
		s = skip(s)
		if s == "" || s[0] == ',' {
			return s, ""
		}
		if s[0] != ';' {
			return "", "something between the parameters"
		}
		s = skip(s[1:])
		n := 0
		for n < len(s) && (tokenChar(s[n]) || s[n] == '[' || s[n] == ']' || s[n] == ':') {
			n++
		}
		if n == 0 {
			return "", "an empty parameter"
		}
		if s = skip(s[n:]); !strings.HasPrefix(s, "=") {
			continue
		}
		s = skip(s[1:])
		if strings.HasPrefix(s, `"`) {
			var ok bool
			if s, ok = quoted(s); !ok {
				return "", "quotes are not closed"
			}
			continue
		}
		end := strings.IndexAny(s, ";, \t\"<>")
		if end < 0 {
			end = len(s)
		}
		s = s[end:]
	}
}

// badURI says what is wrong with an address. Of schemes other than sip and sips nothing is known. headers says whether
// it may have any.
func badURI(uri string, headers bool) string {
	scheme, rest, ok := strings.Cut(uri, ":")
	switch {
	case !ok || !isScheme(scheme) || rest == "":
		return "no address"
	case strings.ContainsAny(uri, " \t<>\""):
		return "an address with a character that none may have"
	case !strings.EqualFold(scheme, "sip") && !strings.EqualFold(scheme, "sips"):
		return ""
	}
	for i := 0; i < len(rest); i++ {
		if rest[i] == '%' && (i+2 >= len(rest) || !isHex(rest[i+1]) || !isHex(rest[i+2])) {
			return "an escape that is none"
		}
	}
	host := rest
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		host = rest[at+1:]
	}
	host, header, has := strings.Cut(host, "?")
	if has && !headers {
		return "it has headers: " + clip(header)
	}
	host, _, _ = strings.Cut(host, ";")
	return badHostPort(host)
}

// badHostPort judges host [":" port]; an IPv6 address stands in brackets, and RFC 5954 says what one is.
func badHostPort(s string) string {
	host, port, hasPort := s, "", false
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "a bracket is not closed"
		}
		if a, err := netip.ParseAddr(s[1:end]); err != nil || !a.Is6() || a.Zone() != "" {
			return "no IPv6 address in brackets"
		}
		after := skip(s[end+1:])
		if after != "" {
			if after[0] != ':' {
				return "something after the host"
			}
			port, hasPort = after[1:], true
		}
	} else {
		host, port, hasPort = strings.Cut(s, ":")
		host = strings.TrimRight(host, " \t")
		if host == "" || len(host) > 255 {
			return "no host"
		}
		for i := range len(host) {
			if c := host[i]; !alphanumeric(c) && c != '-' && c != '.' && c != '_' {
				return "a host with a character that none may have"
			}
		}
	}
	if hasPort {
		if n, err := strconv.ParseUint(strings.Trim(port, " \t"), 10, 16); err != nil || n == 0 {
			return "no port number"
		}
	}
	return ""
}

// badVia judges the values of a Via field.
func badVia(s string) string {
	for {
		_, hostport, rest, ok := cutVia(s)
		if !ok {
			return "no protocol"
		}
		if why := badHostPort(hostport); why != "" {
			return why
		}
		branch := parameter(rest, "branch")
		rest, why := parameters(rest)
		switch {
		case why != "":
			return why
		case branch == "z9hG4bK":
			return "a branch that is none"
		case rest == "":
			return ""
		}
		s = rest[1:]
	}
}

// cutVia takes "SIP/2.0/UDP host:port" apart; every part may have white space around it.
func cutVia(s string) (transport, hostport, rest string, ok bool) {
	name, s, ok1 := strings.Cut(s, "/")
	version, s, ok2 := strings.Cut(s, "/")
	s = skip(s)
	end := strings.IndexAny(s, " \t")
	if !ok1 || !ok2 || end < 0 || !isToken(strings.TrimSpace(name)) || !isVersion(strings.TrimSpace(version)) || !isToken(s[:end]) {
		return "", "", "", false
	}
	transport, s = s[:end], skip(s[end:])
	end = strings.IndexAny(s, ";,")
	if end < 0 {
		end = len(s)
	}
	return transport, strings.TrimRight(s[:end], " \t"), s[end:], true
}

// parameter finds a parameter of the first value in a list.
func parameter(s, name string) string {
	s, _, _ = strings.Cut(s, ",")
	for p := range strings.SplitSeq(s, ";") {
		k, v, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(k), name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40]
	}
	return s
}
