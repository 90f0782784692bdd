package control

import (
	"context"
	"encoding/json"
	"time"
)

// Backend is the phone as the control socket sees it. All methods may be called from any goroutine and
// several at once.
type Backend interface {
	// Do carries out one command. It returns when the order is accepted, not when its effect is complete: a dial
	// returns when the call has been made, not when it is answered. A refusal is an *Error. The context ends when the
	// client goes away or the time for a command is up.
	Do(ctx context.Context, c Command) (Result, error)
	// Status is a snapshot that the caller may keep. Its slices need not be non-nil; the server makes them so.
	Status() Status
	// Subscribe starts a stream of events. The channel may be closed by the backend (the phone ends, or the reader was
	// too slow); cancel ends the subscription and may be called more than once.
	Subscribe() (events <-chan Event, cancel func())
}

// Values of Status.State, worst to best as an icon shows them. "talking" includes early media.
const (
	StateIdle      = "idle"
	StateRinging   = "ringing"
	StateDialing   = "dialing"
	StateTalking   = "talking"
	StateHeld      = "held"
	StateNoHandset = "no-handset"
	StateOffline   = "offline"
)

// Values of Account.State.
const (
	AccountRegistered   = "registered"
	AccountRegistering  = "registering"
	AccountFailed       = "failed"
	AccountUnregistered = "unregistered"
)

// Values of Call.State. Events of type "call" know CallEnded besides.
const (
	CallDialing    = "dialing"    // the order is out, nothing heard yet
	CallProceeding = "proceeding" // 100 or 183 without sound
	CallAlerting   = "alerting"   // the far end rings
	CallEarly      = "early"      // sound before the answer
	CallIncoming   = "incoming"
	CallAnswering  = "answering"
	CallActive     = "active"
	CallEnding     = "ending"
	CallEnded      = "ended" // events only
)

// TransferFailed is the State of an event about a transfer that came to nothing.
const TransferFailed = "failed"

// Values of Handset.State.
const (
	HandsetIdle        = "idle"
	HandsetDialTone    = "dial-tone"
	HandsetCollecting  = "collecting"
	HandsetConnected   = "connected"
	HandsetCallingBack = "calling-back"
	HandsetTone        = "tone"
	HandsetUnplugged   = "unplugged"
)

// Status is all that a client can know of a running phone at one moment.
type Status struct {
	Version  string    `json:"version"`
	State    string    `json:"state"` // one word for an icon: see StateIdle…
	DND      bool      `json:"dnd"`
	Muted    bool      `json:"muted"`
	Missed   int       `json:"missed"` // calls missed since they were last looked at
	Accounts []Account `json:"accounts"`
	Calls    []Call    `json:"calls"`
	Handsets []Handset `json:"handsets"`
}

// Account is one SIP account and how its registration stands.
type Account struct {
	Name      string `json:"name"`
	URI       string `json:"uri"`
	State     string `json:"state"`
	Step      string `json:"step,omitempty"`       // what it failed at: "name", "route", "tls", "answer", "credentials", "expiry"
	Server    string `json:"server,omitempty"`     // where it is registered, "udp:192.0.2.1:5060"
	Reason    string `json:"reason,omitempty"`     // why it failed, in words
	Code      int    `json:"code,omitempty"`       // SIP status of the last answer, 0 when there was none
	ExpiresIn int    `json:"expires_in,omitempty"` // seconds until the registration lapses
}

// Ways to agree on keys, in Call.Keying.
const (
	KeyingSDES = "sdes"
	KeyingDTLS = "dtls"
)

// Call is one call, from the first INVITE to its end.
type Call struct {
	ID         string     `json:"id"`
	Direction  string     `json:"direction"` // "in" or "out"
	State      string     `json:"state"`
	Peer       string     `json:"peer"` // URI or number
	PeerName   string     `json:"peer_name,omitempty"`
	Account    string     `json:"account,omitempty"`
	Handset    string     `json:"handset,omitempty"` // ID of the handset it is on
	Codec      string     `json:"codec,omitempty"`
	SRTP       string     `json:"srtp,omitempty"`       // the suite that encrypts the sound; absent: it goes plainly
	Keying     string     `json:"keying,omitempty"`     // how its keys were agreed on: "sdes", or "dtls" (DTLS-SRTP)
	Diverted   string     `json:"diverted,omitempty"`   // whom the call was for before it was forwarded here, the last one first
	Ring       string     `json:"ring,omitempty"`       // what the server wants the phone to ring like (Alert-Info)
	Held       bool       `json:"held"`                 // by us
	RemoteHeld bool       `json:"remote_held"`          // by the far end
	Conference bool       `json:"conference,omitempty"` // hears other calls of its handset, and they it
	Muted      bool       `json:"muted"`
	Since      time.Time  `json:"since"`
	Answered   *time.Time `json:"answered,omitempty"`
	Recording  string     `json:"recording,omitempty"` // file it is recorded to
	Media      *Media     `json:"media,omitempty"`
	Trouble    string     `json:"trouble,omitempty"` // with its sound: which direction is dead, why, and what to do
}

