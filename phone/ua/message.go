package ua

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// allow is every method we answer with something better than 405.
const allow = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY"

// extensions are the option tags we understand in Require; the value of
// Supported.
var extensions = []string{"replaces", "norefersub", "timer", "100rel"}

// reasons are the phrases of the statuses we send.
var reasons = map[int]string{
	100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 202: "Accepted",
	302: "Moved Temporarily",
	400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable",
	408: "Request Timeout", 415: "Unsupported Media Type", 416: "Unsupported URI Scheme", 420: "Bad Extension", 422: "Session Interval Too Small",
	480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 482: "Loop Detected",
	486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here", 489: "Bad Event", 491: "Request Pending",
	500: "Server Internal Error", 501: "Not Implemented", 503: "Service Unavailable", 504: "Server Time-out", 505: "Version Not Supported",
	600: "Busy Everywhere", 603: "Decline", 604: "Does Not Exist Anywhere", 606: "Not Acceptable",
}

func reasonPhrase(code int) string {
	if r := reasons[code]; r != "" {
		return r
	}
	switch code / 100 {
	case 1:
		return "Progress"
	case 2:
		return "OK"
	case 3:
		return "Redirected"
	case 5:
		return "Server Failure"
	case 6:
		return "Global Failure"
	}
	return "Refused"
}

// response builds a response with what all of ours carry.
func (a *Agent) response(req *sip.Request, code int) *sip.Response {
	res := sip.NewResponseFromRequest(req, code, reasonPhrase(code), nil)
	res.SipVersion = "SIP/2.0"
	if code != 100 {
		res.AppendHeader(sip.NewHeader("User-Agent", a.cfg.UserAgent))
	}
	if code == 405 || code == 200 && (req.Method == sip.INVITE || req.Method == sip.OPTIONS) {
		res.AppendHeader(sip.NewHeader("Allow", allow))
	}
	return res
}

// setSDP makes body the session description of m.
func setSDP(m sip.Message, body []byte) {
	m.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	m.SetBody(body)
}

// sdpOf gives the session description a message carries, if it does.
func sdpOf(m interface {
	Body() []byte
	ContentType() *sip.ContentTypeHeader
}) []byte {
	if len(m.Body()) == 0 {
		return nil
	}
	if t := m.ContentType(); t != nil && !isSDP(string(*t)) {
		return nil
	}
	return m.Body()
}

func isSDP(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(t), "application/sdp")
}

// headerValue gives the first value of a header, "" when there is none.
func headerValue(m sip.Message, name string) string {
	if h := m.GetHeaders(name); len(h) > 0 {
		return h[0].Value()
	}
	return ""
}

// seconds reads a header of delta-seconds ("120 (comment)" too); -1 when it
// is missing or nonsense.
func seconds(v string) int {
	end := 0
	for end < len(v) && v[end] >= '0' && v[end] <= '9' {
		end++
	}
	n, err := strconv.ParseUint(v[:end], 10, 31)
	if err != nil {
		return -1
	}
	return int(n)
}

// source is the address a message came from.
func source(m sip.Message) netip.AddrPort {
	ap, err := netip.ParseAddrPort(m.Source())
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

// elsewhere says whether a CANCEL or BYE carries a Reason header (RFC 3326)
// that another phone of ours took the call.
func elsewhere(req *sip.Request) bool {
	for _, h := range req.GetHeaders("Reason") {
		for v := range strings.SplitSeq(h.Value(), ",") {
			proto, params, _ := strings.Cut(v, ";")
			if !strings.EqualFold(strings.TrimSpace(proto), "SIP") {
				continue
			}
			for p := range strings.SplitSeq(params, ";") {
				k, cause, _ := strings.Cut(strings.TrimSpace(p), "=")
				if strings.EqualFold(k, "cause") && strings.TrimSpace(cause) == "200" {
					return true
				}
			}
		}
	}
	return false
}

// reasonText is the text of a Reason header, "" when there is none.
func reasonText(req *sip.Request) string {
	for _, h := range req.GetHeaders("Reason") {
		_, text, ok := strings.Cut(h.Value(), "text=")
		if !ok {
			continue
		}
		if strings.HasPrefix(text, `"`) {
			text, _, _ = strings.Cut(text[1:], `"`)
		} else {
			text, _, _ = strings.Cut(text, ";")
		}
		return displayName(text)
	}
	return ""
}

func random64() uint64 {
	var b [8]byte
	rand.Read(b[:])
	return binary.BigEndian.Uint64(b[:])
}

// uuid is a random UUID (RFC 9562 section 5.4).
func uuid() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// token is a random lower-case word of 80 bits or more.
func token() string { return strings.ToLower(rand.Text())[:20] }
