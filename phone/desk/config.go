package desk

import "time"

// MaxCalls is the most that Config.MaxCalls can be.
const MaxCalls = 64

// Config is how the phone is to behave. Zero durations and numbers get the default.
type Config struct {
	FirstDigit   time.Duration // dial tone without a key; 15 s
	InterDigit   time.Duration // between keys, then it dials; 4 s
	ToneTime     time.Duration // busy or reorder tone to a lifted handset, then silence; 60 s
	HeadsetTone  time.Duration // the same on a headset, which then goes on-hook by itself, and confirmations; 3 s
	CallBack     time.Duration // a commanded call waits so long for its handset to be lifted; 30 s
	OnHookDigits time.Duration // digits typed on-hook are forgotten after the last; 10 s
	HoldReminder time.Duration // a call held by a handset that is down rings back; 60 s
	RecallTime   time.Duration // so long, then is silently held again; 30 s
	Recalls      int           // so many times, then is ended, lest a forgotten call costs for ever; 10, negative: no limit
	FlashWindow  time.Duration // with HookFlash: hook presses up to this are a flash; 600 ms
	TransferTime time.Duration // a transfer neither done nor failed has failed; 40 s

	HookFlash     bool // a short press of the cradle is a flash. It delays every hang-up by FlashWindow
	Transfer      bool // the user agent can transfer calls
	HashIsDigit   bool // '#' is dialled, and does not send
	NoCallWaiting bool // refuse calls (486) when every handset is in use
	MaxCalls      int  // incoming calls beyond this many calls are refused with 486; 8, at most MaxCalls

	// Complete says that the digits need no more: they are dialled at once (a dial plan). It must be a pure function.
	Complete func(digits string) bool
	// IdleText is the first display line of an idle handset.
	IdleText string
}

func (c Config) withDefaults() Config {
	for _, d := range []struct {
		value *time.Duration
		def   time.Duration
	}{
		{&c.FirstDigit, 15 * time.Second},
		{&c.InterDigit, 4 * time.Second},
		{&c.ToneTime, time.Minute},
		{&c.HeadsetTone, 3 * time.Second},
		{&c.CallBack, 30 * time.Second},
		{&c.OnHookDigits, 10 * time.Second},
		{&c.HoldReminder, time.Minute},
		{&c.RecallTime, 30 * time.Second},
		{&c.FlashWindow, 600 * time.Millisecond},
		{&c.TransferTime, 40 * time.Second},
	} {
		if *d.value <= 0 {
			*d.value = d.def
		}
	}
	if c.Recalls == 0 {
		c.Recalls = 10
	}
	if c.MaxCalls <= 0 {
		c.MaxCalls = 8
	}
	c.MaxCalls = min(c.MaxCalls, MaxCalls)
	return c
}

// Limits on what is kept of what others send.
const (
	maxDigits  = 64  // dialled or typed keys
	maxTarget  = 512 // bytes of a dialled address
	maxPeer    = 256 // bytes of a caller's address
	maxName    = 128 // bytes of a caller's name, of a reason
	maxKeys    = 64  // keys of one CmdDTMF
	maxHandset = 32  // handsets at once
)

// Timer is a kind of timer. There is at most one of a kind per handset.
type Timer uint8

const (
	TimerFirstDigit   Timer = iota // dial tone runs out
	TimerInterDigit                // dialling is complete
	TimerTone                      // busy or reorder tone falls silent
	TimerCallBack                  // nobody lifts for a commanded call
	TimerOnHookDigits              // digits typed on-hook are forgotten
	TimerHold                      // held at a handset that is down: ring back
	TimerRecall                    // rung back long enough
	TimerFlash                     // the hook press was no flash
	TimerTransfer                  // the transfer has failed
	timerCount
)

var timerNames = [...]string{"first-digit", "inter-digit", "tone", "call-back", "on-hook-digits", "hold", "recall", "flash", "transfer"}

func (t Timer) String() string {
	if t < timerCount {
		return timerNames[t]
	}
	return "unknown"
}

// Tone is what a handset is given to hear beside or instead of speech.
type Tone uint8

const (
	ToneNone Tone = iota
	ToneDial
	ToneRingback    // the other side rings
	ToneBusy        // engaged, or the other side hung up
	ToneReorder     // it can't be done
	ToneConfirm     // it is done
	ToneCallWaiting // another call is waiting; beside speech
	ToneRing        // the bell: the only sound of a handset that is down
)

var toneNames = [...]string{"none", "dial", "ringback", "busy", "reorder", "confirm", "call-waiting", "ring"}

func (t Tone) String() string {
	if int(t) < len(toneNames) {
		return toneNames[t]
	}
	return "unknown"
}
