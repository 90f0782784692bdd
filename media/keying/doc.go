// Package keying agrees on the SRTP keys of a call by a DTLS handshake on the
// path of its sound (DTLS-SRTP, RFC 5763 and RFC 5764).
//
// Both ends show self-made certificates, whose fingerprints went through the
// session descriptions (RFC 8122): so the keys are as safe as the signalling
// is against forgery, and no server on its way can read them.
//
//	            Start                     Finished, fingerprint fits
//	(none) ──────────────► handshaking ───────────────────────────► keyed ─┐
//	                            │                                     │    │ answers what
//	       wrong fingerprint,   │ Limit passed, refused         Close │ ◄──┘ is repeated
//	                            ▼                                     ▼
//	                          failed                                closed
//
// A client that says hello again when there are keys (it lost its state, say)
// gets newer ones; those that there are stay in use until then.
//
// A [Handshake] is one DTLS association of one call. It has no socket: the
// session gives it the datagrams that look like DTLS (see [Is]) and sends what
// it writes. What comes is bounded in number and size, before and after the
// keys are there, and sifted before the DTLS library sees it: alerts and data
// that anyone could have forged do not end a handshake at once.
package keying
