package devices

import "offhook/hid/report"

// Usages of the Telephony Device page (HUT section 14), the LED page (11), the
// Consumer page (15) and the Auxiliary Display page (20) that the driver knows.
var (
	usagePhone       = report.U(report.PageTelephony, 0x01)
	usageHandset     = report.U(report.PageTelephony, 0x04)
	usageHeadset     = report.U(report.PageTelephony, 0x05)
	usageProgButton  = report.U(report.PageTelephony, 0x07)
	usageHookSwitch  = report.U(report.PageTelephony, 0x20)
	usagePhoneMute   = report.U(report.PageTelephony, 0x2F)
	usageSpeedDial   = report.U(report.PageTelephony, 0x50)
	usageKey0        = report.U(report.PageTelephony, 0xB0)
	usageKeyD        = report.U(report.PageTelephony, 0xBF)
	usageButton1     = report.U(report.PageButton, 0x01)
	usageButton7     = report.U(report.PageButton, 0x07)
	usageVolume      = report.U(report.PageConsumer, 0xE0)
	usageVolumeUp    = report.U(report.PageConsumer, 0xE9)
	usageVolumeDown  = report.U(report.PageConsumer, 0xEA)
	usageClear       = report.U(pageDisplay, 0x25)
	usageDisplayData = report.U(pageDisplay, 0x2C)
	usageRow         = report.U(pageDisplay, 0x33)
	usageColumn      = report.U(pageDisplay, 0x34)
)

const pageDisplay uint16 = 0x14

// keyEvents are the telephony usages that make one event for each press.
var keyEvents = map[report.Usage]struct {
	control string
	event   EventKind
}{
	report.U(report.PageTelephony, 0x21): {"flash", Flash},
	report.U(report.PageTelephony, 0x23): {"hold", HoldPress},
	report.U(report.PageTelephony, 0x24): {"redial", Redial},
	report.U(report.PageTelephony, 0x25): {"transfer", TransferPress},
	report.U(report.PageTelephony, 0x26): {"drop", DropPress},
	report.U(report.PageTelephony, 0x2A): {"line", LinePress},
	report.U(report.PageTelephony, 0x2B): {"speaker", SpeakerPress},
	report.U(report.PageTelephony, 0x2C): {"conference", ConferencePress},
	report.U(report.PageTelephony, 0x31): {"send", SendPress},
	report.U(report.PageTelephony, 0x70): {"voicemail", VoiceMailPress},
	report.U(report.PageTelephony, 0x72): {"dnd", DNDPress},
	usageSpeedDial:                       {"speed-dial", SpeedDialPress},
}

// controlEvents are the events of controls by name, hook, mute and keypad apart.
var controlEvents = func() map[string]EventKind {
	m := map[string]EventKind{"reject": Reject, "clear": ClearPress, "volume-up": VolumeUp, "volume-down": VolumeDown}
	for _, k := range keyEvents {
		m[k.control] = k.event
	}
	return m
}()

// controlOrder is the order in which controls are listed.
var controlOrder = []string{
	"hook", "mute", "flash", "redial", "hold", "transfer", "drop", "send", "speaker", "conference",
	"line", "voicemail", "dnd", "speed-dial", "reject", "clear", "keypad", "volume",
}

// lightUsages are the outputs that show a state. Some devices declare the
// telephony usage itself as an output instead of an LED.
var lightUsages = map[report.Usage]struct {
	name string
	on   func(Indicators) bool
}{
	report.U(report.PageLED, 0x09):        {"mute", func(i Indicators) bool { return i.Mute }},
	report.U(report.PageLED, 0x17):        {"off-hook", func(i Indicators) bool { return i.OffHook }},
	report.U(report.PageLED, 0x18):        {"ring", func(i Indicators) bool { return i.Ring }},
	report.U(report.PageLED, 0x19):        {"message-waiting", func(i Indicators) bool { return i.MessageWaiting }},
	report.U(report.PageLED, 0x1E):        {"speaker", func(i Indicators) bool { return i.Speaker }},
	report.U(report.PageLED, 0x20):        {"hold", func(i Indicators) bool { return i.Hold }},
	report.U(report.PageLED, 0x21):        {"microphone", func(i Indicators) bool { return i.Microphone }},
	report.U(report.PageLED, 0x2A):        {"on-line", func(i Indicators) bool { return i.OnLine }},
	report.U(report.PageTelephony, 0x20):  {"off-hook", func(i Indicators) bool { return i.OffHook }},
	report.U(report.PageTelephony, 0x23):  {"hold", func(i Indicators) bool { return i.Hold }},
	report.U(report.PageTelephony, 0x2A):  {"on-line", func(i Indicators) bool { return i.OnLine }},
	report.U(report.PageTelephony, 0x2B):  {"speaker", func(i Indicators) bool { return i.Speaker }},
	report.U(report.PageTelephony, 0x2F):  {"mute", func(i Indicators) bool { return i.Mute }},
	report.U(report.PageTelephony, 0x9E):  {"ringer", func(i Indicators) bool { return i.Ring }},
	report.U(report.PageTelephony, 0x109): {"message-waiting", func(i Indicators) bool { return i.MessageWaiting }},
}

// lightOrder is the order in which indicators are listed.
var lightOrder = []string{
	"off-hook", "ring", "mute", "hold", "message-waiting", "speaker", "microphone", "on-line", "ringer", "display",
}
