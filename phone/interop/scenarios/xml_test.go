//go:build peers && linux

package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The script of SIPp's side, a line each:
//
//	> INVITE sdp            it sends a request, with a session description
//	> 200 INVITE sdp=hold   it answers one: its description holds us
//	+ Header: value         …with this header
//	< 180 opt               it waits for a response (and can do without)
//	< BYE                   it waits for a request
//	? Header: expression    …which must have this header (an ERE)
//	pause 200               milliseconds
//
// Descriptions: sdp (plain), hold, inactive, zero (hold by address), moved
// (another port), many (all that a provider offers), video, late (none).
type compiler struct {
	role   string // "caller" or "callee": who sends the first INVITE, seen from SIPp
	habits personality
	out    strings.Builder
	cseq   int
	invite int    // number of the INVITE that is being made, for its branch
	open   string // the element that is being written
	sent   []string
	checks []string
	n      int    // variables so far
	method string // of the last request it sent
	// grabbed are the variables that something is assigned to.
	grabbed map[string]bool
}

// compile makes SIPp's XML of a script.
func compile(role, script string, habits personality) string {
	c := &compiler{role: role, habits: habits, cseq: 100, grabbed: map[string]bool{}}
	c.out.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<scenario name=\"" + role + "\">\n")
	for line := range strings.Lines(script) {
		c.line(strings.TrimSpace(line))
	}
	c.flush()
	if len(c.grabbed) == 0 {
		c.out.WriteString("</scenario>\n")
		return c.out.String()
	}
	c.out.WriteString("<Reference variables=\"" + strings.Join(slices.Sorted(maps.Keys(c.grabbed)), ",") + "\"/>\n</scenario>\n")
	return c.out.String()
}

func (c *compiler) line(l string) {
	word, rest, _ := strings.Cut(l, " ")
	switch word {
	case "":
	case "+":
		c.sent = append(c.sent, rest)
	case "?":
		c.checks = append(c.checks, rest)
	case "pause":
		c.flush()
		fmt.Fprintf(&c.out, "<pause milliseconds=\"%s\"/>\n", rest)
	case ">", "<":
		c.flush()
		c.open = l
	default:
		panic("no such step: " + l)
	}
}

// flush writes the step that has been read.
func (c *compiler) flush() {
	l := c.open
	c.open = ""
	f := strings.Fields(l)
	switch {
	case l == "":
	case f[0] == "<":
		c.receive(f[1], f[2:])
	case f[1][0] <= '9':
		c.respond(f[1], f[2:])
	default:
		c.request(f[1], f[2:])
	}
	c.sent, c.checks = nil, nil
}

func (c *compiler) receive(what string, options []string) {
	kind, attributes := "request", ""
	if what[0] <= '9' {
		kind = "response"
	}
	for _, o := range options {
		if o == "opt" {
			attributes += ` optional="true"`
		}
	}
	if what == "INVITE" || kind == "response" && c.method == "INVITE" && what != "100" {
		attributes += ` rrs="true"`
	}
	fmt.Fprintf(&c.out, "<recv %s=\"%s\"%s timeout=\"20000\">\n<action>\n", kind, what, attributes)
	grab := func(header, expression, variable string) {
		c.grabbed[variable] = true
		fmt.Fprintf(&c.out, "<ereg regexp=\"%s\" search_in=\"hdr\" header=\"%s:\" assign_to=\"%s\"/>\n", expression, header, variable)
	}
	switch {
	case what == "INVITE":
		grab("From", ".*", "from")
		grab("Via", ".*", "via")
		grab("CSeq", ".*", "seq")
		grab("Contact", "sip:[^&gt;]*", "contact")
		if c.role == "callee" && c.invite == 0 {
			grab("To", ".*", "to")
		}
	case what == "REGISTER":
		grab("Contact", "sip:[^&gt;]*", "contact")
	case kind == "response" && what != "100" && c.role == "caller" && c.method == "INVITE":
		grab("To", ".*", "peer")
		if what < "3" {
			grab("Contact", "sip:[^&gt;]*", "contact")
		}
	}
	for _, check := range c.checks {
		header, expression, _ := strings.Cut(check, ": ")
		c.n++
		name := fmt.Sprintf("c%d", c.n)
		where := fmt.Sprintf("search_in=\"hdr\" header=\"%s:\"", header)
		if header == "body" {
			where = "search_in=\"body\""
		}
		fmt.Fprintf(&c.out, "<ereg regexp=\"%s\" %s check_it=\"true\" assign_to=\"%s\"/>\n<log message=\"%s [$%s]\"/>\n",
			escape(expression), where, name, name, name)
	}
	c.out.WriteString("</action>\n</recv>\n")
	if what == "INVITE" {
		c.invite++
	}
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}

