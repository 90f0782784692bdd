package hid

import "offhook/hid/report"

// isPhone tells whether a descriptor is one of a phone or headset, and not of
// a keyboard or a mouse, which must never be taken from the desktop.
func isPhone(desc []byte) bool {
	d, err := report.Parse(desc)
	if err != nil {
		return false
	}
	phone := false
	for _, c := range d.Collections {
		switch c.Usage {
		case report.U(report.PageGenericDesktop, 0x02), // Mouse
			report.U(report.PageGenericDesktop, 0x06), // Keyboard
			report.U(report.PageGenericDesktop, 0x07): // Keypad
			return false
		}
		if c.Usage.Page() == report.PageTelephony {
			phone = true
		}
	}
	return phone
}
