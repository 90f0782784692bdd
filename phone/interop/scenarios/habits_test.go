//go:build peers && linux

package scenarios

import (
	"fmt"
	"strings"
)

// personality is the habits of a PBX or a provider: what its messages look like.
type personality struct {
	name    string
	contact string
	caller  string   // display name of its From
	always  []string // headers of every message but ACK
	invite  []string // headers of an INVITE that begins a call
	origin  string   // o= line without numbers
	session string   // s=
	extra   []string // attributes of its session
}

const here = "[local_ip]:[local_port]"

var (
	asterisk = personality{
		name: "Asterisk", contact: "<sip:asterisk@" + here + ">", caller: `"Reception" `,
		always: []string{"Server: Asterisk PBX 20.5.0", "Allow: OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, INFO, MESSAGE, REFER",
			"Supported: 100rel, timer, replaces, norefersub"},
		invite: []string{"Session-Expires: 1800", "Min-SE: 90"},
		origin: "-", session: "Asterisk", extra: []string{"a=maxptime:150"},
	}
	freeswitch = personality{
		name: "FreeSWITCH", contact: "<sip:mod_sofia@" + here + ">", caller: `"Extension 1001" `,
		always: []string{"User-Agent: FreeSWITCH-mod_sofia/1.10.9-release~64bit", "Accept: application/sdp",
			"Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE, INFO, UPDATE, REGISTER, REFER, NOTIFY, PUBLISH, SUBSCRIBE",
			"Supported: timer, path, replaces", "Allow-Events: talk, hold, conference, presence, as-feature-event, dialog, line-seize, call-info, sla, include-session-description, presence.winfo, message-summary, refer"},
		invite: []string{"Content-Disposition: session", "X-FS-Support: update_display,send_info",
			`Remote-Party-ID: "Extension 1001" <sip:1001@[local_ip]>;party=calling;screen=yes;privacy=off`},
		origin: "FreeSWITCH", session: "FreeSWITCH", extra: []string{"a=silenceSupp:off - - - -"},
	}
	threeCX = personality{
		name: "3CX", contact: "<sip:them@" + here + ">", caller: `"Front Desk" `,
		always: []string{"User-Agent: 3CXPhoneSystem 18.0.8.965 (965)", "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REGISTER, SUBSCRIBE, NOTIFY, REFER, INFO, MESSAGE, UPDATE",
			"Supported: replaces, timer"},
		invite: []string{"Remote-Party-ID: \"Front Desk\" <sip:100@[local_ip]>;party=calling", "P-Asserted-Identity: \"Front Desk\" <sip:100@[local_ip]>"},
		origin: "3cxPS", session: "3cxPS Audio call", extra: []string{"a=rtcp-mux"},
	}
	sbc = personality{
		name: "a provider's SBC", contact: "<sip:+4930123456@" + here + ";transport=udp;x-hop=7>", caller: "",
		always: []string{"Record-Route: <sip:" + here + ";lr;ftag=x>", "Allow: INVITE,ACK,CANCEL,BYE,OPTIONS,UPDATE,PRACK"},
		invite: []string{"P-Asserted-Identity: <sip:+4930123456@provider.example;user=phone>", "P-Asserted-Identity: <tel:+4930123456>", "Privacy: none",
			"P-Charging-Vector: icid-value=abc;icid-generated-at=192.0.2.1", "Diversion: <sip:+49301@provider.example>;reason=unconditional;counter=1",
			"History-Info: <sip:+49301@provider.example>;index=1, <sip:me@[remote_ip]>;index=1.1", "Accept: application/sdp, application/isup", "Recv-Info:"},
		origin: "SBC", session: "sip call", extra: []string{"b=AS:64", "a=ptime:20", "a=maxptime:40"},
	}
)

func (p personality) from(value string, first bool) string {
	if first {
		return "From: " + p.caller + value
	}
	return "From: " + value
}

// description is a session description of a kind.
func (p personality) description(kind string) string {
	version, port, addr, dir, formats := 1, 20000, "[local_ip]", "sendrecv", "8 0 101"
	maps := []string{"a=rtpmap:8 PCMA/8000", "a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16"}
	var more []string
	switch kind {
	case "plain":
	case "again":
		version = 2
	case "hold":
		version, dir = 3, "sendonly"
	case "held":
		version, dir = 3, "recvonly"
	case "inactive":
		version, dir = 4, "inactive"
	case "zero":
		version, addr = 5, "0.0.0.0"
	case "moved":
		version, port = 6, 21000
	case "many":
		formats = "109 104 9 8 0 18 4 3 97 102 105 101 13 118"
		maps = append(maps, "a=rtpmap:109 EVS/16000", "a=rtpmap:104 AMR-WB/16000", "a=fmtp:104 mode-change-capability=2;max-red=0", "a=rtpmap:9 G722/8000",
			"a=rtpmap:18 G729/8000", "a=fmtp:18 annexb=yes", "a=rtpmap:97 AMR/8000", "a=rtpmap:102 iLBC/8000", "a=fmtp:102 mode=20",
			"a=rtpmap:105 telephone-event/16000", "a=rtpmap:118 CN/16000", "a=rtcp:20001")
	case "video":
		more = []string{"m=video 20002 RTP/AVP 96", "a=rtpmap:96 H264/90000", "m=application 20004 UDP/BFCP *", "m=image 20006 udptl t38"}
	case "none":
		formats, maps = "97", []string{"a=rtpmap:97 SPEEX/16000"}
	default:
		panic("no such description: " + kind)
	}
	lines := []string{"v=0", fmt.Sprintf("o=%s 1697 %d IN IP4 [local_ip]", p.origin, version), "s=" + p.session, "c=IN IP4 " + addr}
	for _, e := range p.extra {
		if strings.HasPrefix(e, "b=") {
			lines = append(lines, e)
		}
	}
	lines = append(lines, "t=0 0", fmt.Sprintf("m=audio %d RTP/AVP %s", port, formats))
	lines = append(lines, maps...)
	for _, e := range p.extra {
		if strings.HasPrefix(e, "a=") {
			lines = append(lines, e)
		}
	}
	lines = append(lines, "a="+dir)
	return strings.Join(append(lines, more...), "\n")
}
