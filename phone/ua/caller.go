package ua

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Caller is what an INVITE says of who calls, and how it is to ring.
type Caller struct {
	// Asserted and AssertedName are the caller as the account's server
	// vouches for it (P-Asserted-Identity, RFC 3325); empty when it does not.
	// Only the server that we register with is believed.
	Asserted, AssertedName string
	// Anonymous: the caller does not want to be known (Privacy, or an anonymous
	// From without an identity beside it).
	Anonymous bool
	// Diverted is whom the call was for before it was forwarded here, the last
	// one first (Diversion, RFC 5806; History-Info, RFC 7044), at most 8.
	Diverted []Diverted
	// Ring is what the server wants the phone to ring like: the URI or the word
	// in Alert-Info ("info=alert-internal" gives "alert-internal"), at most 256
	// octets.
	Ring string
	// AutoAnswer: the call asks to be answered at once, as an intercom
	// (Call-Info or Alert-Info with answer-after, info=alert-autoanswer and
	// the like), AnswerAfter seconds from now. Only from the account's server.
	AutoAnswer  bool
	AnswerAfter int
}

// identify tells when the server says in the middle of a call that we talk to
// somebody else now: a PBX that joins calls itself lets the old dialog live
// (P-Asserted-Identity, or the older Remote-Party-ID).
func (c *call) identify(req *sip.Request) {
	if c.acc == nil || !c.is(up) || !c.acc.trusts(source(req).Addr()) {
		return
	}
	for _, h := range [...]string{"P-Asserted-Identity", "Remote-Party-ID"} {
		for _, v := range values(req, h) {
			name, uri := nameAddr(v)
			if uri == "" {
				continue
			}
			if uri != c.asserted {
				c.asserted = uri
				c.emit(Replaced{Call: c.id, Peer: uri, PeerName: name})
			}
			return
		}
	}
}

// Diverted is one step of a call's way.
type Diverted struct {
	From   string // a URI
	Name   string
	Reason string // "unconditional", "no-answer", "user-busy"…; for History-Info the SIP status
}

// maxDiverted bounds the steps that are told.
const maxDiverted = 8

// callerOf reads what the INVITE says. trusted: it came from the server of the
// account.
func callerOf(req *sip.Request, trusted bool) Caller {
	var c Caller
	if trusted {
		for _, v := range values(req, "P-Asserted-Identity") {
			name, uri := nameAddr(v)
			if strings.HasPrefix(strings.ToLower(uri), "tel:") && c.Asserted != "" {
				continue // the same again as a number
			}
			if uri != "" {
				c.Asserted = uri
				if name != "" {
					c.AssertedName = name
				}
			}
		}
	}
	for _, v := range values(req, "Privacy") {
		for p := range strings.SplitSeq(v, ";") {
			switch strings.ToLower(strings.TrimSpace(p)) {
			case "id", "user", "header":
				c.Anonymous = true
			}
		}
	}
	from := req.From()
	if c.Asserted == "" && (strings.EqualFold(from.Address.Host, "anonymous.invalid") || strings.EqualFold(from.Address.User, "anonymous")) {
		c.Anonymous = true
	}
	c.Diverted = diversions(req)
	for _, h := range [...]string{"Alert-Info", "Call-Info"} {
		for _, v := range values(req, h) {
			c.alert(v, trusted)
		}
	}
	if trusted {
		for _, v := range values(req, "Answer-Mode") { // RFC 5373
			if m, _, _ := strings.Cut(v, ";"); strings.EqualFold(strings.TrimSpace(m), "Auto") {
				c.AutoAnswer = true
			}
		}
	}
	return c
}

