// Package exchange is a small telephone exchange for one computer: it listens
// on loopback only, so that a phone without an account still has a dial tone
// and someone to call.
//
// Any program on the machine may register any extension (unless Config.Users
// asks for passwords). A call to a registered extension is proxied; 600 is an
// echo; 601 rings its caller back three seconds after the caller hung up; an
// extension nobody registered is 404, one that was registered and is gone is
// 480.
//
//	         packet                       timer
//	           │                            │
//	reader ────┴──►  loop (one goroutine) ◄─┴── timerQueue
//	                   │
//	    ┌──────────────┼───────────────────┐
//	REGISTER       extension           600, 601
//	registrar    fork (proxy)       call (user agent)──► echo (RTP goroutine)
//	    │              │                   │
//	    └── serverTx ──┴── clientTx ───────┘      RFC 3261 section 17
//
// sipgo gives the parser and the message types. Its transaction layer is not
// used: it answers CANCEL and starts a goroutine for each message before we
// see it, while a proxy for a handful of phones is simplest and easiest to
// bound when one goroutine owns every transaction, dialog, binding and timer.
// So nothing here needs a lock, and nothing runs after Close.
//
// The proxy is transaction-stateful (RFC 3261 section 16): it forwards
// INVITE, CANCEL and responses, acknowledges non-2xx finals hop by hop, and
// does not record-route, so ACK for 2xx, BYE and re-INVITE travel end to end
// between the Contacts. An extension with several bindings is forked to all
// of them at once. A binding that says nothing at all for 8 s cannot be alive
// on loopback; it is dropped, and the caller hears 480 instead of 32 s of
// silence.
//
// A call with the exchange itself:
//
//	           INVITE                    ACK
//	    (none) ──────► answered (200) ─────────► talking ◄─┐
//	                       │                       │  └────┘ re-INVITE: hold, resume
//	no ACK in 32 s: BYE ◄──┘                       │
//	                          BYE, or no RTP for 60 s while the peer should send
//	                                               ▼
//	                                             ended ──(601)──► 3 s ──► INVITE to the caller
//
// Bounds: message size, registrations per extension and in all, transactions,
// calls, requests per second from each source and in all. What exceeds them
// gets 503 or nothing.
package exchange
