package desk

import "time"

// An Action is an order to the world outside: to the user agent, to the clock, or a notice. Lights and sound are not
// actions; they are functions of the state (Indicators, Audio). Actions are to be carried out in order.
type Action interface{ action() }

// Orders to the user agent.
type (
	// PlaceCall starts an outgoing call of that name. Account empty: the default account. Given once per call.
	PlaceCall struct {
		Call            CallID
		Handset         HandsetID
		Account, Target string
	}
	SendRinging struct{ Call CallID } // 180
	// AnswerCall accepts an incoming call; CallAnswered (or CallEnded) follows.
	AnswerCall struct {
		Call    CallID
		Handset HandsetID
	}
	// RejectCall refuses an incoming call that was never answered.
	RejectCall struct {
		Call CallID
		Code int
	}
	// EndCall ends a call in any other state (CANCEL, BYE). CallEnded follows.
	EndCall struct{ Call CallID }
	// HoldCall and ResumeCall alternate, and are given for answered calls only.
	HoldCall   struct{ Call CallID }
	ResumeCall struct{ Call CallID }
	SendDTMF   struct {
		Call CallID
		Key  byte
	}
	// TransferCall sends the other side of Call to Target, unattended. The end of the call is success, TransferFailed
	// gives it back.
	TransferCall struct {
		Call   CallID
		Target string
	}
	// CompleteTransfer joins the other sides of Call and To. Both ending is success, TransferFailed (naming either)
	// gives Call back. To may still be alerting.
	CompleteTransfer struct{ Call, To CallID }
)

// Orders to the clock. There is at most one timer per handset and kind; starting it again replaces it.
type (
	StartTimer struct {
		Handset HandsetID
		Timer   Timer
		Seq     int // to be returned in TimerFired
		After   time.Duration
	}
	StopTimer struct {
		Handset HandsetID
		Timer   Timer
	}
)

// Notices.
type (
	// Refuse answers a command that makes no sense now, which then has done nothing. Event is its kind ("dial",
	// "answer", …), Reason says why and what to do instead, for the user. Call and Handset are what the command named.
	Refuse struct {
		Event, Reason string
		Call          CallID
		Handset       HandsetID
	}
	// NotCalled: a call that was to be placed when the handset is lifted will not be; Reason says why. Call is the name
	// the command gave it, if any.
	NotCalled struct {
		Call           CallID
		Handset        HandsetID
		Target, Reason string
	}
	// Missed: an incoming call is over, or was refused for the user, and nobody here spoke to the caller.
	Missed struct{ Call CallID }
	// KeyClick is heard in the earpiece: the tone of a key.
	KeyClick struct {
		Handset HandsetID
		Key     byte
	}
)

func (PlaceCall) action()        {}
func (SendRinging) action()      {}
func (AnswerCall) action()       {}
func (RejectCall) action()       {}
func (EndCall) action()          {}
func (HoldCall) action()         {}
func (ResumeCall) action()       {}
func (SendDTMF) action()         {}
func (TransferCall) action()     {}
func (CompleteTransfer) action() {}
func (StartTimer) action()       {}
func (StopTimer) action()        {}
func (Refuse) action()           {}
func (NotCalled) action()        {}
func (Missed) action()           {}
func (KeyClick) action()         {}