// alert reads one value of Alert-Info or Call-Info.
func (c *Caller) alert(v string, trusted bool) {
	uri, params := "", v
	if _, rest, ok := strings.Cut(v, "<"); ok {
		uri, params, _ = strings.Cut(rest, ">")
	}
	for p := range strings.SplitSeq(params, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		k, v = strings.ToLower(strings.TrimSpace(k)), strings.Trim(strings.TrimSpace(v), `"`)
		switch {
		case k == "answer-after" && trusted:
			if n, err := strconv.Atoi(v); err == nil && n >= 0 && n <= 60 {
				c.AutoAnswer, c.AnswerAfter = true, n
			}
		case k == "info":
			switch low := strings.ToLower(v); {
			case strings.Contains(low, "auto") && strings.Contains(low, "answer"), low == "intercom":
				c.AutoAnswer = c.AutoAnswer || trusted
			case c.Ring == "":
				c.Ring = short256(v)
			}
		}
	}
	switch low := strings.ToLower(uri); {
	case low == "":
		if word := strings.TrimSpace(v); c.Ring == "" && word != "" && !strings.ContainsAny(word, "=;<>") {
			c.Ring = short256(word)
		}
	case strings.Contains(low, "autoanswer"), strings.HasSuffix(low, "intercom"):
		c.AutoAnswer = c.AutoAnswer || trusted
	case c.Ring == "" && !strings.Contains(params, "answer-after") && !strings.HasPrefix(low, "sip:"):
		// A placeholder host says nothing: "<http://www.notused.com>;info=alert-internal".
		if !strings.Contains(params, "info=") && !strings.Contains(params, "purpose=") {
			c.Ring = short256(uri)
		}
	}
}

func short256(s string) string {
	s = displayName(s)
	return s[:min(len(s), 256)]
}

// diversions reads whom the call was for.
func diversions(req *sip.Request) (out []Diverted) {
	for _, v := range values(req, "Diversion") { // the last first
		name, uri := nameAddr(v)
		if uri == "" || len(out) >= maxDiverted {
			continue
		}
		reason, _ := parameterOf(v, "reason")
		out = append(out, Diverted{From: uri, Name: name, Reason: displayName(reason)})
	}
	if out != nil {
		return out
	}
	history := values(req, "History-Info") // the first first; the last is where it goes now
	for i := len(history) - 2; i >= 0 && len(out) < maxDiverted; i-- {
		name, uri := nameAddr(history[i])
		if uri == "" {
			continue
		}
		reason := ""
		if _, headers, ok := strings.Cut(history[i], "?"); ok {
			headers, _, _ = strings.Cut(headers, ">")
			if v, err := url.PathUnescape(headers); err == nil {
				if _, cause, ok := strings.Cut(strings.ToLower(v), "cause="); ok {
					reason = cause[:len(cause)-len(strings.TrimLeft(cause, "0123456789"))]
				}
			}
		}
		out = append(out, Diverted{From: uri, Name: name, Reason: reason})
	}
	return out
}

// values are the values of a header that is a list, at most 16 of them.
func values(m sip.Message, name string) (out []string) {
	for _, h := range m.GetHeaders(name) {
		for _, v := range splitList(h.Value()) {
			if v = strings.TrimSpace(v); v != "" && len(out) < 16 {
				out = append(out, v)
			}
		}
	}
	return out
}

// splitList splits at commas that are neither in quotes nor in <>.
func splitList(s string) (out []string) {
	start, quoted, angle := 0, false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case c == ',' && !angle:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[min(start, len(s)):])
}

// nameAddr takes a name-addr or addr-spec apart: the name fit for a screen, the
// URI without headers; "" when it is none.
func nameAddr(v string) (name, uri string) {
	if before, rest, ok := strings.Cut(v, "<"); ok {
		name = displayName(strings.Trim(strings.TrimSpace(before), `"`))
		uri, _, _ = strings.Cut(rest, ">")
	} else {
		uri, _, _ = strings.Cut(v, ";")
	}
	uri, _, _ = strings.Cut(strings.TrimSpace(uri), "?")
	scheme, _, ok := strings.Cut(uri, ":")
	switch strings.ToLower(scheme) {
	case "sip", "sips", "tel":
	default:
		ok = false
	}
	if !ok || !printable(uri) || len(uri) > 512 {
		return "", ""
	}
	return name, uri
}

// parameterOf finds a parameter behind the address in a header.
func parameterOf(v, name string) (string, bool) {
	if _, rest, ok := strings.Cut(v, ">"); ok {
		v = rest
	}
	for p := range strings.SplitSeq(v, ";") {
		if k, x, _ := strings.Cut(strings.TrimSpace(p), "="); strings.EqualFold(strings.TrimSpace(k), name) {
			return strings.Trim(strings.TrimSpace(x), `"`), true
		}
	}
	return "", false
}
