// Package sdp agrees on the sound of a call: session descriptions (RFC 8866)
// and the offer/answer rules (RFC 3264), with nothing of SIP in it.
//
// A Session is one side of one dialog. It writes our offers and answers and
// reads the peer's; each successful exchange yields a Result: where to send,
// with which codec and payload types, and whether either direction rests.
//
//	        Offer()             SetAnswer()
//	stable ────────► have-offer ────────────► stable
//	   │  ▲              │
//	   │  └──────────────┘ Cancel(): the peer refused, the old agreement stands
//	   └── Answer(offer) ──► stable
//
// Keys for SRTP go in the descriptions (SDES, RFC 4568) or come from a DTLS
// handshake (RFC 5763), as Local.Encryption says. What two sides make of it,
// A's offer to B, for either keying:
//
//	A \ B            NoEncryption   Opportunistic   Required
//	NoEncryption      plain          plain           refused
//	Opportunistic     plain          encrypted       encrypted
//	Required          refused        encrypted       encrypted
//
// An opportunistic B takes either keying, one that requires encryption its own
// alone. Opportunistic offers RTP/AVP with keys, so a peer that knows nothing
// of them answers plainly; Required offers RTP/SAVP. With DTLS both offer
// UDP/TLS/RTP/SAVP, and it takes a second offer (Session.Lower) to be answered
// plainly. Either is understood from others.
//
// There is no ICE: its attributes are passed over, and a peer that offers it
// finds none in the answer and does without (RFC 8839). A peer that
// names no address but its candidates' cannot be reached.
//
// Everything here is pure: no I/O, no clock; randomness only for the session
// id, which the caller gives. A Session is not safe for concurrent use; the
// call that owns it is.
//
// Descriptions come from strangers, so Parse takes at most MaxSize bytes,
// MaxMedia media and MaxFormats formats, drops what it has no use for before
// the strict parser of pion/sdp sees it, and knows the habits of peers that
// leave out lines.
package sdp
