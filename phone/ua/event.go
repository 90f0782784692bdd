package ua

import "time"

// Event is what an Agent tells its Handler: Registration, Incoming, Progress,
// Answered, MediaChanged, Transfer, Referred, Replaced,
// KeyReceived, KeyRefused or Ended.
type Event interface{ event() }

// RegState says how an account stands with its registrar.
type RegState uint8

// States of a registration.
const (
	Unregistered RegState = iota
	Registering
	Registered
	Failed
)

func (s RegState) String() string {
	return [...]string{"unregistered", "registering", "registered", "failed"}[s&3]
}

// Registration tells of a change in an account's registration.
type Registration struct {
	Account string
	State   RegState
	Code    int    // SIP status that caused it, 0 when there was none
	Step    Step   // what it failed at, when State is Failed
	Server  string // where it is registered, "udp:192.0.2.1:5060"; empty: nowhere
	Reason  string // in words, for the user
	Expires time.Duration
}

// Incoming is a new call that wants to ring. Answer it with Ring, Answer,
// Reject or HangUp.
type Incoming struct {
	Call    string // made by the agent, "in-…"
	Account string // empty for a direct call
	From    string // the caller's URI
	// FromName is the caller's display name, controls taken out, at most 128
	// bytes; often empty.
	FromName string
	To       string   // the URI that was called
	Caller   Caller   // what else the INVITE says
	Codecs   []string // what both sides know, in the caller's order
	At       time.Time
}

// Progress is a provisional response to our INVITE.
type Progress struct {
	Call   string
	Code   int
	Reason string
	Media  *Media // early media, nil when there is none
}

// Answered says a call is up: for an incoming call once the 200 is sent
// (after the ACK when the offer was in our 200).
type Answered struct {
	Call  string
	Media Media
}

// MediaChanged says a re-INVITE changed the sound or the holds.
type MediaChanged struct {
	Call                  string
	Media                 Media
	RemoteHold, LocalHold bool
	// Refused says why the other side did not agree to our Hold or Resume;
	// LocalHold is then as it was before. Empty: nothing was refused.
	Refused string
}

// Ended is the last event of a call.
type Ended struct {
	Call   string
	Code   int // SIP status; 200 for a call ended by BYE, 487 for a cancelled one
	Reason string
	Remote bool // the other side ended it
	// MissedElsewhere: another phone took the call; it is no missed call.
	MissedElsewhere bool
}

// Transfer tells how handing a call to somebody else fares, which was ordered
// by Transfer or Join. Success is the end of the call, with the reason
// "transferred".
type Transfer struct {
	Call   string
	Code   int    // the SIP status that the third party gave, 0 when it is not known
	Reason string // in words
	Failed bool   // the call is ours as it was
}

// Referred tells how the other side's wish fares to have us talk to somebody
// else (RFC 3515).
type Referred struct {
	Call   string
	Target string // whom we are to call
	Code   int    // how far that call is, or how it ended
	Reason string
	Failed bool // it came to nothing; the call is what it was
}

// Replaced says that the call goes on with somebody else: whom we were
// referred to has it now, or somebody took the other side's place (RFC 3891).
// MediaChanged, or Answered when the call was not up yet, follows.
type Replaced struct {
	Call     string
	Peer     string // the URI of the other side from now on
	PeerName string // its display name, often empty
}

// KeyReceived is a key the peer sent by INFO.
type KeyReceived struct {
	Call string
	Key  byte
}

// KeyRefused says that the peer did not take a key of SendInfo.
type KeyRefused struct {
	Call   string
	Key    byte
	Reason string
}

func (KeyReceived) event()  {}
func (KeyRefused) event()   {}
func (Transfer) event()     {}
func (Referred) event()     {}
func (Replaced) event()     {}
func (Registration) event() {}
func (Incoming) event()     {}
func (Progress) event()     {}
func (Answered) event()     {}
func (MediaChanged) event() {}
func (Ended) event()        {}
