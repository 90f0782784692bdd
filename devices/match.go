package devices

import (
	"fmt"
	"strings"

	"offhook/hid"
)

// Match tells whether words name a device: its numbers ("6993:b02b"), its ID, its
// serial number, its node or port, or a part of its name, whatever the case.
func Match(info hid.Info, words string) bool {
	words = strings.ToLower(strings.TrimSpace(words))
	numbers := fmt.Sprintf("%04x:%04x", info.VendorID, info.ProductID)
	switch words {
	case "":
		return false
	case numbers, strings.ToLower(Identify(info, false)), strings.ToLower(Identify(info, true)), strings.ToLower(info.Serial),
		strings.ToLower(info.Path), strings.ToLower(info.Phys), strings.ToLower(port(info)):
		return true
	}
	return strings.Contains(strings.ToLower(info.Name), words)
}

// port is the USB port of a device without its interface: "usb-0000:00:14.0-2".
func port(info hid.Info) string {
	port, _, _ := strings.Cut(info.Phys, "/input")
	return port
}

// Port is where in the machine a device is plugged in, the same each time.
func Port(info hid.Info) string {
	if p := port(info); p != "" {
		return p
	}
	return info.Path
}
