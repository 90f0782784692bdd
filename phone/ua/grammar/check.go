package grammar

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Message is what Check found.
type Message struct {
	Method string // of a request; empty: a response, or no message
	// Status is 0 when all is well. Otherwise it is what a request is owed, if it is owed something (see Answerable),
	// and any other message is to be dropped.
	Status int
	Why    string // what is wrong, in the words of a reason phrase

	vias                   []string // values as they came, unfolded
	from, to, callID, cseq string
	broken                 bool // the lines could not be told apart
}

// fault is what is wrong with a message.
type fault struct {
	status int
	why    string
}

func bad(format string, args ...any) *fault { return &fault{400, fmt.Sprintf(format, args...)} }

// maxLines bounds the header lines that a message may have.
const maxLines = 512

// single are the fields that a message has once at most.
var single = map[string]bool{"from": true, "to": true, "call-id": true, "cseq": true, "max-forwards": true,
	"content-length": true, "content-type": true}

// compact are the short names of fields (RFC 3261 section 20) that are looked at here.
var compact = map[string]string{"f": "from", "t": "to", "i": "call-id", "v": "via", "m": "contact", "l": "content-length", "c": "content-type"}

// names is how fields are written in reason phrases.
var names = map[string]string{"from": "From", "to": "To", "call-id": "Call-ID", "cseq": "CSeq", "max-forwards": "Max-Forwards",
	"content-length": "Content-Length", "content-type": "Content-Type", "via": "Via", "contact": "Contact"}

// Check judges a message; with datagram, the bytes are a packet, whose end is the message's.
func Check(data []byte, datagram bool) Message {
	var m Message
	if f := m.check(data, datagram); f != nil {
		m.Status, m.Why = f.status, f.why
	}
	return m
}

func (m *Message) check(data []byte, datagram bool) *fault {
	for bytes.HasPrefix(data, []byte("\r\n")) {
		data = data[2:] // before the first line: section 7.5
	}
	line, rest, ok := bytes.Cut(data, []byte("\r\n"))
	if !ok {
		m.broken = true
		return bad("No line ends")
	}
	start := m.startLine(string(line))
	counts := map[string]int{}
	var first *fault // of the fields; that of the first line comes before it
	keep := func(f *fault) {
		if first == nil {
			first = f
		}
	}
	length := -1
	body, f := fields(rest, func(name, value string) {
		if counts[name]++; counts[name] == 2 && single[name] {
			keep(bad("More than one %s", names[name]))
		}
		keep(m.field(name, value, &length))
	})
	keep(f)
	if start != nil {
		return start
	}
	for _, n := range []string{"via", "from", "to", "call-id", "cseq"} {
		if counts[n] == 0 {
			keep(bad("Missing %s", names[n]))
		}
	}
	if counts["content-length"] == 0 && !datagram {
		keep(bad("Missing Content-Length")) // section 18.3
	}
	if first != nil {
		return first
	}
	if f := m.sequence(); f != nil {
		return f
	}
	if datagram && length > len(body) {
		return bad("Content-Length larger than the message")
	}
	if m.Method == "" && strings.Count(strings.Join(m.vias, ","), "/")/2 > 1 {
		// It went through us to somebody else, which we don't do (section 8.1.3.3).
		return bad("More than one Via in a response")
	}
	return nil
}

// fields calls each with every field, folded lines made one, names in lower case and long, and gives what follows.
func fields(data []byte, each func(name, value string)) (body []byte, f *fault) {
	return rawFields(data, func(_, name, value string) { each(name, value) })
}

// rawFields is fields that gives the name as it came, too.
func rawFields(data []byte, each func(raw, name, value string)) (body []byte, f *fault) {
	for n := 0; ; n++ {
		line, rest, ok := bytes.Cut(data, []byte("\r\n"))
		switch {
		case !ok:
			return nil, bad("No empty line after the header")
		case len(line) == 0:
			return rest, f
		case n >= maxLines:
			return nil, bad("Too many header lines")
		}
		data = rest
		value := string(line)
		for len(data) > 0 && (data[0] == ' ' || data[0] == '\t') {
			more, rest, ok := bytes.Cut(data, []byte("\r\n"))
			if !ok {
				return nil, bad("No empty line after the header")
			}
			value, data = value+" "+strings.TrimSpace(string(more)), rest
		}
		raw, value, ok := strings.Cut(value, ":")
		raw = strings.TrimRight(raw, " \t")
		name := strings.ToLower(raw)
		if !ok || !isToken(name) {
			if f == nil {
				f = bad("A header line that is none")
			}
			continue
		}
		if long, ok := compact[name]; ok {
			name = long
		}
		each(raw, name, strings.TrimSpace(value))
	}
}

