package sdp

import (
	"strconv"
	"strings"
	"time"
)

// format is a codec as session descriptions know it. Its name is the one the
// rest of the program uses.
type format struct {
	name     string // "PCMU"
	encoding string // in a=rtpmap
	clock    int    // RTP clock, Hz; not always the rate of the sound (G.722)
	channels int    // as written in a=rtpmap; 0 and 1 are the same
	payload  int    // static payload type, or the dynamic one that is proposed
	frame    time.Duration
	fmtp     string // our a=fmtp, "" none
}

// formats is every codec we can agree on. A new codec is a row here.
var formats = []format{
	{"PCMU", "PCMU", 8000, 1, 0, 10 * time.Millisecond, ""},
	{"PCMA", "PCMA", 8000, 1, 8, 10 * time.Millisecond, ""},
	{"G729", "G729", 8000, 1, 18, 10 * time.Millisecond, "annexb=no"},
	{"G722", "G722", 8000, 1, 9, 10 * time.Millisecond, ""}, // the clock is an old error (RFC 3551 section 4.5.2)
	{"GSM", "GSM", 8000, 1, 3, 20 * time.Millisecond, ""},
	{"OPUS", "opus", 48000, 2, 96, 20 * time.Millisecond, "useinbandfec=1"}, // always written so (RFC 7587 section 7)
	{"L16", "L16", 16000, 1, 97, 10 * time.Millisecond, ""},
}

// mapping is the value of a=rtpmap behind the payload type.
func (f *format) mapping() string {
	s := f.encoding + "/" + strconv.Itoa(f.clock)
	if f.channels > 1 {
		s += "/" + strconv.Itoa(f.channels)
	}
	return s
}

// static: its payload type has been assigned for good (RFC 3551 section 6).
func (f *format) static() bool { return f.payload < 96 }

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

func formatByEncoding(encoding string, clock, channels int) *format {
	for i := range formats {
		f := &formats[i]
		if strings.EqualFold(f.encoding, encoding) && f.clock == clock && (f.channels == channels || f.name == "OPUS") {
			return f
		}
	}
	return nil
}

func formatByPayload(pt int) *format {
	for i := range formats {
		if f := &formats[i]; f.payload == pt && f.static() {
			return f
		}
	}
	return nil
}

// eventsName stands for telephone-event at a clock among the codec names that
// payload types are bound to.
func eventsName(clock int) string { return "telephone-event/" + strconv.Itoa(clock) }

// proposedEvents is the payload type we propose for telephone-event. Each
// clock needs one of its own: events share the time line of the sound
// (RFC 4733 section 2.3).
func proposedEvents(clock int) int {
	switch clock {
	case 8000:
		return 101
	case 48000:
		return 102
	}
	return 103
}

// parameter finds one parameter of an a=fmtp.
func parameter(fmtp, name string) (value string, ok bool) {
	for p := range strings.SplitSeq(fmtp, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(strings.TrimSpace(k), name) {
			return strings.TrimSpace(v), true
		}
	}
	return "", false
}

// comfortNoise is RFC 3389 among the names that payload types are bound to, and
// its static payload type. That has a clock of 8000 Hz.
const (
	comfortNoise        = "CN"
	comfortNoisePayload = 13
)

// takesComfortNoise: pauses of the codec can be described by it. Those with
// silence descriptions of their own have no use for it.
func (f *format) takesComfortNoise() bool { return f.clock == 8000 && f.name != "G729" }

// leavesOut says whether a peer's fmtp lets the codec leave silence out itself:
// G.729 by Annex B, and Opus where the peer prefers it (RFC 7587 section 6.1).
func (f *format) leavesOut(fmtp string) bool {
	switch f.name {
	case "G729":
		return annexB(fmtp)
	case "OPUS":
		v, _ := parameter(fmtp, "usedtx")
		return v == "1"
	}
	return false
}

// annexB says whether a G.729 fmtp allows Annex B: absent means yes
// (RFC 4856 section 2.1.9).
func annexB(fmtp string) bool {
	v, ok := parameter(fmtp, "annexb")
	return !ok || !strings.EqualFold(v, "no")
}
