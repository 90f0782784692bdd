package devices

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"offhook/hid"
)

// Model is the user's word for what a device is, where its numbers do not tell: they
// are those of a chip that is in many things, or of several phones.
type Model struct {
	// Device is "VENDOR:PRODUCT" in hexadecimal, or the whole ID of one device (see
	// [Device.ID]).
	Device string
	// Model is one of ModelNames.
	Model string
	// Of an adapter: where the hook switch and the bell are wired to. Hook is
	// "vol-up", "vol-down" or "gpio1" to "gpio8"; the handset is lifted while the
	// bit that the chip reports for it is 1, with HookInverted while it is 0. Ring is
	// "" (none) or a GPIO pin, which is high while the bell is to sound.
	Hook         string
	HookInverted bool
	Ring         string
}

// knownModel is a driver that only the user can choose: one that needs no
// descriptor, or one that adds to what the descriptor declares.
type knownModel struct {
	name   string
	vendor uint16 // 0 for any
	what   string
	driver func(Model) driver
	wrap   func(name string, t *telephony) driver
}

// models are the drivers that only the user can choose.
var models = []knownModel{
	{name: "kip1000", vendor: 0x0D8C, what: "Komunikate KIP1000", driver: func(Model) driver { return newCM109("Komunikate KIP1000", kip1000Keys) }},
	{name: "gtalk", vendor: 0x0D8C, what: "Genius G-talk", driver: func(Model) driver { return newCM109("Genius G-talk", gtalkKeys) }},
	// It has the keys of the G-talk, but for two that nothing is done with.
	{name: "usbph01", vendor: 0x0D8C, what: "Allied-Telesis Corega USBPH01", driver: func(Model) driver { return newCM109("Allied-Telesis Corega USBPH01", gtalkKeys) }},
	{name: "atcom", vendor: 0x0D8C, what: "ATCom AU-100", driver: func(Model) driver { return newCM109("ATCom AU-100", atcomKeys) }},
	{name: "adapter", vendor: 0x0D8C, what: "telephone on a sound adapter", driver: newAdapter},
	// Said to have the hardware of a Polycom CX300, which is not tried: the Plantronics
	// Calisto P540-M and the Snom UC600. Source: gist probonopd a93f6556, tomeko.net.
	{name: "cx300", what: "Polycom CX300", wrap: newCX300},
	{name: "usr9601", vendor: 0x6993, what: "US Robotics USR9601", driver: func(Model) driver { return newYealinkTwin("US Robotics USR9601") }},
}

// ModelNames lists what Model.Model may be.
func ModelNames() []string {
	var names []string
	for _, m := range models {
		names = append(names, m.name)
	}
	return names
}

var deviceForm = regexp.MustCompile(`^[0-9a-f]{4}:[0-9a-f]{4}(:.+)?$`)

// Check says what is wrong with a choice.
func (m Model) Check() error {
	i := slices.Index(ModelNames(), m.Model)
	switch {
	case !deviceForm.MatchString(m.Device):
		return fmt.Errorf("device %q: want the numbers as `offhook devices` shows them, \"0d8c:000e\", or the whole ID", m.Device)
	case i < 0:
		return fmt.Errorf("no model is called %q; there are: %s", m.Model, strings.Join(ModelNames(), ", "))
	}
	if want := models[i]; want.vendor != 0 && !strings.HasPrefix(m.Device, fmt.Sprintf("%04x:", want.vendor)) {
		return fmt.Errorf("model %q: a device %s cannot be a %s", m.Model, m.Device, want.what)
	}
	pins := map[string]string{"hook": m.Hook, "ring": m.Ring}
	for _, name := range []string{"hook", "ring"} {
		place := pins[name]
		switch {
		case m.Model != "adapter" && place != "":
			return fmt.Errorf("%s: only of model \"adapter\" can be said where it is wired to", name)
		case m.Model != "adapter", name == "ring" && place == "", gpio(place) != 0, name == "hook" && (place == "vol-up" || place == "vol-down"):
		case name == "hook":
			return fmt.Errorf("hook %q: where is the switch wired to? There are vol-up, vol-down, and gpio1 to gpio8", place)
		default:
			return fmt.Errorf("ring %q: a bell is wired to gpio1 … gpio8", place)
		}
	}
	if m.Ring != "" && m.Ring == m.Hook {
		return fmt.Errorf("hook and ring are both wired to %s", m.Ring)
	}
	return nil
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

// known is what is known of a model; the choice has been checked.
func (m *Model) known() knownModel {
	return models[slices.Index(ModelNames(), m.Model)]
}
