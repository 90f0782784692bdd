package sdp

import "strings"

// format is a codec as session descriptions know it. Its name is the one the
// rest of the program uses.
type format struct {
	name     string // "PCMU"
	encoding string // in a=rtpmap
	rate     int    // RTP clock, Hz
	payload  int    // static payload type, or -1
}

// formats is every codec we can agree on. A new codec is a row here (and its
// a=fmtp rules where it has some).
var formats = []format{
	{"PCMU", "PCMU", 8000, 0},
	{"PCMA", "PCMA", 8000, 8},
	{"G729", "G729", 8000, 18},
}

// Known says whether name is a codec that can be offered.
func Known(name string) bool { return formatByName(name) != nil }

// Names lists the codecs that can be offered.
func Names() []string {
	var n []string
	for _, f := range formats {
		n = append(n, f.name)
	}
	return n
}

func formatByName(name string) *format {
	for i := range formats {
		if formats[i].name == name {
			return &formats[i]
		}
	}
	return nil
}

func formatByEncoding(encoding string, rate int) *format {
	for i := range formats {
		if strings.EqualFold(formats[i].encoding, encoding) && formats[i].rate == rate {
			return &formats[i]
		}
	}
	return nil
}

func formatByPayload(pt int) *format {
	for i := range formats {
		if formats[i].payload == pt {
			return &formats[i]
		}
	}
	return nil
}

// defaultEvents is the payload type we propose for telephone-event.
const defaultEvents = 101

// annexB says whether a G.729 fmtp allows Annex B: absent means yes
// (RFC 4856 section 2.1.9).
func annexB(fmtp string) bool {
	for p := range strings.SplitSeq(fmtp, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(strings.TrimSpace(k), "annexb") {
			return !strings.EqualFold(strings.TrimSpace(v), "no")
		}
	}
	return true
}