// Media is how the sound of a call fares. Counts are RTP packets, levels dB below full scale.
type Media struct {
	Codec           string  `json:"codec"`
	PacketsSent     int     `json:"packets_sent"`
	PacketsReceived int     `json:"packets_received"`
	Lost            int     `json:"lost"`
	Late            int     `json:"late"`
	Recovered       int     `json:"recovered,omitempty"` // lost, but played from the copy in a later packet
	JitterMS        float64 `json:"jitter_ms"`
	BufferMS        float64 `json:"buffer_ms"`
	MicDBFS         float64 `json:"mic_dbfs"`
	EarDBFS         float64 `json:"ear_dbfs"`

	ConcealedMS  float64 `json:"concealed_ms,omitempty"`  // sound that was made up
	LongestLoss  int     `json:"longest_loss,omitempty"`  // packets lost in a row
	BurstMS      float64 `json:"burst_ms,omitempty"`      // mean length of a burst of loss (RFC 3611)
	BurstPercent float64 `json:"burst_percent,omitempty"` // of the packets in bursts, how many were lost

	// From the other side's reports (RTCP); 0 until there are some.
	RoundTripMS       float64 `json:"round_trip_ms,omitempty"`
	RemoteLossPercent float64 `json:"remote_loss_percent,omitempty"` // of what we sent lately
	RemoteJitterMS    float64 `json:"remote_jitter_ms,omitempty"`

	DelayMS float64 `json:"delay_ms,omitempty"` // from the other mouth to this ear, as far as known
	R       float64 `json:"r,omitempty"`        // E-model estimate of what is heard here: 93 is the best of narrowband (ITU-T G.107), 129 of wideband (G.107.1)
	MOS     float64 `json:"mos,omitempty"`      // the same as a mean opinion score, 1 to 4.5
	RScale  string  `json:"r_scale,omitempty"`  // of both: "narrowband", "wideband"; they can't be compared across
}

// Handset is one phone or headset, plugged in or remembered.
type Handset struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	Kind     string          `json:"kind"` // "phone", "handset" or "headset"
	Driver   string          `json:"driver,omitempty"`
	Path     string          `json:"path,omitempty"`
	Sound    string          `json:"sound,omitempty"`
	Mixer    *Mixer          `json:"mixer,omitempty"` // nil: its sound device has none, or was not opened yet
	State    string          `json:"state"`
	Digits   string          `json:"digits,omitempty"` // collected so far
	Call     string          `json:"call,omitempty"`   // ID of the call it is connected to
	Lifted   bool            `json:"lifted"`
	Muted    bool            `json:"muted"`
	Virtual  bool            `json:"virtual"`
	Lights   map[string]bool `json:"lights,omitempty"` // wanted state by name: "ring", "mute"…
	Controls []string        `json:"controls,omitempty"`
	Error    string          `json:"error,omitempty"`
}

// Mixer is the volume of a handset's sound card, or of what the desktop's sound server has of it: in % of the range of
// the control, nil where there is none.
type Mixer struct {
	Ear      *int `json:"ear,omitempty"`
	EarMuted bool `json:"ear_muted,omitempty"`
	Mic      *int `json:"mic,omitempty"`
	MicMuted bool `json:"mic_muted,omitempty"`
}

// Values of Event.Type.
const (
	EventAccount = "account"
	EventCall    = "call"
	EventHandset = "handset"
	EventKey     = "key"
	EventMute    = "mute"
	EventDND     = "dnd"
	EventDTMF    = "dtmf"   // a digit received from the far end
	EventMissed  = "missed" // a call nobody answered
	// EventTransfer tells how handing a call to somebody else fares: State is CallProceeding, CallAlerting or
	// TransferFailed (success is the end of the call, or its going on with another Peer); Direction "out" when it is
	// our wish, "in" when it is the far end's.
	EventTransfer = "transfer"
	EventError    = "error"
	EventStatus   = "status" // something else in the status changed; ask for it
	// EventDropped is made by the server, the last event to a reader that was too slow.
	EventDropped = "dropped"
)

