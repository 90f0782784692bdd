package virtual

import (
	"math/bits"
	"strconv"
	"strings"
	"time"

	"offhook/devices"
)

// cm109Firmware is a phone whose keys are a matrix on the pins of a C-Media CM109,
// as drivers/input/misc/cm109.c of Linux drives it. Pins 1-4 are the columns, which the host drives,
// and pins 5-8 the rows, which read high where a key joins them to a column that is
// high. The chip reports when its pins have changed.
type cm109Firmware struct {
	plain
	keys map[string]byte // row<<4 | column

	held    string
	volume  byte // bits of IR0
	columns byte
	buzzer  bool
	told    [2]byte
	owed    [][]byte
}

// Tables of cm109.c, by the name that the module's parameter has.
var cm109Keys = map[string]map[string]byte{
	"kip1000": {
		"0": 0x82, "1": 0x14, "2": 0x12, "3": 0x11, "4": 0x24, "5": 0x22, "6": 0x21, "7": 0x44, "8": 0x42, "9": 0x41, "#": 0x81, "*": 0x84,
		"green": 0x88, "red": 0x48, "in": 0x28, "out": 0x18,
	},
	"gtalk": {
		"0": 0x11, "1": 0x21, "2": 0x41, "3": 0x81, "4": 0x12, "5": 0x22, "6": 0x42, "7": 0x82, "8": 0x14, "9": 0x24, "#": 0x44, "*": 0x84,
		"green": 0x18, "red": 0x28, "up": 0x48, "down": 0x88,
	},
	"usbph01": {
		"0": 0x11, "1": 0x21, "2": 0x41, "3": 0x81, "4": 0x12, "5": 0x22, "6": 0x42, "7": 0x82, "8": 0x14, "9": 0x24, "#": 0x44, "*": 0x84,
		"green": 0x18, "red": 0x28, "left": 0x48, "right": 0x88,
	},
	"atcom": {
		"0": 0x82, "1": 0x11, "2": 0x12, "3": 0x14, "4": 0x21, "5": 0x22, "6": 0x24, "7": 0x41, "8": 0x42, "9": 0x44, "#": 0x84, "*": 0x81,
		"green": 0x18, "red": 0x28, "left": 0x48, "right": 0x88,
	},
}

func (f *cm109Firmware) pins() [2]byte {
	rows := byte(0)
	if code := f.keys[f.held]; code&0x0F&f.columns != 0 {
		rows = code & 0xF0
	}
	return [2]byte{f.volume, rows | f.columns}
}

// changed gives a report if there is anything new to report.
func (f *cm109Firmware) changed() [][]byte {
	pins := f.pins()
	if pins == f.told {
		return [][]byte{}
	}
	f.told = pins
	return [][]byte{{pins[0], pins[1], 0, 0}}
}

var cmediaVolume = map[string]byte{"volume-up": 1, "volume-down": 2, "mute-playback": 4, "mute": 8}

func (f *cm109Firmware) press(key string) [][]byte {
	if bit := cmediaVolume[key]; bit != 0 {
		f.volume |= bit
		return f.changed()
	}
	if f.keys[key] == 0 {
		return nil
	}
	f.held = key
	return f.changed()
}

func (f *cm109Firmware) release(string) [][]byte {
	f.held, f.volume = "", 0
	return f.changed()
}

// take sets the pins that are driven; a report that is not for them is for the
// settings memory, whose loss would be noticed.
func (f *cm109Firmware) take(rep []byte) {
	if len(rep) != 5 || rep[0] != 0 {
		return
	}
	if rep[1]&0xC0 != 0 {
		panic("a report for the settings memory")
	}
	f.buzzer = rep[1]&0x20 != 0
	f.columns = rep[2] & rep[3] & 0x0F
	f.owed = append(f.owed, f.changed()...)
}

func (f *cm109Firmware) answers() [][]byte {
	owed := f.owed
	f.owed = nil
	return owed
}

