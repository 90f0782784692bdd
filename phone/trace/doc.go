// Package trace shows SIP messages to people and to other programs: as a
// ladder, call by call, and as a capture file that Wireshark, sngrep and
// tcpdump read. It is pure; the messages come from the control socket with
// their secrets taken out.
//
//	call out-1, Call-ID 4fz2…, with 192.0.2.9:5060
//	  22:41:03.120 ──►  INVITE sip:600@example.org              SDP
//	  22:41:03.180 ◄──  401 Unauthorized            INVITE
//	  22:41:03.181 ──►  ACK
package trace
