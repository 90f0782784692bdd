package devices

// yealinkModel is what one of the phones with numbers 6993:b001 has. Sources:
// treitmayr/yealink-module, yealink.h and yealink.c; the US Robotics labels from
// myforce/opal, winxp_hid_lid_ptplugin.ini.
type yealinkModel struct {
	name     string
	versions [][2]uint16 // ranges of the answer to VERSION; none: known otherwise
	kind     Kind
	keys     keyTable
	lights   []string
	hook     byte // the command that asks for the hook, 0 where there is none or it comes with the keys
	poll     int  // ms between two questions, 0: it tells by itself
	display  bool
	led      bool // one light, lit by 0
	ringer   yealinkRinger
	speaker  bool // a speaker and a lit display
	line     bool // a telephone line beside USB, and a light for each
}

// yealinkRinger is how a model rings.
type yealinkRinger uint8

const (
	bySound       yealinkRinger = iota // through its speaker
	notes                              // by notes that it repeats
	notesOnce                          // by notes that are gone after ringing, and 20 s at most
	ringsByItself                      // a bell that is on or off
)

// Commands, the first byte of each packet.
const (
	yealinkRing      = 0x01
	yealinkNotes     = 0x02
	yealinkRingtone  = 0x03
	yealinkLCD       = 0x04
	yealinkLED       = 0x05
	yealinkSpeaker   = 0x0C
	yealinkSwitch    = 0x0E // 0 USB, 1 the telephone line
	yealinkVolume    = 0x11
	yealinkBacklight = 0x12
	yealinkKeys      = 0x80
	yealinkScancode  = 0x81
	yealinkVersion   = 0x87
	yealinkHookP4K   = 0x8B
	yealinkHookB2K   = 0x8D
	yealinkInit      = 0x8E
)

var (
	yealinkKeysP1K = keyTable{
		0x00: keypadKey('1'), 0x01: keypadKey('2'), 0x02: keypadKey('3'),
		0x10: keypadKey('4'), 0x11: keypadKey('5'), 0x12: keypadKey('6'),
		0x20: keypadKey('7'), 0x21: keypadKey('8'), 0x22: keypadKey('9'),
		0x30: keypadKey('*'), 0x31: keypadKey('0'), 0x32: keypadKey('#'),
		0x03: {Kind: OffHook}, 0x13: {Kind: OnHook}, // green, red
		// 14 is C, 23 IN, 04 OUT, 33 up, 24 down.
	}
	// The same keys of the US Robotics USR9601 with its labels: S and E are the green
	// and the red key, 04 is clear.
	yealinkKeysTwin = with(yealinkKeysP1K, keyTable{
		0x14: {Kind: MutePress}, 0x33: {Kind: VolumeUp}, 0x24: {Kind: VolumeDown},
	})
	yealinkKeysP1KH = keyTable{
		0x00: keypadKey('1'), 0x01: keypadKey('2'), 0x02: keypadKey('3'),
		0x05: keypadKey('4'), 0x06: keypadKey('5'), 0x07: keypadKey('6'),
		0x0A: keypadKey('7'), 0x0B: keypadKey('8'), 0x0C: keypadKey('9'),
		0x0F: keypadKey('*'), 0x10: keypadKey('0'), 0x11: keypadKey('#'),
		0x03: {Kind: OffHook}, 0x08: {Kind: OnHook},
		// 09 is C, 0D IN, 04 OUT, 12 up, 0E down.
	}
	yealinkKeysP4K = keyTable{
		0x21: keypadKey('1'), 0x11: keypadKey('2'), 0x01: keypadKey('3'),
		0x22: keypadKey('4'), 0x12: keypadKey('5'), 0x02: keypadKey('6'),
		0x23: keypadKey('7'), 0x13: keypadKey('8'), 0x03: keypadKey('9'),
		0x24: keypadKey('*'), 0x14: keypadKey('0'), 0x04: keypadKey('#'),
		0x00: {Kind: SendPress}, 0x25: {Kind: SendPress}, 0x15: {Kind: Flash}, // DIAL, SEND
		0x20: {Kind: SpeakerPress}, 0x44: {Kind: Redial}, 0x31: {Kind: VolumeUp}, 0x40: {Kind: VolumeDown},
		// 33 is DEL, 34 IN, 10 OUT, 05 HELP, 32 up, 30 down.
	}
	// The B2K and B3G hear the tones of the telephone that is plugged into them.
	yealinkKeysB2K = keyTable{
		0x00: keypadKey('0'), 0x01: keypadKey('1'), 0x02: keypadKey('2'), 0x03: keypadKey('3'),
		0x04: keypadKey('4'), 0x05: keypadKey('5'), 0x06: keypadKey('6'), 0x07: keypadKey('7'),
		0x08: keypadKey('8'), 0x09: keypadKey('9'), 0x0B: keypadKey('*'), 0x0C: keypadKey('#'),
	}
)

// with is a table and what differs from it.
func with(table, more keyTable) keyTable {
	all := keyTable{}
	for _, t := range []keyTable{table, more} {
		for code, e := range t {
			all[code] = e
		}
	}
	return all
}

var (
	yealinkP1K = yealinkModel{
		name: "Yealink USB-P1K", versions: [][2]uint16{{0x0100, 0x01FF}}, kind: KeyedHandset, keys: yealinkKeysP1K,
		lights: []string{"off-hook", "ring", "display"}, poll: 100, display: true, led: true, ringer: notes,
	}
	yealinkP1KH = yealinkModel{
		name: "Yealink USB-P1KH", kind: KeyedHandset, keys: yealinkKeysP1KH,
		lights: []string{"off-hook", "ring", "display"}, display: true, led: true, ringer: notesOnce,
	}
	yealinkP4K = yealinkModel{
		name: "Yealink USB-P4K", versions: [][2]uint16{{0x0230, 0x02FF}}, kind: Handset, keys: yealinkKeysP4K,
		lights: []string{"speaker", "display"}, hook: yealinkHookP4K, poll: 50, display: true, speaker: true,
	}
	yealinkB2K = yealinkModel{
		name: "Yealink USB-B2K", versions: [][2]uint16{{0x0520, 0x053F}, {0x0570, 0x058F}}, kind: Handset, keys: yealinkKeysB2K,
		lights: []string{"off-hook", "ring"}, hook: yealinkHookB2K, poll: 50, ringer: ringsByItself, line: true,
	}
	yealinkB3G = yealinkModel{
		name: "Yealink USB-B3G", versions: [][2]uint16{{0x0540, 0x056F}}, kind: Handset, keys: yealinkKeysB2K,
		lights: []string{"off-hook", "ring"}, poll: 100, ringer: ringsByItself, line: true,
	}
	yealinkModels = []*yealinkModel{&yealinkP1K, &yealinkP4K, &yealinkB2K, &yealinkB3G}
)

// yealinkByVersion finds a model of the first generation, nil when it is none.
func yealinkByVersion(version uint16) *yealinkModel {
	for _, m := range yealinkModels {
		for _, v := range m.versions {
			if v[0] <= version && version <= v[1] {
				return m
			}
		}
	}
	return nil
}
