// Package desk is the behaviour of a desk phone as a pure state machine: N calls × M handsets. It knows no clock, no
// device and no network; it has no goroutines and does no I/O.
//
//	state, actions = desk.Next(state, event)      what happened → what to do
//	desk.Indicators(state, handset)               the lights, the ringer and the display of a handset
//	desk.Audio(state, handset)                    its sound
//
// Lights and sound are functions of the state, so that they can't contradict it; actions are only the orders that can't
// be: to the user agent, to the clock, and notices. The caller feeds events in one at a time, carries out the actions
// in order, and after every event shows each handset its indicators and sound. A state is a value and may be read by
// anybody.
//
// # A handset
//
//	            lift, nothing rings               key                  '#', timer, complete
//	  ┌────────────────────────────► DialTone ──────────► Collecting ───────────────────┐
//	  │                                 │ ▲  ▲               │ digits at lifting,       │
//	  │                        15 s     │ │  └── flash ──┐   │ redial, command          ▼
//	Idle ◄── put down ── HearingTone ◄──┘ │             ┌┴───┴──────────────────────────────┐
//	│  ▲                  ▲ 60 s: silence └── drop ─────┤ Connected, to its Foreground call │
//	│  │                  └─── failed, or hung up there ┤                                   │
//	│  └────────────── put down: the call ends ─────────┤        Holding ◄── hold key ──    │
//	│                                                   └───────────── hold, flash ──►──────┘
//	└── dial by command ──► CallingBack ── lift: place it; 30 s: Idle
//
// Idle rings for what lifting would then give, in this order: a call of its own that rings back, an incoming call, a call
// whose handset was unplugged. CallingBack rings for the call it will place. A lift while it rings answers; it never
// gives dial tone. Everything from a ringing bell on has to do with the cradle: whatever happens, a cradled handset that
// is down is silent but for the bell, and its microphone is closed.
//
// A headset has a button where a phone has a cradle. It is taken off-hook and put on-hook from here as well (its Lifted
// follows what was done, its OffHook light tells it), has no bell in the ear, and goes on-hook by itself a few
// seconds after the other side hung up, since there is nowhere to put it down.
//
// With Config.HookFlash a short press of the cradle is the flash key: the hook being down is then remembered for a
// moment (silent, microphone closed) before it counts as put down. Any other event that needs to know decides that it
// does.
//
// # Several handsets
//
// All of them ring for a call, unless their Line names an account or keeps them silent, and the one lifted first has it.
// Lifting a handset while another of the same seat is in conversation takes that over, with what is on hold there; a
// handset and a headset without a seat of their own are one. If something rings then, that is answered, and the
// conversation is put on hold: nobody talks to two.
//
// # A call
//
//	outgoing   Placing ─► Proceeding ─► Alerting ─► EarlyMedia ─┐ (any of them may be left out)
//	                                                            ├─► Active, held or not, by either side ─► Transferring
//	incoming   Incoming ── lifted ──► Answering ────────────────┘
//
//	refused or ended here:    any ─► Ending        CallEnded:    any ─► gone
//
// Only CallEnded removes a call, and every call is refused or ended at most once, so the phone and the user agent agree
// about which calls exist. Ending a call frees the handset at once; what still arrives for the call is ignored.
//
// # What happens to calls that outlive their handset's use
//
// A call put on hold by flash, swap or a second dial is about to be returned to: putting the handset down ends the
// conversation in the hand and the other one rings back (or, with Config.Transfer, a consultation is joined with the
// call it was made for, and both ring back only if that fails). A call put on hold by key or command was left on
// purpose: putting down leaves it held, lit and shown, and it rings back after a minute, then every minute and a half.
// A conversation whose handset is unplugged is held likewise; it goes on when the handset is plugged in and lifted,
// or at any other handset by flash. After ten reminders nobody came to, a call ends: somewhere it costs money.
//
// # Flash
//
// In a conversation: answer the waiting call, else go on to the next one on hold, else dial tone for a second call. While
// a second call is being set up: give it up. Without a call in the hand: answer the waiting call, else return to the
// last one held, else take one that is on hold at a handset nobody attends, else new dial tone.
//
// # When two things happen at once
//
// Every event is possible in every state. A caller who gives up while the handset is being lifted leaves a busy tone and
// a missed call; lifting an instant before a call comes in gives dial tone and then the call-waiting beep (flash
// answers; put down, and it rings). Timers carry a sequence number: one that ran out while it was being stopped is
// known by its age.
//
// Check holds the invariants; the tests check them after every event of every story and in long random sequences.
package desk
