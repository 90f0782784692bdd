package devices

import (
	"slices"
	"testing"
	"time"

	"offhook/devices/profile"
	"offhook/hid"
	"offhook/hid/report"
)

// quiet is a device that never says anything.
type quiet struct{ hid.Device }

func (*quiet) Info() hid.Info { return hid.Info{Name: "Quiet"} }

// keypadDescriptor is a phone whose report 0 is one keypad array of a byte.
func keypadDescriptor(min, max, flags, first, last byte) []byte {
	return []byte{
		0x05, 0x0B, 0x09, 0x01, 0xA1, 0x01, 0x09, 0x06, 0xA1, 0x02, 0x19, first, 0x29, last,
		0x15, min, 0x25, max, 0x75, 0x08, 0x95, 0x01, 0x81, flags, 0xC0, 0xC0,
	}
}

func parsed(t testing.TB, raw []byte) *report.Descriptor {
	t.Helper()
	d, err := report.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestKeypadEncodings(t *testing.T) {
	tests := []struct {
		name     string
		min, max byte
		flags    byte
		last     byte
		values   []byte
		want     string // keys that went down
	}{
		{"1..12: index 1 is key 0", 1, 12, 0x00, 0xBB, []byte{1, 0, 2, 0, 10, 0, 11, 0, 12, 0, 13}, "019*#"},
		{"1..13 with A", 1, 13, 0x00, 0xBC, []byte{1, 0, 13, 0}, "0A"},
		{"0..12 Null, resting at 0: keys count from 1", 0, 12, 0x40, 0xBB, []byte{0, 1, 0, 2, 0, 10, 0, 11, 0, 12, 0}, "019*#"},
		{"0..12 Null, resting out of range: by the specification", 0, 12, 0x40, 0xBB, []byte{15, 0, 15, 1, 15, 11, 15, 12}, "01#"},
		{"0..11, resting at 0: 0 is no key", 0, 11, 0x00, 0xBB, []byte{0, 1, 0, 9, 0, 10, 0, 11, 0}, "19*#"},
		{"0..11 Null, resting out of range: 0 is key 0", 0, 11, 0x40, 0xBB, []byte{15, 0, 15, 11, 15}, "0#"},
		{"0..15, all keys", 0, 15, 0x00, 0xBF, []byte{12, 0, 13, 0, 14, 0, 15}, "ABCD"},
		{"straight from key to key", 1, 12, 0x00, 0xBB, []byte{2, 3, 4, 0}, "123"},
		{"a key held is one press", 1, 12, 0x00, 0xBB, []byte{2, 2, 2, 0}, "1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDevice(&quiet{}, newTelephony(newLayout(parsed(t, keypadDescriptor(tt.min, tt.max, tt.flags, 0xB0, tt.last)), &profile.Profile{})), Options{})
			d.opening = false
			down, up := "", ""
			for _, v := range tt.values {
				for _, e := range d.take([]byte{v}) {
					switch e.Kind {
					case KeyDown:
						down += string(rune(e.Key))
					case KeyUp:
						up += string(rune(e.Key))
					}
				}
			}
			if down != tt.want {
				t.Errorf("keys %q, want %q", down, tt.want)
			}
			if last := tt.values[len(tt.values)-1]; (last == 0 || last == 13 || last == 15) && tt.max != 15 && up != down {
				t.Errorf("keys up %q, down %q", up, down)
			}
		})
	}
}

func TestAKeypadOfSeveralElementsHoldsSeveralKeys(t *testing.T) {
	raw := keypadDescriptor(1, 12, 0, 0xB0, 0xBB)
	raw[21] = 2 // Report Count
	d := newDevice(&quiet{}, newTelephony(newLayout(parsed(t, raw), &profile.Profile{})), Options{})
	d.opening = false
	var got []string
	for _, rep := range [][]byte{{2, 0}, {2, 3}, {3, 0}, {0, 0}} {
		for _, e := range d.take(rep) {
			got = append(got, e.Kind.String()+" "+string(rune(e.Key)))
		}
	}
	want := []string{"key-down 1", "key-down 2", "key-up 1", "key-up 2"}
	if !slices.Equal(got, want) {
		t.Fatalf("%q, want %q", got, want)
	}
}

// flagsDescriptor is a headset with one input bit pair of a usage and flags.
func controlDescriptor(usage, flags, min, max byte, light byte) []byte {
	return []byte{
		0x05, 0x0B, 0x09, 0x05, 0xA1, 0x01, 0x15, min, 0x25, max, 0x75, 0x02, 0x95, 0x01, 0x09, usage, 0x81, flags,
		0x75, 0x06, 0x81, 0x03,
		0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x05, 0x08, 0x09, light, 0x91, 0x02, 0x75, 0x07, 0x91, 0x03, 0xC0,
	}
}

