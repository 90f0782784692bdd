package report

import "fmt"

// Usage is what a control or a collection is for: the usage page in the upper
// sixteen bits and the usage ID in the lower (HID 1.11 section 5.5).
// The zero Usage means "none declared".
type Usage uint32

// Usage pages that a phone uses (HUT 1.5 section 3).
const (
	PageGenericDesktop uint16 = 0x01
	PageKeyboard       uint16 = 0x07
	PageLED            uint16 = 0x08
	PageButton         uint16 = 0x09
	PageTelephony      uint16 = 0x0B
	PageConsumer       uint16 = 0x0C
	// PageVendor is the first of the vendor-defined pages, which run to FFFF.
	PageVendor uint16 = 0xFF00
)

// U makes a Usage from its page and ID.
func U(page, id uint16) Usage { return Usage(page)<<16 | Usage(id) }

// Page is the usage page.
func (u Usage) Page() uint16 { return uint16(u >> 16) }

// ID is the usage within its page.
func (u Usage) ID() uint16 { return uint16(u) }

// String is page and ID in hexadecimal and, when there is one, the name that
// the HID Usage Tables give: "0B:20 Hook Switch", "FF99:04".
func (u Usage) String() string {
	s := fmt.Sprintf("%02X:%02X", u.Page(), u.ID())
	if name := u.Name(); name != "" {
		s += " " + name
	}
	return s
}
