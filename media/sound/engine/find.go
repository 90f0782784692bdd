package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// maxDevices bounds how many devices are listed.
const maxDevices = 256

// direction of a search.
type direction bool

const (
	forOutput direction = false
	forInput  direction = true
)

func (d direction) usable(dev Device) bool {
	if d == forInput {
		return dev.Inputs > 0
	}
	return dev.Outputs > 0
}

func (d direction) String() string {
	if d == forInput {
		return "microphone"
	}
	return "sound output"
}

// alsaName matches what ALSA calls a card's device: by number, or by the card's id.
var alsaName = regexp.MustCompile(`^(?:plug)?hw:(?:CARD=)?([^,=]+)(?:,(?:DEV=)?(\d+))?$`)

// Cards returns the numbers of the ALSA cards that names mean, and whether each of
// them means a card's device. A card that is not there has no number.
func Cards(names []string) (numbers []string, all bool) {
	for _, name := range names {
		m := alsaName.FindStringSubmatch(name)
		if m == nil {
			return nil, false
		}
		number := m[1]
		if strings.Trim(number, "0123456789") != "" {
			number = cardNumber(number)
		}
		if number != "" && !slices.Contains(numbers, number) {
			numbers = append(numbers, number)
		}
	}
	return numbers, len(names) > 0
}

// find picks the device a name means: "" or "default" the default one; what
// begins with ServerDevice one of a sound server; "hw:1,0",
// "hw:1" or "hw:CARD=Phone,DEV=0" a card's device; else a device's full name, or
// a part of it that only one has.
func find(devices []Device, name string, dir direction, card func(id string) string) (Device, error) {
	var usable []Device
	for _, d := range devices {
		if dir.usable(d) {
			usable = append(usable, d)
		}
	}
	if name == "" || name == "default" {
		for _, d := range usable {
			if d.Name == "default" {
				return d, nil
			}
		}
		for _, d := range usable {
			if d.Default {
				return d, nil
			}
		}
		return Device{}, failf(NoDevice, "there is no default %v; %s", dir, inventory(usable))
	}
	if number, ok := OfServer(name); ok {
		return findServer(usable, name, number, dir)
	}
	if m := alsaName.FindStringSubmatch(name); m != nil {
		number, sub := m[1], m[2]
		if strings.Trim(number, "0123456789") != "" {
			number = card(number)
		}
		if sub == "" {
			sub = "0"
		}
		for _, d := range usable {
			if d.HW == "hw:"+number+","+sub {
				return d, nil
			}
		}
		return Device{}, failf(NoDevice, "there is no %v %s: it is not plugged in, you may not open it (ls -l /dev/snd), or another program held it when it was looked for (fuser -v /dev/snd/* names that)%s", dir, name, others(usable))
	}
	var match []Device
	for _, d := range usable {
		if d.Name == name {
			return d, nil
		}
		if strings.Contains(strings.ToLower(d.Name), strings.ToLower(name)) {
			match = append(match, d)
		}
	}
	switch len(match) {
	case 1:
		return match[0], nil
	case 0:
		return Device{}, failf(NoDevice, "there is no %v named %q; %s", dir, name, inventory(usable))
	}
	return Device{}, failf(NoDevice, "%q could be several devices; %s", name, inventory(match))
}

// others is an inventory, unless there is nothing.
func others(devices []Device) string {
	if len(devices) == 0 {
		return ""
	}
	return "; " + inventory(devices)
}

// inventory names what there is, for the text of an error.
func inventory(devices []Device) string {
	if len(devices) == 0 {
		return "no sound device was found at all (is a card plugged in and may you open /dev/snd, or is a sound server running?)"
	}
	var names []string
	for _, d := range devices[:min(len(devices), 12)] {
		names = append(names, fmt.Sprintf("%q", d.Name))
	}
	text := "there is: " + strings.Join(names, ", ")
	if more := len(devices) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// cardNumber turns an ALSA card id into its number, as /proc/asound has it.
func cardNumber(id string) string {
	if strings.ContainsAny(id, "/.") {
		return ""
	}
	link, err := os.Readlink(filepath.Join("/proc/asound", id))
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(link, "card")
}

var hwSuffix = regexp.MustCompile(`\((hw:\d+,\d+)\)$`)

// HWName returns the ALSA name inside a PortAudio device name, or "".
func HWName(name string) string {
	if m := hwSuffix.FindStringSubmatch(name); m != nil {
		return m[1]
	}
	return ""
}
