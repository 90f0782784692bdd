package ua

import (
	"strings"
	"testing"

	"offhook/phone/ua/grammar"
)

// message makes the bytes of a message of lines.
func message(lines ...string) []byte {
	head, body, has := strings.Cut(strings.Join(lines, "\n"), "\n\n")
	out := strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n"
	if has {
		out += strings.ReplaceAll(body, "\n", "\r\n") + "\r\n"
	}
	return []byte(out)
}

// TestRFC5118 is the RFC's torture for IPv6, each message written anew after
// its section's description.
func TestRFC5118(t *testing.T) {
	const (
		parties = "From: sip:user@example.com;tag=81x2\nTo: sip:user@example.com\nMax-Forwards: 70\nContent-Length: 0"
		via     = "Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111"
	)
	register := func(uri string) []byte {
		return message("REGISTER "+uri+" SIP/2.0", via, parties, "Contact: \"Caller\" <sip:caller@[2001:db8::1]>", "CSeq: 98176 REGISTER",
			"Call-ID: SSG9559905523997077@hlau_4100")
	}
	options := func(via string) []byte {
		return message("OPTIONS sip:user@[2001:db8::10] SIP/2.0", via, parties, "CSeq: 1 OPTIONS", "Call-ID: o@[2001:db8::9:1]")
	}
	invite := func(sdp ...string) []byte {
		body := append([]string{"v=0", "o=user 1 1 IN IP6 2001:db8::20", "s=-"}, sdp...)
		return message(append([]string{"INVITE sip:user@[2001:db8::10] SIP/2.0", via, "From: <sip:caller@[2001:db8::20]>;tag=81x2", "To: <sip:user@[2001:db8::10]>",
			"Call-ID: i", "CSeq: 8612 INVITE", "Max-Forwards: 70", "Contact: <sip:caller@[2001:db8::20]:5060>", "Content-Type: application/sdp", ""}, body...)...)
	}
	for _, c := range []struct {
		name string
		data []byte
		owed owed
	}{
		{"4.1 an address in brackets", register("sip:[2001:db8::10]"), owed{status: 405, parsed: map[string]string{"host": "[2001:db8::10]"}}},
		{"4.2 an address without brackets", register("sip:2001:db8::10"), owed{status: 400}},
		{"4.3 a port inside the brackets is part of the address", register("sip:[2001:db8::10:5070]"), owed{status: 405, parsed: map[string]string{"host": "[2001:db8::10:5070]"}}},
		{"4.4 a port after the brackets", register("sip:[2001:db8::10]:5070"), owed{status: 405, parsed: map[string]string{"host": "[2001:db8::10]"}}},
		{"4.5 received in brackets", options("Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-111"), owed{status: 200}},
		{"4.5 received without brackets", options("Via: SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3"), owed{status: 200}},
		{"4.6 IPv6 in SDP", invite("c=IN IP6 2001:db8::20", "t=0 0", "m=audio 30000 RTP/AVP 0"), owed{rings: true, from: "sip:caller@[2001:db8::20]"}},
		{"4.7 both kinds in one header", message("BYE sip:user@host.example.net SIP/2.0", "Via: SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111",
			"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144", "Via: SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200",
			"Call-ID: 997077@lau_4100", "Max-Forwards: 70", "CSeq: 89187 BYE", "To: sip:user@example.net;tag=9817--94", "From: sip:user@example.com;tag=81x2", "Content-Length: 0"),
			owed{status: 481, parsed: map[string]string{"vias": "3"}}},
		{"4.8 both kinds in SDP", invite("t=0 0", "m=audio 22334 RTP/AVP 0", "c=IN IP4 192.0.2.1", "m=video 6024 RTP/AVP 107", "c=IN IP6 2001:db8::1", "a=rtpmap:107 H263-1998/90000"), owed{rings: true}},
		{"4.9 IPv4 as IPv6", message("INVITE sip:user@[2001:db8::10] SIP/2.0", "Via: SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19",
			"Via: SIP/2.0/UDP [::ffff:192.0.2.2];branch=z9hG4bKas3-111", "From: <sip:caller@[::ffff:192.0.2.2]>;tag=k-3j", "To: <sip:user@[2001:db8::10]>", "Call-ID: m", "CSeq: 1 INVITE",
			"Max-Forwards: 70", "Contact: <sip:caller@[::ffff:192.0.2.2]>", "Content-Type: application/sdp", "", "v=0", "o=u 1 1 IN IP6 ::ffff:192.0.2.2", "s=-",
			"c=IN IP6 ::ffff:192.0.2.2", "t=0 0", "m=audio 30000 RTP/AVP 0"), owed{rings: true}},
		{"4.10 three colons, which RFC 5954 mends", message("OPTIONS sip:user@[2001:db8:::192.0.2.1] SIP/2.0", via, parties, "CSeq: 1 OPTIONS", "Call-ID: c"), owed{status: 400}},
	} {
		t.Run(c.name, func(t *testing.T) { tormented(t, c.data, c.owed) })
	}
}

// TestLenience: what phones and servers in the field send, and mean well.
func TestLenience(t *testing.T) {
	for name, head := range map[string]string{
		"name without quotes":      "From: Zoë (home) <sip:a@b>;tag=1\nTo: <sip:p@b>",
		"name with an at":          "From: 100@pbx <sip:a@b>;tag=1\nTo: <sip:p@b>",
		"empty user":               "From: <sip:@b>;tag=1\nTo: <sip:p@b>",
		"telephone number":         "From: <tel:+1-201-555-0123>;tag=1\nTo: <tel:110;phone-context=b>",
		"headers in an address":    "From: <sip:a@b?x=y>;tag=1\nTo: <sip:p@b>",
		"parameters with specials": "From: \"A\" <sip:a@b;x=[1]>;tag=a:b/c\nTo: <sip:p@b>;x=\"a;b,c\"",
		"short names":              "f: <sip:a@b>;tag=1\nt: <sip:p@b>",
	} {
		data := message("OPTIONS sip:p@b SIP/2.0", "Via: SIP/2.0/UDP b;branch=z9hG4bK1;rport", head, "Call-ID: c", "CSeq: 1 OPTIONS", "Content-Length: 0")
		if m := grammar.Check(data, true); m.Status != 0 {
			t.Errorf("%s: %d %s", name, m.Status, m.Why)
		}
	}
}
