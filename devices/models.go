package devices

import (
	"fmt"

	"offhook/devices/profile"
	"offhook/hid"
)

// Model is the user's word for what a device is, where its numbers do not tell.
type Model = profile.Model

// modelDriver is a driver that only the user can choose: one that needs no
// descriptor, or one that adds to what the descriptor declares.
type modelDriver struct {
	driver func(Model) driver
	wrap   func(name string, t *telephony) driver
}

// models are those drivers, by the names in package profile.
var models = map[string]modelDriver{
	"kip1000": {driver: func(m Model) driver { return newCM109(m.What(), kip1000Keys) }},
	"gtalk":   {driver: func(m Model) driver { return newCM109(m.What(), gtalkKeys) }},
	// It has the keys of the G-talk, but for two that nothing is done with.
	"usbph01": {driver: func(m Model) driver { return newCM109(m.What(), gtalkKeys) }},
	"atcom":   {driver: func(m Model) driver { return newCM109(m.What(), atcomKeys) }},
	"adapter": {driver: newAdapter},
	"usr9601": {driver: func(m Model) driver { return newYealinkTwin(m.What()) }},
	// Said to be in the Plantronics Calisto P540-M and the Snom UC600, which is not
	// tried. Source: gist probonopd a93f6556, tomeko.net.
	"cx300": {wrap: newCX300},
}

// modelOf finds what the user said of a device, nil when he said nothing.
func modelOf(info hid.Info, choices []Model) *Model {
	numbers := fmt.Sprintf("%04x:%04x", info.VendorID, info.ProductID)
	for _, want := range []string{Identify(info, true), Identify(info, false), numbers} {
		for i := range choices {
			if choices[i].Device == want && choices[i].Check() == nil {
				return &choices[i]
			}
		}
	}
	return nil
}