// Event is one thing that happened. Which optional fields are filled depends on Type.
type Event struct {
	Time      time.Time `json:"time"`
	Type      string    `json:"type"`
	Account   string    `json:"account,omitempty"`
	Call      string    `json:"call,omitempty"`
	Handset   string    `json:"handset,omitempty"`
	State     string    `json:"state,omitempty"`
	Step      string    `json:"step,omitempty"` // of an account, see Account
	Reason    string    `json:"reason,omitempty"`
	Peer      string    `json:"peer,omitempty"`
	PeerName  string    `json:"peer_name,omitempty"`
	Diverted  string    `json:"diverted,omitempty"` // of an incoming call, see Call
	Ring      string    `json:"ring,omitempty"`     // likewise
	Key       string    `json:"key,omitempty"`
	Control   string    `json:"control,omitempty"`
	Direction string    `json:"direction,omitempty"`
	Code      int       `json:"code,omitempty"`
	On        *bool     `json:"on,omitempty"`
	Media     *Media    `json:"media,omitempty"` // with "ended": how the sound of the call fared
}

// Verbs of a Command, with the Args each knows. Arguments in brackets may be absent.
const (
	VerbDial        = "dial"         // target, [account], [handset]
	VerbAnswer      = "answer"       // [call], [handset]
	VerbDecline     = "decline"      // [call]
	VerbHangUp      = "hang-up"      // [call]
	VerbHold        = "hold"         // [call]
	VerbResume      = "resume"       // [call]
	VerbSwap        = "swap"         //
	VerbConference  = "conference"   // joins the conversation and all calls on hold on its handset
	VerbTransfer    = "transfer"     // [target], [call]; without a target: join the conversation and the call on hold
	VerbMute        = "mute"         // on: "true" or "false"
	VerbDND         = "dnd"          // on: "true" or "false"
	VerbDTMF        = "dtmf"         // keys, [call]
	VerbRecord      = "record"       // file (absolute path, in .wav or .opus, of a file that is not there yet), or stop: "true"; [tone: "true"], [call]
	VerbPlay        = "play"         // file (absolute path of a WAV or Opus file), or stop: "true"; [call]
	VerbHandset     = "handset"      // action, [keys], [handset]; emulated handsets only
	VerbDevices     = "devices"      //
	VerbTrace       = "trace"        // [call]; the Data is a list of SIPMessage
	VerbAccountTest = "account-test" // name
	VerbQuit        = "quit"         //
)

// SIPMessage is a message that was on the wire, its passwords, digests and media keys taken out.
type SIPMessage struct {
	Time      time.Time `json:"time"`
	Sent      bool      `json:"sent"`
	Transport string    `json:"transport"` // "udp", "tcp", "tls"
	Local     string    `json:"local"`     // host:port
	Remote    string    `json:"remote"`
	CallID    string    `json:"call_id,omitempty"` // the header
	Call      string    `json:"call,omitempty"`    // ID of the call it belongs to, which may be over; empty: a registration, say
	Text      string    `json:"text"`
}

// Command is one order to the phone.
type Command struct {
	Verb string            `json:"verb"`
	Args map[string]string `json:"args,omitempty"`
}

// Result is the answer to a command that was carried out.
type Result struct {
	OK      bool            `json:"ok"`
	Message string          `json:"message,omitempty"` // for people; may be empty
	Data    json.RawMessage `json:"data,omitempty"`    // depends on the verb
}

// WithData returns r with v as its Data, or the error of encoding v.
func (r Result) WithData(v any) (Result, error) {
	raw, err := json.Marshal(v)
	r.Data = raw
	return r, err
}

// Codes of an Error, and the HTTP status each travels with.
const (
	CodeRefused     = "refused"     // 409: understood, but not now: no call to answer, do not disturb, no such key
	CodeNotFound    = "not-found"   // 404: no such call, account, handset, or page
	CodeBadRequest  = "bad-request" // 400: unknown verb or bad argument
	CodeUnavailable = "unavailable" // 503: the phone is starting, ending, or too busy
	CodeInternal    = "internal"    // 500: a fault of the phone
)

// Error is a refusal as it travels over the socket.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Error returns the message alone: it is written for people.
func (e *Error) Error() string { return e.Message }
