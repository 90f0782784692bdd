package engine

import "strings"

// ServerDevice names what a sound server plays to and records from by default;
// ServerDevice + ":hw:1" or ":hw:CARD=Phone" what it has of one ALSA card.
const ServerDevice = "server"

// OfServer tells whether a name means a sound server's device, and gives the number
// of the card that it means, "" for the default device. A card that is not there
// has the number "-".
func OfServer(name string) (card string, ok bool) {
	if name == ServerDevice {
		return "", true
	}
	hw, ok := strings.CutPrefix(name, ServerDevice+":")
	if !ok || !alsaName.MatchString(hw) {
		return "", false
	}
	if numbers, _ := Cards([]string{hw}); len(numbers) == 1 {
		return numbers[0], true
	}
	return "-", true
}

// findServer picks the server's device for a card.
func findServer(usable []Device, name, card string, dir direction) (Device, error) {
	for _, d := range usable {
		if d.Node != "" && (card == "" && d.Default || card != "" && d.Card == card) {
			return d, nil
		}
	}
	if card == "" {
		return Device{}, failf(NoDevice, "the sound server has no default %v%s", dir, others(usable))
	}
	return Device{}, failf(NoDevice, "the sound server has no %v of the card %s: another program may hold it, or its profile may be off (pactl list cards)%s", dir, strings.TrimPrefix(name, ServerDevice+":"), others(usable))
}
