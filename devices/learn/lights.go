package learn

import (
	"offhook/devices/profile"
	"offhook/hid/report"
)

// lightNames are the outputs that say themselves what they show (HUT pages 08 and
// 0B). Nothing else is ever written to a device that is being taught.
var lightNames = map[report.Usage]string{
	report.U(report.PageLED, 0x09):       "mute",
	report.U(report.PageLED, 0x17):       "off-hook",
	report.U(report.PageLED, 0x18):       "ring",
	report.U(report.PageLED, 0x19):       "message-waiting",
	report.U(report.PageLED, 0x1E):       "speaker",
	report.U(report.PageLED, 0x20):       "hold",
	report.U(report.PageLED, 0x21):       "microphone",
	report.U(report.PageLED, 0x2A):       "on-line",
	report.U(report.PageTelephony, 0x9E): "ringer",
}

// kind is what the descriptor says that the device is, "" where it says nothing; a
// level of the hook is a cradle then.
func (s *Session) kind() string {
	if s.descriptor == nil {
		return ""
	}
	for _, c := range s.descriptor.Collections {
		switch c.Usage {
		case report.U(report.PageTelephony, 0x01):
			return "phone"
		case report.U(report.PageTelephony, 0x04):
			return "handset"
		case report.U(report.PageTelephony, 0x05):
			return "headset"
		}
	}
	return ""
}

// lights adds the lights that the descriptor declares.
func (s *Session) lights(p *profile.Profile) {
	if s.descriptor == nil {
		return
	}
	lengths := map[uint8]bool{}
	for i := range s.descriptor.Fields {
		f := &s.descriptor.Fields[i]
		name := lightNames[f.Usage()]
		if f.Kind != report.Output || f.IsArray() || name == "" || f.Size > 32 {
			continue
		}
		p.Outputs = append(p.Outputs, profile.Output{Light: name, At: profile.Where{
			Raw: true, Report: f.ReportID, Bit: f.Bit, Size: f.Size, Value: 1,
		}})
		if n := 1 + s.descriptor.Size(report.Output, f.ReportID); !lengths[f.ReportID] && n <= 255 {
			lengths[f.ReportID] = true
			fact := p.Facts["output-length"]
			fact.Numbers = append(fact.Numbers, uint32(f.ReportID), uint32(n))
			p.Facts["output-length"] = fact
		}
	}
}