func (f *cm109Firmware) dark()                   { f.buzzer, f.columns = false, 0 }
func (f *cm109Firmware) lights() map[string]bool { return map[string]bool{"ring": f.buzzer} }

// hold is longer than the host needs to scan the matrix.
func (f *cm109Firmware) hold() time.Duration { return 200 * time.Millisecond }

// cm109 is a phone on a CM109 by the name that the user must give.
func cm109(model, name string) Profile {
	return Profile{
		Name: "cm109-" + model, Description: name + ": keys in a matrix on a C-Media CM109, buzzer, no cradle", Kind: devices.KeyedHandset,
		vendor: 0x0D8C, product: 0x000E, Descriptor: opaqueReports([3]byte{0, 4, 4}), layout: bare, Model: devices.Model{Device: "0d8c:000e", Model: model},
		firmware: func() firmware { return &cm109Firmware{keys: cm109Keys[model]} },
	}
}

// wiredFirmware is a sound adapter of C-Media to which a hook switch and a bell are
// wired, as AllStarLink/app_rpt describes its pins.
type wiredFirmware struct {
	plain
	hookAt string // "vol-down", "gpio3"
	opens  bool   // the bit is 0 while the handset is lifted
	bell   byte

	lifted bool
	volume byte
	out    [2]byte // levels, driven
}

func (f *wiredFirmware) report() []byte {
	ir0, ir1 := f.volume, f.out[0]&f.out[1]
	if f.lifted != f.opens {
		switch f.hookAt {
		case "vol-up":
			ir0 |= 1
		case "vol-down":
			ir0 |= 2
		default:
			n, _ := strconv.Atoi(strings.TrimPrefix(f.hookAt, "gpio"))
			ir1 |= 1 << (n - 1)
		}
	}
	return []byte{ir0, ir1, 0, 0}
}

func (f *wiredFirmware) press(key string) [][]byte {
	bit := cmediaVolume[key]
	if bit == 0 {
		return nil
	}
	f.volume |= bit
	return [][]byte{f.report()}
}

func (f *wiredFirmware) release(string) [][]byte {
	f.volume = 0
	return [][]byte{f.report()}
}

func (f *wiredFirmware) hook(lifted bool) [][]byte {
	f.lifted = lifted
	return [][]byte{f.report()}
}

func (f *wiredFirmware) getInput(uint8) []byte { return f.report() }

func (f *wiredFirmware) take(rep []byte) {
	if len(rep) != 5 || rep[0] != 0 || rep[1] != 0 || rep[4] != 0 || bits.OnesCount8(rep[3]) > 1 {
		panic("not a report for the pin of the bell")
	}
	f.out = [2]byte{rep[2], rep[3]}
}

func (f *wiredFirmware) dark() { f.out = [2]byte{} }

func (f *wiredFirmware) lights() map[string]bool {
	return map[string]bool{"ring": f.bell != 0 && f.out[0]&f.out[1]&f.bell != 0}
}

// Wired is a sound adapter with a hook switch at a place ("vol-up", "vol-down",
// "gpio1" to "gpio8"), which with opens reads 0 while the handset is lifted, and
// a bell at a pin, 0 for none.
func Wired(hook string, opens bool, bell int) Profile {
	var pin byte
	if bell > 0 {
		pin = 1 << (bell - 1)
	}
	choice := devices.Model{Device: "0d8c:000c", Model: "adapter", Hook: hook, HookInverted: opens}
	if bell > 0 {
		choice.Ring = "gpio" + strconv.Itoa(bell)
	}
	return Profile{
		Name: "adapter-" + hook, Description: "telephone on a C-Media sound adapter, its hook at " + hook, Kind: devices.Handset,
		vendor: 0x0D8C, product: 0x000C, Descriptor: opaqueReports([3]byte{0, 4, 4}), layout: bare, Model: choice,
		firmware: func() firmware { return &wiredFirmware{hookAt: hook, opens: opens, bell: pin} },
	}
}
