//go:build peers && linux

package scenarios

import (
	"testing"

	"offhook/phone/ua"
)

// Pieces of scripts that many scenarios begin and end with.
const (
	theyAnswer = `
< INVITE
> 100 INVITE
> 180 INVITE
> 200 INVITE sdp
< ACK
`
	weHangUp   = "\n< BYE\n> 200\n"
	theyHangUp = "\n> BYE\n< 200\n"
	theyCall   = `
> INVITE sdp
< 100 opt
< 180 opt
< 200
> ACK
`
	dialled  = "\ndial\nanswered\n"
	answered = "\nincoming\nanswer\nanswered\n"
	bothEnd  = "\nhang-up\nended 200\n"
)

var table = []scenario{
	// Every personality, both ways.
	{name: "Asterisk is called", habits: asterisk, role: "callee", sipp: theyAnswer + weHangUp, phone: dialled + bothEnd},
	{name: "FreeSWITCH is called", habits: freeswitch, role: "callee", sipp: theyAnswer + weHangUp, phone: dialled + bothEnd},
	{name: "3CX is called", habits: threeCX, role: "callee", sipp: theyAnswer + weHangUp, phone: dialled + bothEnd},
	{name: "an SBC is called", habits: sbc, role: "callee", sipp: theyAnswer + "< BYE\n? Route: ;lr\n> 200\n", phone: dialled + bothEnd},
	{name: "Asterisk calls", habits: asterisk, role: "caller", sipp: theyCall + theyHangUp, phone: "incoming Reception\nring\nanswer\nanswered\nended 200"},
	{name: "FreeSWITCH calls", habits: freeswitch, role: "caller", sipp: theyCall + theyHangUp, phone: "incoming Extension 1001\nring\nanswer\nanswered\nended 200"},
	{name: "3CX calls", habits: threeCX, role: "caller", sipp: theyCall + theyHangUp, phone: "incoming Front Desk\nring\nanswer\nanswered\nended 200"},
	{name: "an SBC calls", habits: sbc, role: "caller", sipp: theyCall + theyHangUp, phone: "incoming\nring\nanswer\nanswered\nended 200"},
	{name: "an SBC calls with all the codecs of a provider", habits: sbc, role: "caller",
		sipp: "> INVITE sdp=many\n< 100 opt\n< 200\n? body: m=audio [0-9]+ RTP/AVP 8 101\n> ACK\n< BYE\n> 200\n", phone: "incoming\nanswer\nanswered PCMA" + bothEnd},
	{name: "3CX over TCP", habits: threeCX, role: "callee", tcp: true, sipp: theyAnswer + weHangUp, phone: dialled + bothEnd},
	{name: "Asterisk calls over TCP", habits: asterisk, role: "caller", tcp: true, sipp: theyCall + theyHangUp, phone: "incoming\nanswer\nanswered\nended 200"},

	// Registration and authentication.
	{name: "Asterisk challenges the call", habits: asterisk, role: "callee", sipp: `
< INVITE
> 401 INVITE
+ WWW-Authenticate: Digest algorithm=MD5, realm="asterisk", nonce="171234/abc", qop="auth", opaque="x"
< ACK
< INVITE
? Authorization: username="me"
> 200 INVITE sdp
< ACK
< BYE
> 200`, phone: "dial\nanswered" + bothEnd},
	{name: "a provider's proxy challenges every request", habits: sbc, role: "callee", sipp: theyAnswer + `
< BYE
> 407
+ Proxy-Authenticate: Digest realm="provider.example", nonce="n1", qop="auth,auth-int", algorithm=SHA-256
+ Proxy-Authenticate: Digest realm="provider.example", nonce="n1", qop="auth", algorithm=MD5
< BYE
? Proxy-Authorization: algorithm=SHA-256
> 200`, phone: dialled + bothEnd},
	{name: "FreeSWITCH challenges a hold", habits: freeswitch, role: "callee", sipp: theyAnswer + `
< INVITE
> 407 INVITE
+ Proxy-Authenticate: Digest realm="fs", nonce="n2", algorithm=MD5, qop="auth"
< ACK
< INVITE
? Proxy-Authorization: nonce="n2"
? body: a=sendonly
> 200 INVITE sdp=held
< ACK` + weHangUp, phone: dialled + "hold\nholding" + bothEnd},
	{name: "3CX registers us and calls our Contact", habits: threeCX, role: "callee", account: func(a *ua.Account) { a.Register = true }, sipp: `
< REGISTER
> 200 tag
+ Contact: <[$contact]>;expires=3600
> INVITE registered sdp
+ Call-Info: <sip:127.0.0.1>;answer-after=0
< 100 opt
< 180 opt
< 200
> ACK
> BYE
< 200`, phone: "registered\nincoming sip:100@\nring\nanswer\nanswered\nended 200"},

	// Hold, by them and by us.
	{name: "Asterisk holds us", habits: asterisk, role: "callee", sipp: theyAnswer + "> INVITE sdp=hold\n< 100 opt\n< 200\n? body: a=recvonly\n> ACK\n> INVITE sdp=again\n< 100 opt\n< 200\n? body: a=sendrecv\n> ACK" + weHangUp,
		phone: dialled + "held\nunheld" + bothEnd},
	{name: "FreeSWITCH holds us with inactive", habits: freeswitch, role: "callee", sipp: theyAnswer + "> INVITE sdp=inactive\n< 100 opt\n< 200\n? body: a=inactive\n> ACK" + weHangUp,
		phone: dialled + "held" + bothEnd},
	{name: "an old PBX holds us by a zero address", habits: asterisk, role: "callee", sipp: theyAnswer + "> INVITE sdp=zero\n< 100 opt\n< 200\n> ACK" + weHangUp,
		phone: dialled + "held" + bothEnd},
	{name: "we hold 3CX and resume", habits: threeCX, role: "callee", sipp: theyAnswer + `
< INVITE
? body: a=sendonly
> 200 INVITE sdp=held
< ACK
< INVITE
? body: a=sendrecv
> 200 INVITE sdp=again
< ACK` + weHangUp, phone: dialled + "hold\nholding\nresume\ntalking" + bothEnd},
	{name: "a hold that is refused", habits: sbc, role: "callee", sipp: theyAnswer + "< INVITE\n> 488 INVITE\n< ACK" + weHangUp, phone: dialled + "hold\nrefused" + bothEnd},
	{name: "a hold that crosses theirs", habits: asterisk, role: "callee", sipp: theyAnswer + `
< INVITE
> 491 INVITE
< ACK
< INVITE
> 200 INVITE sdp=held
< ACK` + weHangUp, phone: dialled + "hold\nholding" + bothEnd},

	// Re-INVITE and UPDATE as PBXs use them.
	{name: "Asterisk moves the sound (direct media)", habits: asterisk, role: "callee", sipp: theyAnswer + "> INVITE sdp=moved\n< 100 opt\n< 200\n> ACK" + weHangUp,
		phone: dialled + "moved 21000" + bothEnd},
	{name: "an SBC asks for an offer (late offer)", habits: sbc, role: "callee", sipp: theyAnswer + "> INVITE\n< 100 opt\n< 200\n? body: m=audio 30000 RTP/AVP\n> ACK sdp=moved" + weHangUp,
		phone: dialled + "moved 21000" + bothEnd},
	{name: "an SBC calls without an offer", habits: sbc, role: "caller", sipp: "> INVITE\n< 100 opt\n< 200\n? body: m=audio 30000\n> ACK sdp\n> BYE\n< 200", phone: "incoming\nanswer\nanswered\nended 200"},
	{name: "FreeSWITCH updates who we talk to", habits: freeswitch, role: "callee", sipp: theyAnswer + "> UPDATE\n< 200\n> UPDATE sdp=moved\n< 200\n? body: m=audio 30000" + weHangUp,
		phone: dialled + "moved 21000" + bothEnd},
	{name: "a camera and a fax are refused", habits: threeCX, role: "caller", sipp: "> INVITE sdp=video\n< 100 opt\n< 200\n? body: m=video 0 RTP/AVP 96\n? body: m=image 0 udptl t38\n> ACK\n> BYE\n< 200",
		phone: answered + "ended 200"},
	{name: "no codec in common", habits: freeswitch, role: "caller", sipp: "> INVITE sdp=none\n< 100 opt\n< 488\n? Warning: 305\n> ACK refusal", phone: ""},

	// Provisional responses.
	{name: "early media, and we give up", habits: sbc, role: "callee", sipp: "< INVITE\n> 183 INVITE sdp\n< CANCEL\n> 200\n> 487 INVITE\n< ACK",
		phone: "dial\nprogress media\nhang-up\nended 487"},
	{name: "a queue sends many provisional responses", habits: asterisk, role: "callee", sipp: "< INVITE\n> 100 INVITE\n" + many("> 182 INVITE\n", 30) + "> 180 INVITE\n> 200 INVITE sdp\n< ACK" + weHangUp,
		phone: dialled + bothEnd},
	{name: "reliable early media (PRACK)", habits: sbc, role: "callee", sipp: `
< INVITE
? Supported: 100rel
> 183 INVITE sdp
+ Require: 100rel
+ RSeq: 4711
< PRACK
? RAck: 4711 1 INVITE
> 200
> 200 INVITE
< ACK` + weHangUp, phone: "dial\nprogress media\nanswered" + bothEnd},
	{name: "an IMS requires reliable ringing", habits: sbc, role: "caller", sipp: `
> INVITE sdp
+ Require: 100rel
< 100 opt
< 180
? RSeq: [0-9]+
> CANCEL
< 200
< 487
> ACK refusal`, phone: "incoming\nring\nended 487"},

	// Timers.
	{name: "FreeSWITCH wants a session timer", habits: freeswitch, role: "caller", sipp: `
> INVITE sdp
+ Session-Expires: 120;refresher=uas
+ Min-SE: 120
< 100 opt
< 200
? Session-Expires: 120;refresher=uas
> ACK
> BYE
< 200`, phone: answered + "ended 200"},
	{name: "3CX refreshes by UPDATE", habits: threeCX, role: "callee", sipp: theyAnswer + `
> UPDATE
+ Session-Expires: 1800;refresher=uac
< 200
? Session-Expires: 1800;refresher=uac` + theyHangUp, phone: dialled + "ended 200"},
	{name: "our interval is too small for an SBC", habits: sbc, role: "callee", sipp: `
< INVITE
> 422 INVITE
+ Min-SE: 3600
< ACK
< INVITE
? Session-Expires: 3600
? Min-SE: 3600
> 200 INVITE sdp
+ Session-Expires: 3600;refresher=uac
< ACK` + weHangUp, phone: "dial\nanswered" + bothEnd},

	// Refusals, redirection, giving up.
	{name: "busy", habits: asterisk, role: "callee", sipp: "< INVITE\n> 486 INVITE\n+ Reason: Q.850;cause=17\n< ACK", phone: "dial\nended 486"},
	{name: "no such number at a provider", habits: sbc, role: "callee", sipp: "< INVITE\n> 404 INVITE\n+ Reason: Q.850;cause=1;text=\"Unallocated number\"\n< ACK", phone: "dial\nended 404"},
	{name: "forwarded within the PBX", habits: threeCX, role: "callee", sipp: `
< INVITE
> 302 INVITE
+ Contact: <sip:200@[local_ip]:[local_port]>
< ACK
< INVITE
> 200 INVITE sdp
< ACK` + weHangUp, phone: "dial\nprogress 181\nanswered" + bothEnd},
	{name: "forwarded to another country", habits: sbc, role: "callee", sipp: "< INVITE\n> 302 INVITE\n+ Contact: <sip:+88200@192.0.2.99>\n< ACK", phone: "dial\nended 302"},
	{name: "we give up while it rings", habits: freeswitch, role: "callee", sipp: "< INVITE\n> 180 INVITE\n< CANCEL\n> 200\n> 487 INVITE\n< ACK", phone: "dial\nprogress 180\nhang-up\nended 487"},
	{name: "they give up while it rings", habits: asterisk, role: "caller", sipp: "> INVITE sdp\n< 100 opt\n< 180\n> CANCEL\n< 200\n< 487\n> ACK refusal", phone: "incoming\nring\nended 487"},
	{name: "another phone of ours answers", habits: freeswitch, role: "caller", sipp: "> INVITE sdp\n< 100 opt\n< 180\n> CANCEL\n+ Reason: SIP;cause=200;text=\"Call completed elsewhere\"\n< 200\n< 487\n> ACK refusal",
		phone: "incoming\nring\nended 487 Call completed elsewhere"},
	{name: "we refuse", habits: threeCX, role: "caller", sipp: "> INVITE sdp\n< 100 opt\n< 180 opt\n< 486\n> ACK refusal", phone: "incoming\nreject 486\nended 486"},

	// Keys, transfers, intercom.
	{name: "keys by INFO to Asterisk", habits: asterisk, role: "callee", sipp: theyAnswer + "< INFO\n? body: Signal=7\n> 200\n> INFO\n+ body: application/dtmf-relay: Signal=#\\nDuration=160\n< 200" + weHangUp,
		phone: dialled + "key 7\ngot #" + bothEnd},
	{name: "keys by INFO to a PBX of the other kind", habits: threeCX, role: "callee", sipp: theyAnswer + "< INFO\n> 415\n< INFO\n? body: ^7$\n> 200\n> INFO\n+ body: application/dtmf: 5\n< 200" + weHangUp,
		phone: dialled + "key 7\ngot 5" + bothEnd},
	{name: "we transfer, and FreeSWITCH reports", habits: freeswitch, role: "callee", sipp: theyAnswer + `
< REFER
? Refer-To: sip:200@
? Referred-By: sip:me@
> 202
> NOTIFY
+ Event: refer
+ Subscription-State: active;expires=60
+ body: message/sipfrag;version=2.0: SIP/2.0 100 Trying
< 200
> NOTIFY
+ Event: refer
+ Subscription-State: terminated;reason=noresource
+ body: message/sipfrag;version=2.0: SIP/2.0 200 OK
< 200
< BYE
> 200`, phone: dialled + "transfer 200\nended 200 transferred"},
	{name: "we transfer, and Asterisk hangs up", habits: asterisk, role: "callee", sipp: theyAnswer + "< REFER\n> 202\n> BYE\n< 200", phone: dialled + "transfer 200\nended 200 transferred"},
	{name: "a transfer that 3CX refuses", habits: threeCX, role: "callee", sipp: theyAnswer + "< REFER\n> 603" + weHangUp, phone: dialled + "transfer 200\ntransfer-failed 603" + bothEnd},
	{name: "a transfer to somebody busy", habits: sbc, role: "callee", sipp: theyAnswer + `
< REFER
> 202
> NOTIFY
+ Event: refer
+ Subscription-State: terminated;reason=noresource
+ body: message/sipfrag: SIP/2.0 486 Busy Here
< 200` + weHangUp, phone: dialled + "transfer 200\ntransfer-failed 486" + bothEnd},
	{name: "a stranger's REFER", habits: sbc, role: "caller", sipp: "> REFER stranger\n+ Refer-To: <sip:0900@192.0.2.66>\n< 403", phone: ""},
	{name: "a ring of its own", habits: asterisk, role: "caller", sipp: "> INVITE sdp\n+ Alert-Info: <http://127.0.0.1/x>;info=alert-internal\n< 100 opt\n< 180 opt\n< 486\n> ACK refusal", phone: "incoming alert-internal\nreject 486\nended 486"},
	{name: "is anybody there", habits: asterisk, role: "caller", sipp: "> OPTIONS stranger\n< 200\n? Allow: REFER\n? Supported: replaces", phone: ""},
}

func many(s string, n int) (out string) {
	for range n {
		out += s
	}
	return out
}

func TestScenarios(t *testing.T) {
	for _, s := range table {
		t.Run(s.name, s.run)
	}
}