// request writes a request of SIPp's.
func (c *compiler) request(method string, options []string) {
	c.method = method
	registered := has(options, "registered") // a call to the Contact of a REGISTER
	if registered {
		c.role = "caller"
	}
	first := (method == "INVITE" || has(options, "stranger")) && c.role == "caller" && c.invite == 0
	if method != "ACK" && method != "CANCEL" {
		c.cseq++
	}
	branch := c.cseq
	if method == "ACK" && !has(options, "refusal") {
		branch += 5000 // a transaction of its own
	}
	uri, from, to := "[$contact]", "[$to];tag=sipp[call_number]", "[$from]"
	if c.role == "caller" {
		uri, from, to = "[$contact]", "<sip:them@[local_ip]:[local_port]>;tag=sipp[call_number]", "[$peer]"
		if first || method == "CANCEL" || method == "ACK" && has(options, "refusal") && c.invite == 1 {
			uri, to = "sip:me@[remote_ip]:[remote_port]", "<sip:me@[remote_ip]:[remote_port]>"
		}
	}
	if registered {
		uri, to = "[$contact]", "<sip:me@[local_ip]>"
	}
	if has(options, "refusal") && c.role == "caller" {
		to = "[$peer]"
	}
	lines := []string{
		method + " " + uri + " SIP/2.0",
		"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bKsipp[pid]x[call_number]x" + fmt.Sprint(branch),
		c.habits.from(from, first),
		"To: " + to,
		"Call-ID: [call_id]",
		fmt.Sprintf("CSeq: %d %s", c.cseq, method),
		"Max-Forwards: 70",
	}
	if method != "ACK" && method != "CANCEL" {
		lines = append(lines, "Contact: "+c.habits.contact)
		lines = append(lines, c.habits.always...)
	}
	if first {
		lines = append(lines, c.habits.invite...)
	}
	if method == "INVITE" {
		c.invite++
	}
	c.send(lines, options, "")
}

// respond writes a response of SIPp's.
func (c *compiler) respond(code string, options []string) {
	lines := []string{"SIP/2.0 " + code + " " + phrases[code]}
	invite := has(options, "INVITE")
	switch {
	case invite && c.role == "callee" && c.invite == 1:
		lines = append(lines, "Via: [$via]", "From: [$from]", "To: [$to];tag=sipp[call_number]", "[last_Call-ID:]", "CSeq: [$seq]")
	case invite:
		lines = append(lines, "Via: [$via]", "From: [$from]", "[last_To:]", "[last_Call-ID:]", "CSeq: [$seq]")
	case has(options, "tag"):
		lines = append(lines, "[last_Via:]", "[last_From:]", "[last_To:];tag=sipp[call_number]", "[last_Call-ID:]", "[last_CSeq:]")
	default:
		lines = append(lines, "[last_Via:]", "[last_From:]", "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]")
	}
	if invite && code[0] <= '2' && code != "100" {
		lines = append(lines, "Contact: "+c.habits.contact)
	}
	lines = append(lines, c.habits.always...)
	retrans := ""
	if invite && code == "200" {
		retrans = ` retrans="500"`
	}
	c.send(lines, options, retrans)
}

func (c *compiler) send(lines, options []string, attributes string) {
	body, kind := "", "application/sdp"
	for _, o := range options {
		if o == "sdp" {
			o = "sdp=plain"
		}
		if name, ok := strings.CutPrefix(o, "sdp="); ok {
			body = c.habits.description(name)
		}
	}
	for _, h := range c.sent {
		if b, ok := strings.CutPrefix(h, "body: "); ok { // "type: text"
			kind, body, _ = strings.Cut(b, ": ")
			body = strings.ReplaceAll(body, `\n`, "\n")
			continue
		}
		lines = append(lines, h)
	}
	if body != "" {
		lines = append(lines, "Content-Type: "+kind)
	}
	lines = append(lines, "Content-Length: [len]", "")
	fmt.Fprintf(&c.out, "<send%s><![CDATA[\n\n%s\n%s\n]]></send>\n", attributes, strings.Join(lines, "\n"), body)
}

func has(options []string, o string) bool {
	for _, x := range options {
		if x == o {
			return true
		}
	}
	return false
}

var phrases = map[string]string{
	"100": "Trying", "180": "Ringing", "181": "Call Is Being Forwarded", "182": "Queued", "183": "Session Progress", "200": "OK", "202": "Accepted",
	"302": "Moved Temporarily", "401": "Unauthorized", "403": "Forbidden", "404": "Not Found", "407": "Proxy Authentication Required",
	"415": "Unsupported Media Type", "422": "Session Interval Too Small", "480": "Temporarily Unavailable", "486": "Busy Here", "487": "Request Terminated",
	"488": "Not Acceptable Here", "491": "Request Pending", "503": "Service Unavailable", "603": "Decline",
}
