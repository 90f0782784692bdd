package devices

// keyTable says what the keys of a phone with its own protocol mean, by code. A key
// of the keypad is KeyDown with its Key. OffHook is the green and OnHook the red
// key of a phone without a hook switch; see handKeys.
type keyTable map[byte]Event

// keypadKey is a table entry of the keypad.
func keypadKey(key byte) Event { return Event{Kind: KeyDown, Key: key} }

// handKeys follows the keys of such a phone, of which one at a time is held, and
// gives the green and the red key their meaning.
//
// Without a cradle the two keys stand for the hook: green lifts and red puts
// down, as the button of a headset does, so the program may change the state as
// well. What is left for green while off-hook is to send what was dialled. Red
// declines a call that rings.
type handKeys struct {
	table keyTable
	code  byte // of the key held
	held  bool
	// offHook is the state of a phone without a cradle, and ringing whether
	// there is something to decline.
	offHook, ringing bool
}

// press takes that a key is down; one that was down before goes up. The same
// again is a repetition, which only the volume keys make use of.
func (k *handKeys) press(code byte) []Event {
	if k.held && k.code == code {
		if e := k.table[code]; e.Kind == VolumeUp || e.Kind == VolumeDown {
			return []Event{e}
		}
		return nil
	}
	events := k.release()
	k.code, k.held = code, true
	e, known := k.table[code]
	if !known {
		return events
	}
	switch e.Kind {
	case OffHook:
		if k.offHook {
			e.Kind = SendPress
		}
		k.offHook = true
	case OnHook, DropPress:
		switch {
		case e.Kind == OnHook && k.offHook:
			k.offHook = false
		case k.ringing:
			e.Kind = Reject
		default:
			e.Kind = DropPress
		}
	}
	return append(events, e)
}

// release takes that no key is down.
func (k *handKeys) release() []Event {
	if !k.held {
		return nil
	}
	k.held = false
	if e := k.table[k.code]; e.Kind == KeyDown {
		return []Event{{Kind: KeyUp, Key: e.Key}}
	}
	return nil
}

// show follows what the program says of the state.
func (k *handKeys) show(i Indicators) { k.offHook, k.ringing = i.OffHook, i.Ring }

// controls names what the table has, in the order of lists.
func (k *handKeys) controls(cradle bool) []string {
	has := map[string]bool{"hook": cradle}
	for _, e := range k.table {
		switch e.Kind {
		case OffHook, OnHook:
			has["hook"] = true
		case KeyDown:
			has["keypad"] = true
		case VolumeUp, VolumeDown:
			has["volume"] = true
		case MutePress:
			has["mute"] = true
		case Reject:
			has["reject"] = true
		default:
			for _, c := range keyEvents {
				if c.event == e.Kind {
					has[c.control] = true
				}
			}
		}
	}
	return pick(controlOrder, has)
}
