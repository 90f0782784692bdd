package ident_test

import (
	"testing"

	"offhook/hid/ident"
)

// Application collections as bytes: telephony with a hook of one bit, and a keyboard with one key.
var (
	hook     = []byte{0x09, 0x20, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x01, 0x81, 0x22, 0x95, 0x07, 0x81, 0x01}
	keyboard = []byte{0x05, 0x01, 0x09, 0x06, 0xA1, 0x01, 0xC0}
	oneKey   = []byte{0x05, 0x07, 0x09, 0x04, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02}
)

func telephony(usage byte, inside ...[]byte) []byte {
	return application(0x0B, usage, append([][]byte{hook}, inside...)...)
}

func application(page, usage byte, inside ...[]byte) []byte {
	raw := []byte{0x05, page, 0x09, usage, 0xA1, 0x01}
	for _, b := range inside {
		raw = append(raw, b...)
	}
	return append(raw, 0xC0)
}

func join(parts ...[]byte) []byte {
	var raw []byte
	for _, p := range parts {
		raw = append(raw, p...)
	}
	return raw
}

func TestADeviceIsNamedAfterTheCollectionWithItsHook(t *testing.T) {
	for _, c := range []struct {
		name string
		raw  []byte
		want ident.Kind
	}{
		{"phone", telephony(0x01), ident.Phone},
		{"handset", telephony(0x04), ident.Handset},
		{"headset", telephony(0x05), ident.Headset},
		{"headset, then phone", join(telephony(0x05), telephony(0x01)), ident.Phone},
		{"an empty telephony collection", application(0x0B, 0x05), ident.None},
		{"volume keys only", application(0x0C, 0x01, []byte{0x09, 0xE9, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02}), ident.None},
		{"a hook in a Consumer collection", application(0x0C, 0x01, []byte{0x05, 0x0B}, hook), ident.Headset},
		{"a hook in a vendor's collection", join([]byte{0x06, 0x00, 0xFF, 0x09, 0x01, 0xA1, 0x01, 0x05, 0x0B}, hook, []byte{0xC0}), ident.None},
		{"mouse", application(0x01, 0x02), ident.None},
	} {
		got, err := ident.Identify(c.raw)
		if err != nil || got.Kind != c.want || got.Keyboard {
			t.Errorf("%s: %+v, %v; want kind %q, no keyboard", c.name, got, err, c.want)
		}
	}
}

func TestANodeThroughWhichTypingCanBeReadIsNeverOpenedToUsers(t *testing.T) {
	keypad := []byte{0x05, 0x01, 0x09, 0x07, 0xA1, 0x01, 0xC0}
	for name, raw := range map[string][]byte{
		"keyboard beside the phone":     join(telephony(0x04), keyboard),
		"keyboard before the phone":     join(keyboard, telephony(0x04)),
		"keyboard inside the phone":     telephony(0x04, keyboard),
		"keypad beside the phone":       join(telephony(0x04), keypad),
		"a keyboard's key in a phone":   telephony(0x04, oneKey),
		"a keyboard's key, disguised":   join(telephony(0x05), application(0x0C, 0x01, oneKey)),
		"a keyboard":                    keyboard,
		"keys in a vendor's collection": join(telephony(0x05), []byte{0x06, 0x00, 0xFF, 0x09, 0x01, 0xA1, 0x01}, oneKey, []byte{0xC0}),
	} {
		got, err := ident.Identify(raw)
		if err != nil || !got.Keyboard || got.May() {
			t.Errorf("%s: %+v, %v; want a keyboard, closed", name, got, err)
		}
	}
}

func TestADescriptorThatMakesNoSenseIsNoTelephone(t *testing.T) {
	for name, raw := range map[string][]byte{
		"empty":     nil,
		"cut":       telephony(0x04)[:9],
		"too large": make([]byte, 5000),
	} {
		if got, err := ident.Identify(raw); err == nil || got.May() {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func FuzzIdentify(f *testing.F) {
	f.Add(telephony(0x04))
	f.Add(join(telephony(0x05), keyboard))
	f.Fuzz(func(t *testing.T, raw []byte) {
		id, err := ident.Identify(raw)
		if err != nil && id.May() {
			t.Errorf("%x: open though not understood", raw)
		}
	})
}