// startLine judges the first line.
func (m *Message) startLine(line string) *fault {
	if len(line) >= 4 && strings.EqualFold(line[:4], "SIP/") {
		version, rest, _ := strings.Cut(line, " ")
		code, _, ok := strings.Cut(rest, " ")
		if !ok && len(code) != 3 {
			return bad("No status line")
		}
		if n, err := strconv.ParseUint(code, 10, 16); err != nil || len(code) != 3 || n < 100 || n > 699 || !strings.EqualFold(version, "SIP/2.0") {
			return bad("No status line")
		}
		return nil
	}
	method, rest, ok := strings.Cut(line, " ")
	if !ok || !isToken(method) {
		return bad("No request line")
	}
	m.Method = method
	uri, version, ok := strings.Cut(rest, " ")
	if !ok || uri == "" || strings.ContainsAny(version, " \t") {
		return bad("Malformed request line")
	}
	if !strings.EqualFold(version, "SIP/2.0") {
		if number, ok := cutFold(version, "SIP/"); ok && isVersion(number) {
			return &fault{505, "Version Not Supported"}
		}
		return bad("Malformed request line")
	}
	scheme, _, ok := strings.Cut(uri, ":")
	switch {
	case !ok || !isScheme(scheme) || strings.ContainsAny(uri, "<>\"\t"):
		return bad("Malformed Request-URI")
	case !strings.EqualFold(scheme, "sip") && !strings.EqualFold(scheme, "sips"):
		return &fault{416, "Unsupported URI Scheme"}
	}
	if why := badURI(uri, false); why != "" {
		return bad("Request-URI: %s", why)
	}
	return nil
}

// field judges one field and keeps what an answer needs.
func (m *Message) field(name, value string, length *int) *fault {
	keep := func(dst *string) {
		if *dst == "" {
			*dst = value
		}
	}
	switch name {
	case "via":
		m.vias = append(m.vias, value)
		if why := badVia(value); why != "" {
			return bad("Via: %s", why)
		}
	case "from", "to":
		dst := &m.from
		if name == "to" {
			dst = &m.to
		}
		keep(dst)
		if why := badParties(value, false); why != "" {
			return bad("%s: %s", names[name], why)
		}
	case "contact":
		if value == "*" || m.Method == "" {
			return nil // what a response lists is for who asked; one bad entry of a registrar's must not hide the others
		}
		if why := badParties(value, true); why != "" {
			return bad("Contact: %s", why)
		}
	case "call-id":
		keep(&m.callID)
		if value == "" || len(value) > 512 || strings.ContainsAny(value, " \t") {
			return bad("Malformed Call-ID")
		}
	case "cseq":
		keep(&m.cseq)
	case "max-forwards":
		if value == "" || strings.Trim(value, "0123456789") != "" {
			return bad("Max-Forwards is no number")
		}
	case "content-length":
		n, err := strconv.ParseUint(value, 10, 31)
		if err != nil {
			return bad("Content-Length is no number")
		}
		*length = int(n)
	}
	return nil
}

// sequence judges CSeq, which must name the method (section 8.1.1.5).
func (m *Message) sequence() *fault {
	i := strings.IndexAny(m.cseq, " \t")
	if i < 0 {
		return bad("Malformed CSeq")
	}
	number, method := m.cseq[:i], strings.TrimLeft(m.cseq[i:], " \t")
	if n, err := strconv.ParseUint(number, 10, 32); err != nil || n > 1<<31-1 {
		return bad("CSeq out of range")
	}
	switch {
	case !isToken(method):
		return bad("Malformed CSeq")
	case m.Method != "" && m.Method != method:
		return bad("CSeq names another method")
	}
	return nil
}
