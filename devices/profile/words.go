package profile

import (
	"maps"
	"slices"
)

// Controls are the controls that a table may name, as package devices calls them,
// the volume keys apart.
var Controls = []string{
	"hook", "mute", "flash", "redial", "hold", "transfer", "drop", "send", "speaker", "conference",
	"line", "voicemail", "dnd", "speed-dial", "reject", "clear", "key", "volume-up", "volume-down",
	// A state of the device that looks like a key and is none.
	"state",
}

// Lights are what a table may have shown.
var Lights = []string{
	"off-hook", "on-hook", "ring", "mute", "hold", "message-waiting", "speaker", "microphone", "on-line", "ringer",
	// running is lit from opening to closing, select is written with every state.
	"running", "select",
}

// Kinds are the kinds of device; keyed-handset is one without a cradle, whose
// green and red key do what a hook does.
var Kinds = []string{"phone", "handset", "headset", "keyed-handset"}

// factNumbers are the facts, and how many numbers go with each.
var factNumbers = map[string]int{
	// The hook switch is declared as a level, but reports presses.
	"momentary-hook": 0,
	// The device answers its mute light by a press of its mute key.
	"echoes-mute": 0,
	// Mute, key and light, works only while the Off-Hook light is on.
	"mute-needs-off-hook": 0,
	// Whenever it comes, the first report says how things stand, and is no news.
	"first-report-is-baseline": 0,
	// The value of the keypad's array that means its first key.
	"keypad-first": 1,
	// A volume key that comes again within so many milliseconds was pressed once.
	"same-key-ms": 1,
	// The opposite volume key within so many milliseconds was not pressed.
	"opposite-key-ms": 1,
	// The length in bytes of an output report, its ID included: ID, length.
	"output-length": 2,
}

// FactNames lists the facts in order.
func FactNames() []string { return slices.Sorted(maps.Keys(factNumbers)) }
