package report

import "testing"

func TestUsageNames(t *testing.T) {
	for u, want := range map[Usage]string{
		U(0x0B, 0x20):     "0B:20 Hook Switch",
		U(0x0B, 0x2F):     "0B:2F Phone Mute",
		U(0x0B, 0xBB):     "0B:BB Phone Key Pound",
		U(0x0B, 0x109):    "0B:109 Voicemail Message Waiting",
		U(0x08, 0x17):     "08:17 Off-Hook",
		U(0x08, 0x2A):     "08:2A On-Line",
		U(0x0C, 0xE9):     "0C:E9 Volume Increment",
		U(0x09, 0x07):     "09:07 Button 7",
		U(0x09, 0):        "09:00",
		U(0x07, 0x04):     "07:04 Keyboard A",
		U(0x07, 0x27):     "07:27 Keyboard 0",
		U(0x07, 0x1E):     "07:1E Keyboard 1",
		U(0x07, 0x45):     "07:45 Keyboard F12",
		U(0x07, 0x62):     "07:62 Keypad 0",
		U(0x07, 0x73):     "07:73 Keyboard F24",
		U(0x07, 0xE1):     "07:E1 Keyboard Left Shift",
		U(0x01, 0x06):     "01:06 Keyboard",
		U(0xFF99, 0xFF01): "FF99:FF01",
		U(0x0C, 0):        "0C:00",
		0:                 "00:00",
	} {
		if got := u.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestUsageParts(t *testing.T) {
	if u := U(0xFF99, 0x1234); u.Page() != 0xFF99 || u.ID() != 0x1234 || uint32(u) != 0xFF991234 {
		t.Errorf("%X is %X and %X", uint32(u), u.Page(), u.ID())
	}
}

func TestPageNames(t *testing.T) {
	for page, want := range map[uint16]string{1: "Generic Desktop", 7: "Keyboard", 8: "LED", 9: "Button", 0x0B: "Telephony", 0x0C: "Consumer", 0xFF00: "vendor-defined", 0xFFFF: "vendor-defined", 0x0D: ""} {
		if got := PageName(page); got != want {
			t.Errorf("page %X: %q, want %q", page, got, want)
		}
	}
}
