package desk

import "slices"

// HandsetID names a handset, CallID a call. Call ids of incoming calls come from outside; those of outgoing calls are
// made here ("out-1", …) unless the command names one.
type (
	HandsetID string
	CallID    string
)

// Phase is how far a call has come.
type Phase uint8

const (
	Placing      Phase = iota // outgoing: the order is given, nothing heard yet
	Proceeding                // outgoing: the network is working on it
	Alerting                  // outgoing: the other side rings
	EarlyMedia                // outgoing: the other side (or the network) is heard, unanswered
	Incoming                  // incoming: rings or waits here
	Answering                 // incoming: accepted, media not yet agreed
	Active                    // answered; held or not
	Transferring              // handed over to somebody else, outcome unknown
	Ending                    // ended or refused by us, not yet confirmed
)

var phaseNames = [...]string{"placing", "proceeding", "alerting", "early-media", "incoming", "answering", "active", "transferring", "ending"}

func (p Phase) String() string {
	if int(p) < len(phaseNames) {
		return phaseNames[p]
	}
	return "unknown"
}

// Call is one call, as others may see it.
type Call struct {
	ID       CallID
	Outgoing bool
	Phase    Phase
	// Handset holds the call (in the hand, or on hold). Empty: nobody yet. It may be unplugged: the call waits for it.
	Handset    HandsetID
	Held       bool // by us
	RemoteHeld bool // by the other side
	Joined     bool // in a conference with the call in the hand of its handset
	Recall     bool // held, and rings back where it was put down
	Ringback   bool // answered, and handed by the other side to somebody whose telephone rings now
	Waiting    bool // incoming while every handset is in use: beeps instead of ringing
	Account    string
	Peer       string // address, or what was dialled
	PeerName   string
	Consults   CallID // on a consultation call: the held call it was made for

	hard    bool // held by key or command: putting down leaves it held
	heldAt  int  // order of holding
	recalls int  // times it has rung back unanswered
}

// HandsetPhase is what a handset is doing.
type HandsetPhase uint8

const (
	Idle        HandsetPhase = iota // down; may ring, may collect digits to dial when lifted
	DialTone                        // lifted, nothing dialled yet
	Collecting                      // lifted, digits being dialled
	Connected                       // has a foreground call, in whatever phase
	Holding                         // lifted, silent, its call on hold by the hold key
	CallingBack                     // down, rings to have a commanded call placed
	HearingTone                     // lifted, nothing to do but put down or flash: busy, reorder, then silence
)

var handsetPhaseNames = [...]string{"idle", "dial-tone", "collecting", "connected", "holding", "calling-back", "tone"}

func (p HandsetPhase) String() string {
	if int(p) < len(handsetPhaseNames) {
		return handsetPhaseNames[p]
	}
	return "unknown"
}

// Handset is one handset, as others may see it.
type Handset struct {
	ID         HandsetID
	Cradled    bool // its hook is a cradle; otherwise a button
	Bell       bool // a handset without a cradle that rings by its sound
	Lifted     bool // off-hook
	Line       Line
	Phase      HandsetPhase
	Digits     string // being collected
	Foreground CallID // the call in the hand
	Muted      bool   // its microphone is off for the foreground call
	Tone       Tone   // in HearingTone
	Note       string // in HearingTone: why, for the display
	Pending    string // in CallingBack: the target
	LastDialed string

	plugged        bool   // false: only remembered for the calls it holds
	flashing       bool   // hook down, perhaps only for a flash
	muteSwitch     bool   // position of an absolute mute switch
	consulting     CallID // the call held for the one about to be dialled
	lastAccount    string
	pendingAccount string
	pendingCall    CallID
	timers         [timerCount]int // sequence number of each running timer, 0 stopped
}

// State is the whole phone. It is a value: Next never changes the one it is given, so states may be kept, compared
// by what they return and read by any number of goroutines.
type State struct {
	cfg      Config
	calls    []Call    // in order of appearance
	handsets []Handset // in order of plugging
	dnd      bool
	messages bool
	missed   int
	lastDial string // of any handset, for those that have dialled nothing
	lastAcct string
	ids      int // calls named so far
	seq      int // timers started and calls held so far: a logical clock
}

// New returns an idle phone without handsets. Zero fields of cfg get their defaults.
func New(cfg Config) State { return State{cfg: cfg.withDefaults()} }

// Calls returns all calls in order of appearance, those Ending included.
func (s State) Calls() []Call { return slices.Clone(s.calls) }

// Call returns the call of that name.
func (s State) Call(id CallID) (Call, bool) {
	for i := range s.calls {
		if s.calls[i].ID == id {
			return s.calls[i], true
		}
	}
	return Call{}, false
}

// Handsets returns the handsets plugged in, in order of plugging.
func (s State) Handsets() []Handset {
	list := make([]Handset, 0, len(s.handsets))
	for _, h := range s.handsets {
		if h.plugged {
			list = append(list, h)
		}
	}
	return list
}

// Handset returns the handset of that name, if it is plugged in.
func (s State) Handset(id HandsetID) (Handset, bool) {
	for i := range s.handsets {
		if s.handsets[i].ID == id {
			return s.handsets[i], s.handsets[i].plugged
		}
	}
	return Handset{}, false
}

// DND says whether incoming calls are refused.
func (s State) DND() bool { return s.dnd }

// MissedCalls counts the calls missed since the user last looked: lifted for a dial tone, or CmdClearMissed.
func (s State) MissedCalls() int { return s.missed }
