package grammar

import (
	"net/netip"
	"strconv"
	"strings"
)

// Answerable says whether the fault can be told: the message is a request other than ACK and says by whom it was sent.
// A message to nobody knows where is dropped.
func (m Message) Answerable() bool {
	if m.Status == 0 || m.Method == "" || m.Method == "ACK" || m.broken || len(m.vias) == 0 {
		return false
	}
	_, _, _, ok := cutVia(m.vias[0])
	return ok
}

// Answer makes the refusal of an answerable request from its own lines (RFC 3261 section 8.2.6): status and why are
// the message's own. src is where the request came from, and tag becomes our tag when To has none. What the request
// lacks, its answer lacks.
func (m Message) Answer(src netip.AddrPort, tag string, headers ...[2]string) []byte {
	var b strings.Builder
	b.WriteString("SIP/2.0 " + strconv.Itoa(m.Status) + " " + phrase(m.Why) + "\r\n")
	for i, v := range m.vias {
		if i == 0 {
			v = received(v, src)
		}
		b.WriteString("Via: " + v + "\r\n")
	}
	line := func(name, value string) {
		if value != "" {
			b.WriteString(name + ": " + value + "\r\n")
		}
	}
	line("From", m.from)
	to := m.to
	if to != "" && !strings.Contains(strings.ToLower(strings.ReplaceAll(to[max(strings.LastIndexByte(to, '>'), 0):], " ", "")), ";tag=") {
		to += ";tag=" + tag
	}
	line("To", to)
	line("Call-ID", m.callID)
	line("CSeq", m.cseq)
	for _, h := range headers {
		line(h[0], h[1])
	}
	b.WriteString("Content-Length: 0\r\n\r\n")
	return []byte(b.String())
}

// received adds to the topmost Via what RFC 3261 section 18.2.1 and RFC 3581 ask for.
func received(via string, src netip.AddrPort) string {
	first, others, more := strings.Cut(via, ",")
	if strings.Contains(first, `"`) || badVia(via) != "" {
		return via // a comma in quotes, perhaps; or what is at fault
	}
	port := strconv.Itoa(int(src.Port()))
	parts := strings.Split(first, ";")
	for i, p := range parts[1:] {
		if strings.EqualFold(strings.TrimSpace(p), "rport") {
			parts[i+1] = "rport=" + port
		}
	}
	first = strings.TrimRight(strings.Join(parts, ";"), " \t") + ";received=" + src.Addr().String()
	if more {
		return first + "," + others
	}
	return first
}

// ReplyTo is where the answer to a request from src goes over UDP (section 18.2.2, RFC 3581): to the port it came from
// when it has rport, else to the port of its Via.
func (m Message) ReplyTo(src netip.AddrPort) netip.AddrPort {
	_, hostport, rest, ok := cutVia(m.vias[0])
	first, _, _ := strings.Cut(rest, ",")
	for p := range strings.SplitSeq(first, ";") {
		if k, _, _ := strings.Cut(p, "="); strings.EqualFold(strings.TrimSpace(k), "rport") {
			return src
		}
	}
	port := uint64(5060)
	if i := strings.LastIndexByte(hostport, ':'); ok && i > strings.LastIndexByte(hostport, ']') {
		if n, err := strconv.ParseUint(strings.TrimSpace(hostport[i+1:]), 10, 16); err == nil && n > 0 {
			port = n
		}
	}
	return netip.AddrPortFrom(src.Addr(), uint16(port))
}

// phrase makes s fit for a reason phrase.
func phrase(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

// Unreadable is m, which had no fault, with that of a parser that cannot read it all the same.
func (m Message) Unreadable() Message {
	m.Status, m.Why = 400, "Bad Request"
	return m
}
