package virtual

// hpFirmware is the HP Internet Handset as arkygeek/voipHandset describes it: an
// endpoint of two bytes, of which the second is the number of the last key, whether
// it is down, and whether the handset is off its cradle; lights and the way of the
// sound in a feature report of one byte; its state in one of 64.
type hpFirmware struct {
	plain
	last    byte // number of the last key, kept after it went up
	down    bool
	lifted  bool
	bigN    bool
	outputs byte
	quiet   bool // it does not report lifting alone
}

// hpCodes are the codes of the source's table, with the handset on its cradle and
// the key down.
var hpCodes = map[string]byte{
	"1": 0x06, "2": 0x0A, "3": 0x0E, "4": 0x12, "5": 0x16, "6": 0x1A, "7": 0x1E, "8": 0x22, "9": 0x26,
	"*": 0x2A, "0": 0x2E, "#": 0x32, "green": 0x36, "volume-up": 0x3A, "big-n": 0x3E,
	"red": 0x42, "mute": 0x46, "hold": 0x4A, "volume-down": 0x4E, "contacts": 0x52,
}

func (f *hpFirmware) report() [][]byte {
	b := f.last
	if !f.down {
		b &^= 2
	}
	if f.lifted {
		b |= 1
	}
	return [][]byte{{0x00, b}}
}

func (f *hpFirmware) press(key string) [][]byte {
	code, ok := hpCodes[key]
	if !ok {
		return nil
	}
	f.last, f.down, f.bigN = code, true, key == "big-n"
	return f.report()
}

func (f *hpFirmware) release(string) [][]byte {
	f.down, f.bigN = false, false
	return f.report()
}

func (f *hpFirmware) hook(lifted bool) [][]byte {
	f.lifted = lifted
	if f.quiet {
		return nil
	}
	return f.report()
}

func (f *hpFirmware) takeFeature(rep []byte) bool {
	if len(rep) != 2 || rep[0] != 0 {
		return false
	}
	f.outputs = rep[1]
	return true
}

func (f *hpFirmware) getFeature(id uint8) []byte {
	if id != 0 {
		return nil
	}
	state := make([]byte, 64)
	if f.lifted {
		state[2] |= 0x01
	}
	if f.bigN {
		state[2] |= 0x02
	}
	return state
}

func (f *hpFirmware) dark() { f.outputs = 0 }

func (f *hpFirmware) lights() map[string]bool {
	return map[string]bool{
		"speaker":  f.outputs&0x01 != 0, // the sound goes to the base
		"off-hook": f.outputs&0x10 != 0, // the light of the handset
		"mute":     f.outputs&0x40 != 0,
	}
}

// QuietHP is the HP Internet Handset as its source saw it at times: lifting alone is
// not reported, only the next key tells, and the state in the feature report.
func QuietHP() Profile {
	p, err := ByName("hp-handset")
	if err != nil {
		panic(err)
	}
	p.firmware = func() firmware { return &hpFirmware{quiet: true} }
	return p
}
