package profile

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Model is the user's word for what a device is, where its numbers do not tell: they
// are those of a chip that is in many things, or of several phones.
type Model struct {
	// Device is "VENDOR:PRODUCT" in hexadecimal, or the whole ID of one device, which
	// has its serial number or port behind a further colon.
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

// models are what a user may choose, and the vendor of the devices that it may be, 0
// for any.
var models = []struct {
	name   string
	vendor uint16
	what   string
}{
	{"kip1000", 0x0D8C, "Komunikate KIP1000"},
	{"gtalk", 0x0D8C, "Genius G-talk"},
	{"usbph01", 0x0D8C, "Allied-Telesis Corega USBPH01"},
	{"atcom", 0x0D8C, "ATCom AU-100"},
	{"adapter", 0x0D8C, "telephone on a sound adapter"},
	{"cx300", 0, "Polycom CX300"},
	{"usr9601", 0x6993, "US Robotics USR9601"},
}

// ModelNames lists what Model.Model may be.
func ModelNames() []string {
	var names []string
	for _, m := range models {
		names = append(names, m.name)
	}
	return names
}

// What is the model's name for people, "" when there is no such model.
func (m Model) What() string {
	for _, known := range models {
		if known.name == m.Model {
			return known.what
		}
	}
	return ""
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
	const wired = "%s: only of model \"adapter\" can be said where it is wired to"
	switch {
	case m.Model != "adapter" && m.Hook != "":
		return fmt.Errorf(wired, "hook")
	case m.Model != "adapter" && m.Ring != "":
		return fmt.Errorf(wired, "ring")
	case m.Model != "adapter":
		return nil
	case Pin(m.Hook) == 0 && m.Hook != "vol-up" && m.Hook != "vol-down":
		return fmt.Errorf("hook %q: where is the switch wired to? There are vol-up, vol-down, and gpio1 to gpio8", m.Hook)
	case Pin(m.Ring) == 0 && m.Ring != "":
		return fmt.Errorf("ring %q: a bell is wired to gpio1 … gpio8", m.Ring)
	case m.Ring == m.Hook:
		return fmt.Errorf("hook and ring are both wired to %s", m.Ring)
	}
	return nil
}

// Pin is the bit of a pin "gpio1" to "gpio8", 0 when it is none.
func Pin(name string) byte {
	number, ok := strings.CutPrefix(name, "gpio")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || len(number) != 1 || n < 1 || n > 8 {
		return 0
	}
	return 1 << (n - 1)
}
