package devices

import "time"

// Kind says what sort of phone a device is, after its telephony collection
// (HUT page 0B).
type Kind uint8

// The kinds of device. The zero Kind is none of them.
const (
	Phone   Kind = iota + 1 // 0B:01, a desk phone
	Handset                 // 0B:04, a handset with a cradle
	Headset                 // 0B:05, and telephony keys in a Consumer collection
	// KeyedHandset is a handset without a cradle, known by its numbers: a green
	// key lifts and a red one puts down, as a headset's button does.
	KeyedHandset
)

// String gives the word used in JSON and on screen.
func (k Kind) String() string {
	switch k {
	case Phone:
		return "phone"
	case Handset, KeyedHandset:
		return "handset"
	case Headset:
		return "headset"
	}
	return "unknown"
}

// MarshalText gives the word of String.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Cradled tells whether the hook switch is a cradle. The hook of a Headset, and of
// a handset without a cradle, is a button: its state is an agreement between program and device, while a cradle
// says where the handset lies whatever the program writes.
func (k Kind) Cradled() bool { return k == Phone || k == Handset }

// EventKind is what a person did.
type EventKind uint8

// The events. Keys named …Press report the press only; releases are not events,
// save for the keypad, where the length of a press matters.
const (
	OffHook         EventKind = iota + 1 // lifted, or the headset's button pressed while idle
	OnHook                               // put down
	Flash                                // 0B:21
	Redial                               // 0B:24
	MutePress                            // 0B:2F, a key: toggle
	MuteOn                               // 0B:2F, a switch: muted now
	MuteOff                              // 0B:2F, a switch: not muted now
	Reject                               // 0B:07, 09:07, 09:01
	HoldPress                            // 0B:23
	TransferPress                        // 0B:25
	ConferencePress                      // 0B:2C
	SpeakerPress                         // 0B:2B
	SendPress                            // 0B:31, the green key
	DropPress                            // 0B:26, the red key
	LinePress                            // 0B:2A
	VoiceMailPress                       // 0B:70
	DNDPress                             // 0B:72
	SpeedDialPress                       // 0B:50
	VolumeUp                             // 0C:E9
	VolumeDown                           // 0C:EA
	KeyDown                              // keypad; Key says which
	KeyUp
	ClearPress // takes the last digit back
)

var eventNames = [...]string{
	OffHook: "off-hook", OnHook: "on-hook", Flash: "flash", Redial: "redial",
	MutePress: "mute-press", MuteOn: "mute-on", MuteOff: "mute-off", Reject: "reject",
	HoldPress: "hold", TransferPress: "transfer", ConferencePress: "conference",
	SpeakerPress: "speaker", SendPress: "send", DropPress: "drop", LinePress: "line",
	VoiceMailPress: "voicemail", DNDPress: "dnd", SpeedDialPress: "speed-dial",
	VolumeUp: "volume-up", VolumeDown: "volume-down", KeyDown: "key-down", KeyUp: "key-up",
	ClearPress: "clear",
}

// String gives the word used in JSON and on screen.
func (k EventKind) String() string {
	if int(k) < len(eventNames) && eventNames[k] != "" {
		return eventNames[k]
	}
	return "unknown"
}

// MarshalText gives the word of String.
func (k EventKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Event is one thing a person did at a device.
type Event struct {
	Kind EventKind `json:"kind"`
	// Key is '0'-'9', '*', '#' or 'A'-'D' for KeyDown and KeyUp; for
	// SpeedDialPress the number of the speed-dial key, counted from 1 in the
	// order of the descriptor; else 0.
	Key byte `json:"key,omitempty"`
	// At is when the report was read.
	At time.Time `json:"at"`
}

// Indicators is what a device should show. It is comparable; the zero value is
// an idle phone. A device shows the part of it for which it has lights.
type Indicators struct {
	OffHook        bool `json:"off_hook,omitempty"` // the device is in use; on a headset this is also its hook state
	Ring           bool `json:"ring,omitempty"`     // ring light and ringer
	Mute           bool `json:"mute,omitempty"`
	Hold           bool `json:"hold,omitempty"`
	MessageWaiting bool `json:"message_waiting,omitempty"`
	Speaker        bool `json:"speaker,omitempty"`
	Microphone     bool `json:"microphone,omitempty"` // the microphone is live
	OnLine         bool `json:"on_line,omitempty"`    // a call is connected
	// Line1 and Line2 are the text of a display; empty is blank. What does not
	// fit is cut.
	Line1 string `json:"line1,omitempty"`
	Line2 string `json:"line2,omitempty"`

	// What follows is for displays that have no letters; the lines have it in words.

	// Number is the number in the hand: dialled, called or calling.
	Number string `json:"number,omitempty"`
	// Missed is how many calls were missed since somebody looked, 0 or more.
	Missed int `json:"missed,omitempty"`
	// Elapsed is how long the call in the hand has lasted, in whole seconds; 0
	// without a call. Who shows it calls Show each second.
	Elapsed time.Duration `json:"elapsed,omitempty"`
}
