// Package ua is the SIP user agent of the softphone: it registers accounts,
// makes and takes calls, holds them and ends them, and says with which address
// and codec sound is exchanged. It touches no sound.
//
// sipgo gives the parser, the transports and the state machines of transactions.
// Dialogs, offer/answer (package sdp), registration, authentication and the order of
// messages are ours:
//
//	socket ─► packetConn/streamConn ─► sipgo's parser ─► intake: a queue for each
//	           rates (door), faults (judge)              Call-ID, in order; To-tag
//	                                                        │
//	                      transactions: sipgo's state machines, one after another
//	                                                        ▼
//	        Agent.route ─► call.serial ─► dialog, sdp.Session ─► Event, in order
//
// The states of a call; what the peer is still owed after Ended (an ACK and a
// BYE for an answer that crossed our CANCEL, say) goes on behind it:
//
//	Dial ─► calling ──2xx──► up ◄──Answer── ringing ◄─ INVITE
//	          │               │                │
//	          │ refused,      │ BYE,           │ CANCEL, Reject,
//	          │ HangUp        │ HangUp         │ HangUp
//	          ▼               ▼                ▼
//	        over ◄────────────┴────────────────┘   Ended is sent on entering
//
// A call keeps its id when it goes on with somebody else: whom the peer refers
// us to (REFER, inside a dialog only), or who takes the peer's place (an INVITE
// with Replaces, which knows the tags of the dialog). The new dialog is a call
// of its own until it is answered; see succession. Handing a call on is
// Transfer and Join; see referring. Beside that a call has a session timer
// (timer.go, RFC 4028), answers provisional responses that must not get lost
// (reliable.go, RFC 3262), follows a redirection as the account allows
// (redirect.go), and takes keys by INFO (info.go). What the server says of the
// caller is in Caller; only the account's own server is believed.
//
// The latest messages are remembered, their secrets taken out, for Trace.
//
// Each call and each account is owned by a serial, a queue whose functions run
// one after another. The Agent's methods only look at a snapshot and post; so
// they never wait, and a 200 OK is written within microseconds of Answer. All
// time is that of package time, all sockets come from a Network: with package
// uatest whole calls run in virtual time.
//
// Strangers never ring a phone. The user part of our Contact is random, and an
// INVITE must both name it and come over the way we registered by: from one of
// the addresses that the server's name leads to (all of NAPTR, SRV, A, AAAA),
// or from one of Account.TrustedServers, where a provider calls from gateways
// that no name of his leads to. Anything else gets 404, unless
// Config.DirectCalls. The tag that makes a message belong to a dialog of ours
// cannot be guessed either.
//
// Servers are found by package locate. An account registers with the best one
// that answers, over UDP, TCP or TLS, goes on to the next when it does not,
// and comes back (see servers). What the server sees of us becomes our Contact
// (RFC 3581), what it asks to be kept alive is (RFC 5626), and calls go the
// same way as the registration.
//
// Of sipgo's process-wide settings this package sets two, once (see init in
// stack.go): the refusal of UDP messages above its limit is lifted, since the
// choice of transport is made here, and its default logger is silenced. The
// loggers it is given are brought down to debug level, limited and redacted.
package ua