func TestFormsOfHookAndMute(t *testing.T) {
	tests := []struct {
		name         string
		usage, flags byte
		min, max     byte
		known        profile.Profile
		values       []byte
		want         []EventKind
	}{
		{"hook level", 0x20, 0x22, 0, 1, profile.Profile{}, []byte{1, 1, 0, 0, 1}, []EventKind{OffHook, OnHook, OffHook}},
		{"hook level without No Preferred", 0x20, 0x02, 0, 1, profile.Profile{}, []byte{1, 0}, []EventKind{OffHook, OnHook}},
		{"hook level that claims to be constant", 0x20, 0x23, 0, 1, profile.Profile{}, []byte{1, 0}, []EventKind{OffHook, OnHook}},
		{"hook relative", 0x20, 0x06, 0, 1, profile.Profile{}, []byte{1, 0, 1, 0, 1, 0}, []EventKind{OffHook, OnHook, OffHook}},
		{"hook momentary", 0x20, 0x02, 0, 1, profile.Profile{Facts: map[string]profile.Fact{"momentary-hook": {}}}, []byte{1, 0, 1, 0}, []EventKind{OffHook, OnHook}},
		{"hook on and off buttons", 0x20, 0x26, 0xFF, 1, profile.Profile{}, []byte{1, 0, 1, 0, 3, 0, 3}, []EventKind{OffHook, OnHook}},
		{"mute key", 0x2F, 0x06, 0, 1, profile.Profile{}, []byte{1, 0, 1, 0}, []EventKind{MutePress, MutePress}},
		{"mute key held", 0x2F, 0x07, 0, 1, profile.Profile{}, []byte{1, 1, 1, 0}, []EventKind{MutePress}},
		{"mute switch", 0x2F, 0x22, 0, 1, profile.Profile{}, []byte{1, 1, 0}, []EventKind{MuteOn, MuteOff}},
		{"mute on and off buttons", 0x2F, 0x26, 0xFF, 1, profile.Profile{}, []byte{1, 0, 1, 0, 3, 0}, []EventKind{MuteOn, MuteOff}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDevice(&quiet{}, newTelephony(newLayout(parsed(t, controlDescriptor(tt.usage, tt.flags, tt.min, tt.max, 0x17)), &tt.known)), Options{})
			d.opening = false
			var got []EventKind
			for _, v := range tt.values {
				for _, e := range d.take([]byte{v}) {
					got = append(got, e.Kind)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Fatalf("events %v, want %v", got, tt.want)
			}
		})
	}
}

func TestAKnownMuteEchoIsSilentFromTheFirst(t *testing.T) {
	now := time.Unix(0, 0)
	m := newMuteState(muteField{form: press}, true)
	tap := func() EventKind {
		e := m.report(1, true, now)
		m.report(0, true, now)
		return e
	}
	for range 5 {
		m.writing(!m.light, now)
		m.wrote(now)
		now = now.Add(100 * time.Millisecond)
		if e := tap(); e != 0 {
			t.Fatalf("the echo gave %v", e)
		}
		now = now.Add(time.Minute)
		if e := tap(); e != MutePress {
			t.Fatalf("the key gave %v", e)
		}
	}
}

func TestASuspectDeviceIsForgivenWhenALightStaysUnanswered(t *testing.T) {
	var s suspicion
	now := time.Unix(0, 0)
	press := func(after time.Duration) bool {
		s.changing(true, now)
		s.echoes.written(now)
		now = now.Add(after)
		return s.echoed(now)
	}
	for i, silent := range []bool{false, false, true, true} {
		if got := press(50 * time.Millisecond); got != silent {
			t.Fatalf("press %d: silent %v", i, got)
		}
	}
	if press(501 * time.Millisecond) { // unanswered, and then a person
		t.Fatal("a late press was silenced")
	}
	if press(50 * time.Millisecond) {
		t.Fatal("not forgiven")
	}
}

func TestThePhoneIsChosenWhenAHeadsetSocketHasAHookToo(t *testing.T) {
	raw := []byte{
		0x05, 0x0B, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x01,
		0x09, 0x05, 0xA1, 0x01, 0x09, 0x20, 0x81, 0x22, 0xC0, // headset, bit 0
		0x09, 0x01, 0xA1, 0x01, 0x09, 0x20, 0x81, 0x22, 0xC0, // phone, bit 1
		0x75, 0x06, 0x81, 0x03,
	}
	l := newLayout(parsed(t, raw), &profile.Profile{})
	if l.kind != Phone || l.d.Fields[l.hook.row].Bit != 1 {
		t.Fatalf("kind %v, hook at bit %d", l.kind, l.d.Fields[l.hook.row].Bit)
	}
}

