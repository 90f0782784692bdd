package exchange

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// parse reads one datagram. sipgo reads header values leniently; validate
// checks what is left.
func parse(data []byte) (sip.Message, error) { return sip.ParseMessage(data) }

// validate says why a request is refused before anything else looks at it
// (RFC 3261 sections 8.1.1 and 16.3); 0 = nothing wrong.
func validate(req *sip.Request) (code int, reason string) {
	for _, name := range []string{"From", "To", "Call-ID", "CSeq"} {
		if len(req.GetHeaders(name)) != 1 {
			return sip.StatusBadRequest, "Need one " + name
		}
	}
	via, from, to, cseq := req.Via(), req.From(), req.To(), req.CSeq()
	if via == nil || from == nil || to == nil || cseq == nil || req.CallID() == nil {
		return sip.StatusBadRequest, "Missing Header"
	}
	tag, _ := from.Params.Get("tag")
	branch, _ := via.Params.Get("branch")
	switch {
	case req.SipVersion != "SIP/2.0":
		return sip.StatusVersionNotSupported, "Version Not Supported"
	case cseq.MethodName != req.Method:
		return sip.StatusBadRequest, "CSeq Names Another Method"
	case tag == "":
		return sip.StatusBadRequest, "From Needs a Tag"
	case via.Host == "" || branch == "":
		return sip.StatusBadRequest, "Bad Via"
	case len(req.GetHeaders("Content-Length")) > 1 || len(req.GetHeaders("Max-Forwards")) > 1:
		return sip.StatusBadRequest, "Repeated Header"
	case len(*req.CallID()) > 256 || len(tag) > 256 || len(branch) > 256 || len(req.Headers()) > 128:
		return sip.StatusBadRequest, "Too Long"
	case req.MaxForwards() != nil && *req.MaxForwards() > 255:
		return sip.StatusBadRequest, "Bad Max-Forwards"
	}
	return 0, ""
}

// stampVia writes where a request really came from into its topmost Via (RFC
// 3261 section 18.2.1, RFC 3581 section 4) and returns where its responses go.
func stampVia(via *sip.ViaHeader, from netip.AddrPort) netip.AddrPort {
	port := from.Port()
	if via.Params.Has("rport") {
		via.Params.Add("rport", strconv.Itoa(int(port)))
		via.Params.Add("received", from.Addr().String())
		return from
	}
	if via.Host != from.Addr().String() {
		via.Params.Add("received", from.Addr().String())
	}
	if via.Port > 0 && via.Port < 1<<16 {
		port = uint16(via.Port)
	} else {
		port = 5060
	}
	return netip.AddrPortFrom(from.Addr(), port)
}

// reply builds a response to req as section 8.2.6 asks. tag becomes the To
// tag where the request has none and the response is not 100.
func reply(req *sip.Request, code int, reason, tag string, extra ...sip.Header) *sip.Response {
	res := sip.NewResponse(code, reason)
	for _, name := range []string{"Via", "Record-Route", "From", "To", "Call-ID", "CSeq"} {
		for _, h := range req.GetHeaders(name) {
			res.AppendHeader(sip.HeaderClone(h))
		}
	}
	if to := res.To(); to != nil && code > 100 && !to.Params.Has("tag") {
		to.Params.Add("tag", tag)
	}
	for _, h := range extra {
		res.AppendHeader(h)
	}
	res.SetBody(nil)
	return res
}

// refuseRaw answers a request that the parser could not read, from those of
// its header lines that a response needs, copied as they are. It returns nil
// for responses, for ACK (which is never answered), and when one is missing.
func refuseRaw(data []byte, code int, reason string) []byte {
	head, _, _ := bytes.Cut(data, []byte("\r\n\r\n"))
	lines := strings.Split(string(head), "\r\n")
	method, _, _ := strings.Cut(lines[0], " ")
	if !strings.HasSuffix(lines[0], " SIP/2.0") || method == "ACK" || strings.HasPrefix(lines[0], "SIP/") {
		return nil
	}
	full := map[string]string{"v": "via", "f": "from", "t": "to", "i": "call-id"}
	canonical := map[string]string{"via": "Via", "from": "From", "to": "To", "call-id": "Call-ID", "cseq": "CSeq"}
	seen := map[string]int{}
	var out strings.Builder
	out.WriteString("SIP/2.0 " + strconv.Itoa(code) + " " + reason + "\r\n")
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		if f := full[name]; f != "" {
			name = f
		}
		if canonical[name] == "" {
			continue
		}
		if !ok || len(line) > 1024 || seen[name] > 8 || strings.TrimSpace(value) == "" {
			return nil
		}
		seen[name]++
		if name == "to" && !strings.Contains(strings.ToLower(value), ";tag=") {
			value += ";tag=" + token()
		}
		out.WriteString(canonical[name] + ":" + value + "\r\n")
	}
	if seen["via"] == 0 || seen["from"] != 1 || seen["to"] != 1 || seen["call-id"] != 1 || seen["cseq"] != 1 {
		return nil
	}
	out.WriteString("Content-Length: 0\r\n\r\n")
	return []byte(out.String())
}

// headerValues are the comma-separated tokens of all headers called name.
func headerValues(msg sip.Message, name string) []string {
	var out []string
	for _, h := range msg.GetHeaders(name) {
		for _, v := range strings.Split(h.Value(), ",") {
			if v = strings.TrimSpace(v); v != "" {
				out = append(out, v)
			}
		}
	}
	return out
}

// removeAll removes every header called name, in any case of letters.
func removeAll(msg interface {
	GetHeaders(string) []sip.Header
	RemoveHeader(string) bool
}, name string) {
	for _, h := range msg.GetHeaders(name) {
		msg.RemoveHeader(h.Name())
	}
}
