package udev

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// SoundState is how far the sound of a USB device is.
type SoundState uint8

// A device without audio interface has no sound; of others the card comes a
// while after the device, and is ready when udev has set up all of its nodes.
const (
	SoundNone SoundState = iota
	SoundComing
	SoundReady
)

// String is "none", "coming" or "ready".
func (s SoundState) String() string {
	return [...]string{"none", "coming", "ready"}[min(s, SoundReady)]
}

// usbClassAudio is the class of audio interfaces (USB class codes, base class 01).
const usbClassAudio = "01"

// Sound tells the state of the sound of the USB device to which path belongs.
// db is udev's database, "" where no udev runs: a card is ready then when it is
// there.
func (s Sysfs) Sound(path string, db Database) SoundState {
	device, ok := s.USBDevice(path)
	if !ok || !HasInterface(device, usbClassAudio) {
		return SoundNone
	}
	cards := s.SoundCards(path)
	if len(cards) == 0 {
		return SoundComing
	}
	for _, n := range cards {
		// The nodes of a card are made in an order, and this one last.
		if !exists(filepath.Join(string(s), "class", "sound", fmt.Sprintf("controlC%d", n))) {
			return SoundComing
		}
		if db == "" {
			continue
		}
		if r, ok := db.Record(fmt.Sprintf("+sound:card%d", n)); !ok || r.Properties["SOUND_INITIALIZED"] != "1" {
			return SoundComing
		}
	}
	return SoundReady
}

// HasInterface tells whether a USB device, given by its directory, has an
// interface of a class, such as "03".
func HasInterface(device, class string) bool {
	for _, dir := range Interfaces(device) {
		if c, err := os.ReadFile(filepath.Join(dir, "bInterfaceClass")); err == nil && strings.TrimSpace(string(c)) == class {
			return true
		}
	}
	return false
}

// Interfaces are the directories of a USB device's interfaces:
// "1-2:1.0", "1-2:1.3".
func Interfaces(device string) []string {
	dirs, err := filepath.Glob(filepath.Join(device, "*:*.*"))
	if err != nil {
		return nil // only a malformed pattern gives one, and this is none
	}
	return dirs
}