func TestButtonsInARowAreNotTheRejectKey(t *testing.T) {
	raw := []byte{
		0x05, 0x0B, 0x09, 0x05, 0xA1, 0x01, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x01, 0x09, 0x20, 0x81, 0x22,
		0x05, 0x09, 0x19, 0x01, 0x29, 0x07, 0x95, 0x07, 0x81, 0x02, 0xC0,
	}
	l := newLayout(parsed(t, raw), &profile.Profile{})
	if !slices.Equal(l.controls, []string{"hook"}) {
		t.Fatalf("controls %q", l.controls)
	}
}

func TestAHookAmongTheKeysOfAnArrayIsAPress(t *testing.T) {
	raw := []byte{
		0x05, 0x0B, 0x09, 0x05, 0xA1, 0x01, 0x15, 0x01, 0x25, 0x03, 0x75, 0x08, 0x95, 0x01,
		0x09, 0x20, 0x09, 0x24, 0x09, 0x2F, 0x81, 0x00, 0xC0,
	}
	d := newDevice(&quiet{}, newTelephony(newLayout(parsed(t, raw), &profile.Profile{})), Options{})
	d.opening = false
	var got []EventKind
	for _, v := range []byte{1, 0, 2, 0, 3, 1, 0} {
		for _, e := range d.take([]byte{v}) {
			got = append(got, e.Kind)
		}
	}
	if want := []EventKind{OffHook, Redial, MutePress, OnHook}; !slices.Equal(got, want) {
		t.Fatalf("events %v, want %v", got, want)
	}
}

func TestALightWhoseRangeHasNoOneIsLitByItsLargestValue(t *testing.T) {
	for _, tt := range []struct {
		min, max, on, off int32
	}{{0, 1, 1, 0}, {0, 255, 1, 0}, {-1, 0, -1, 0}, {2, 5, 5, 2}} {
		f := &report.Field{LogicalMin: tt.min, LogicalMax: tt.max}
		if on, off := onValue(f), offValue(f); on != tt.on || off != tt.off {
			t.Errorf("%d..%d: on %d, off %d; want %d, %d", tt.min, tt.max, on, off, tt.on, tt.off)
		}
	}
}

// displayDescriptor is a hook and a display of four characters a report, with
// the cursor in a report of its own.
var smallDisplay = []byte{
	0x05, 0x0B, 0x09, 0x04, 0xA1, 0x01, 0x85, 0x01, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x01, 0x09, 0x20, 0x81, 0x22,
	0x75, 0x07, 0x81, 0x03, 0xC0,
	0x05, 0x14, 0x09, 0x01, 0xA1, 0x01, 0x75, 0x08, 0x95, 0x01,
	0x85, 0x02, 0x09, 0x33, 0x15, 0x01, 0x25, 0x02, 0x91, 0x02, // Row 1..2
	0x09, 0x34, 0x15, 0x00, 0x25, 0x09, 0x91, 0x02, // Column 0..9
	0x85, 0x03, 0x09, 0x2C, 0x26, 0xFF, 0x00, 0x95, 0x04, 0x91, 0x02, 0xC0,
}

func TestALongLineIsWrittenInPiecesEndingAtTheLastColumn(t *testing.T) {
	l := newLayout(parsed(t, smallDisplay), &profile.Profile{})
	got := l.render(report.NewEncoder(l.d), Indicators{Line1: "0123456789", Line2: "ab"}, true)
	want := []string{
		"\x02\x01\x00", "\x030123", "\x02\x01\x04", "\x034567", "\x02\x01\x06", "\x036789",
		"\x02\x02\x00", "\x03ab  ", "\x02\x02\x04", "\x03    ", "\x02\x02\x06", "\x03    ",
	}
	var text []string
	for _, rep := range got {
		text = append(text, string(rep))
	}
	if !slices.Equal(text, want) {
		t.Fatalf("reports %q\nwant    %q", text, want)
	}
}

func TestRemedies(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{nil, ""}, {ErrNotTelephony, ""}, {hid.ErrPermission, remedyPermission}, {hid.ErrGone, remedyGone},
		{&report.ParseError{}, remedyDescriptor},
	} {
		if got := Remedy(tt.err); got != tt.want {
			t.Errorf("Remedy(%v) = %q", tt.err, got)
		}
	}
}
