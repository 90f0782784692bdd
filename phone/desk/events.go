package desk

// An Event is something that happened: at a handset, on a timer, on the network, or by command.
// Every event may arrive in every state; one that makes no sense any more (a call already gone, a timer already
// stopped, a handset already unplugged) is ignored, since all of them race with each other.
type Event interface{ event() }

// Events of handsets. A handset is named by the stable id of its device.
type (
	// HandsetPlugged says that a handset is there and which way its hook stands. Cradled: the hook switch is a
	// cradle (phones, handsets); otherwise it is a button (headsets). The same handset plugged again without having
	// been unplugged is a replug. Bell: it rings by its sound though its hook is a button, since nothing else of it can.
	HandsetPlugged struct {
		Handset         HandsetID
		Cradled, Lifted bool
		Bell            bool
		Line            Line
	}
	// HandsetUnplugged says that a handset is gone. Its conversation is held and kept for it.
	HandsetUnplugged struct{ Handset HandsetID }
	// Lifted: the hook of the handset went off (a headset: its button asks for that).
	Lifted struct{ Handset HandsetID }
	// PutDown: the hook of the handset went on (a headset: its button asks for that).
	PutDown struct{ Handset HandsetID }
	// KeyPressed is a key of the keypad: 0-9, *, #, A-D. Other keys are ignored.
	KeyPressed struct {
		Handset HandsetID
		Key     byte
	}
	FlashPressed    struct{ Handset HandsetID } // hold, answer the waiting call, swap, or come back: see flash
	RedialPressed   struct{ Handset HandsetID } // dial the last number
	MutePressed     struct{ Handset HandsetID } // toggle, by a key that knows no state
	RejectPressed   struct{ Handset HandsetID } // refuse the call that rings or waits
	HoldPressed     struct{ Handset HandsetID } // hold, or resume
	TransferPressed struct{ Handset HandsetID } // first press: consult; second: complete
	// ConferencePressed joins the conversation with all calls on hold at the handset.
	ConferencePressed struct{ Handset HandsetID }
	DropPressed       struct{ Handset HandsetID } // end the conversation without putting down
	ClearPressed      struct{ Handset HandsetID } // take the last digit back
	SendPressed       struct{ Handset HandsetID } // dial what was typed; on a ringing headset: answer
	// MuteSet is an absolute mute switch that now stands at On. Its position is remembered between calls.
	MuteSet struct {
		Handset HandsetID
		On      bool
	}
)

// TimerFired returns a StartTimer. Seq must be that of the latest StartTimer of this Handset and Timer,
// or the event is late and ignored.
type TimerFired struct {
	Handset HandsetID
	Timer   Timer
	Seq     int
}

// Events of calls, from the user agent.
type (
	// IncomingCall offers a call. Peer is the address, PeerName the display name, both as the network gave them.
	IncomingCall struct {
		Call                    CallID
		Account, Peer, PeerName string
	}
	CallProceeding struct{ Call CallID } // 100 or 183 without media
	CallAlerting   struct{ Call CallID } // 180: the other side rings
	CallEarlyMedia struct{ Call CallID } // the other side sends sound before answering
	// CallAnswered: media is agreed, in either direction of calling.
	CallAnswered struct{ Call CallID }
	// CallEnded: the call is over and its name is free. It is the only way a call leaves the state.
	CallEnded struct {
		Call   CallID
		Code   int    // the final status; 0 when a conversation ended
		Remote bool   // the other side ended it
		Reason string // in words, for the display
		// Elsewhere: an incoming call was answered by another phone of ours; it is not missed.
		Elsewhere bool
	}
	// CallHeldByRemote: the other side held or resumed us.
	CallHeldByRemote struct {
		Call CallID
		Held bool
	}
	// ResumeRefused: the other side did not agree to be taken off hold; the call is as it was, on hold.
	ResumeRefused struct{ Call CallID }
	// CallReplaced: the call goes on with somebody else, whom the other side handed us to, or who took its place.
	CallReplaced struct {
		Call           CallID
		Peer, PeerName string
	}
	// CallReferred: the other side hands us to somebody else, whose telephone rings (or does not, or no more).
	CallReferred struct {
		Call     CallID
		Alerting bool
	}
	// TransferFailed answers TransferCall or CompleteTransfer: the call named is still ours. (Success is the end of
	// the calls.)
	TransferFailed struct {
		Call   CallID
		Reason string
	}
	// MessagesWaiting lights or clears the message lamp.
	MessagesWaiting struct{ Waiting bool }
)

// Commands, from the tray, the control socket, or special keys. An empty Call means the obvious one, an empty Handset
// lets the phone choose. A command that makes no sense now is answered by a Refuse action.
type (
	CmdDial struct {
		Handset         HandsetID
		Account, Target string
		Call            CallID // the name to give the call; empty: the phone makes one
	}
	CmdAnswer struct {
		Call    CallID
		Handset HandsetID
	}
	CmdDecline struct{ Call CallID }
	CmdHangUp  struct{ Call CallID }
	CmdHold    struct{ Call CallID }
	CmdResume  struct {
		Call    CallID
		Handset HandsetID
	}
	CmdSwap struct{}
	// CmdConference joins a conversation with all calls on hold at its handset.
	CmdConference struct{}
	CmdMute       struct{ On bool }
	CmdDTMF       struct {
		Call CallID
		Keys string
	}
	CmdDND struct{ On bool }
	// CmdTransfer hands the other side of Call to Target. Without a Target the conversation and the call it was made
	// about are joined, as by putting down.
	CmdTransfer struct {
		Call   CallID
		Target string
	}
	// CmdClearMissed says that the user has seen the missed calls.
	CmdClearMissed struct{}
)

func (HandsetPlugged) event()    {}
func (HandsetUnplugged) event()  {}
func (Lifted) event()            {}
func (PutDown) event()           {}
func (KeyPressed) event()        {}
func (FlashPressed) event()      {}
func (RedialPressed) event()     {}
func (MutePressed) event()       {}
func (RejectPressed) event()     {}
func (HoldPressed) event()       {}
func (TransferPressed) event()   {}
func (DropPressed) event()       {}
func (ClearPressed) event()      {}
func (SendPressed) event()       {}
func (MuteSet) event()           {}
func (TimerFired) event()        {}
func (IncomingCall) event()      {}
func (CallProceeding) event()    {}
func (CallAlerting) event()      {}
func (CallEarlyMedia) event()    {}
func (CallAnswered) event()      {}
func (CallEnded) event()         {}
func (CallHeldByRemote) event()  {}
func (ResumeRefused) event()     {}
func (TransferFailed) event()    {}
func (CallReplaced) event()      {}
func (CallReferred) event()      {}
func (MessagesWaiting) event()   {}
func (CmdDial) event()           {}
func (CmdAnswer) event()         {}
func (CmdDecline) event()        {}
func (CmdHangUp) event()         {}
func (CmdHold) event()           {}
func (CmdResume) event()         {}
func (CmdSwap) event()           {}
func (CmdConference) event()     {}
func (ConferencePressed) event() {}
func (CmdMute) event()           {}
func (CmdDTMF) event()           {}
func (CmdDND) event()            {}
func (CmdTransfer) event()       {}
func (CmdClearMissed) event()    {}
