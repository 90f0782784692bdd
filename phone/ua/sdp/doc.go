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
// Keys for SRTP go in the descriptions (SDES, RFC 4568), as Local.Encryption
// says. What two sides make of it, A's offer to B:
//
//	A \ B            NoEncryption   Opportunistic   Required
//	NoEncryption      plain          plain           refused
//	Opportunistic     plain          encrypted       encrypted
//	Required          refused        encrypted       encrypted
//
// Opportunistic offers RTP/AVP with keys, so a peer that knows nothing of them
// answers plainly; Required offers RTP/SAVP. Either is understood from others.
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
