package report

import "fmt"

// Name is what the HID Usage Tables call the usage, "" when this package does
// not know: it has the pages that phones use, and not the vendors'.
func (u Usage) Name() string {
	id := u.ID()
	switch u.Page() {
	case PageGenericDesktop:
		return desktopNames[id]
	case PageKeyboard:
		return keyboardName(id)
	case PageLED:
		return ledNames[id]
	case PageButton:
		if id != 0 {
			return fmt.Sprintf("Button %d", id)
		}
	case PageTelephony:
		return telephonyNames[id]
	case PageConsumer:
		return consumerNames[id]
	}
	return ""
}

// PageName is what the HID Usage Tables call the usage page, "" when this
// package does not know.
func PageName(page uint16) string {
	switch page {
	case PageGenericDesktop:
		return "Generic Desktop"
	case PageKeyboard:
		return "Keyboard"
	case PageLED:
		return "LED"
	case PageButton:
		return "Button"
	case PageTelephony:
		return "Telephony"
	case PageConsumer:
		return "Consumer"
	}
	if page >= PageVendor {
		return "vendor-defined"
	}
	return ""
}

// keyboardName names the Keyboard/Keypad page (section 10 of the tables),
// whose letters, digits and function keys run in sequence.
func keyboardName(id uint16) string {
	switch {
	case id >= 0x04 && id <= 0x1D:
		return "Keyboard " + string(rune('A'+id-0x04))
	case id >= 0x1E && id <= 0x27:
		return fmt.Sprintf("Keyboard %d", (id-0x1E+1)%10)
	case id >= 0x3A && id <= 0x45:
		return fmt.Sprintf("Keyboard F%d", id-0x3A+1)
	case id >= 0x59 && id <= 0x62:
		return fmt.Sprintf("Keypad %d", (id-0x59+1)%10)
	case id >= 0x68 && id <= 0x73:
		return fmt.Sprintf("Keyboard F%d", id-0x68+13)
	}
	return keyboardNames[id]
}

var keyboardNames = map[uint16]string{
	0x01: "Keyboard ErrorRollOver",
	0x02: "Keyboard POSTFail",
	0x03: "Keyboard ErrorUndefined",
	0x28: "Keyboard Return",
	0x29: "Keyboard Escape",
	0x2A: "Keyboard Backspace",
	0x2B: "Keyboard Tab",
	0x2C: "Keyboard Spacebar",
	0x2D: "Keyboard -",
	0x2E: "Keyboard =",
	0x2F: "Keyboard [",
	0x30: "Keyboard ]",
	0x31: "Keyboard \\",
	0x33: "Keyboard ;",
	0x34: "Keyboard '",
	0x35: "Keyboard `",
	0x36: "Keyboard ,",
	0x37: "Keyboard .",
	0x38: "Keyboard /",
	0x39: "Keyboard Caps Lock",
	0x46: "Keyboard Print Screen",
	0x47: "Keyboard Scroll Lock",
	0x48: "Keyboard Pause",
	0x49: "Keyboard Insert",
	0x4A: "Keyboard Home",
	0x4B: "Keyboard Page Up",
	0x4C: "Keyboard Delete",
	0x4D: "Keyboard End",
	0x4E: "Keyboard Page Down",
	0x4F: "Keyboard Right Arrow",
	0x50: "Keyboard Left Arrow",
	0x51: "Keyboard Down Arrow",
	0x52: "Keyboard Up Arrow",
	0x53: "Keypad Num Lock",
	0x54: "Keypad /",
	0x55: "Keypad *",
	0x56: "Keypad -",
	0x57: "Keypad +",
	0x58: "Keypad Enter",
	0x63: "Keypad .",
	0x65: "Keyboard Application",
	0x66: "Keyboard Power",
	0x7F: "Keyboard Mute",
	0x80: "Keyboard Volume Up",
	0x81: "Keyboard Volume Down",
	0xE0: "Keyboard Left Control",
	0xE1: "Keyboard Left Shift",
	0xE2: "Keyboard Left Alt",
	0xE3: "Keyboard Left GUI",
	0xE4: "Keyboard Right Control",
	0xE5: "Keyboard Right Shift",
	0xE6: "Keyboard Right Alt",
	0xE7: "Keyboard Right GUI",
}

// desktopNames is the Generic Desktop page (section 4), without game controls.
var desktopNames = map[uint16]string{
	0x01: "Pointer",
	0x02: "Mouse",
	0x04: "Joystick",
	0x05: "Gamepad",
	0x06: "Keyboard",
	0x07: "Keypad",
	0x08: "Multi-axis Controller",
	0x30: "X",
	0x31: "Y",
	0x32: "Z",
	0x33: "Rx",
	0x34: "Ry",
	0x35: "Rz",
	0x36: "Slider",
	0x37: "Dial",
	0x38: "Wheel",
	0x39: "Hat Switch",
	0x3A: "Counted Buffer",
	0x3B: "Byte Count",
	0x3C: "Motion Wakeup",
	0x3D: "Start",
	0x3E: "Select",
	0x80: "System Control",
	0x81: "System Power Down",
	0x82: "System Sleep",
	0x83: "System Wake Up",
	0x8F: "System Warm Restart",
}
