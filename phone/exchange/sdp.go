package exchange

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// stream is what the exchange agreed on with one peer: one audio stream whose
// payloads it sends back unread.
type stream struct {
	remote  netip.AddrPort // where the peer wants its sound; zero = nowhere for now
	accept  [128]bool      // payload types that are echoed
	peer    direction      // what the peer does, from its own point of view
	present bool           // false: the peer switched the stream off (port 0)
}

// maxBeside bounds the kinds of digits and noise of an offer that are echoed.
const maxBeside = 8

type direction string

const (
	sendRecv direction = "sendrecv"
	sendOnly direction = "sendonly"
	recvOnly direction = "recvonly"
	inactive direction = "inactive"
)

func (d direction) sends() bool    { return d == sendRecv || d == sendOnly }
func (d direction) receives() bool { return d == sendRecv || d == recvOnly }

// mirror is the answer to an offered direction, from the answerer's side.
func (d direction) mirror() direction {
	switch d {
	case sendOnly:
		return recvOnly
	case recvOnly:
		return sendOnly
	}
	return d
}

// echoed is a codec that can be echoed: any could, since payloads go back unread,
// but only these are known to be sound.
type echoed struct {
	encoding string // in capitals, as encoding gives it
	payload  int    // static payload type, or the one we propose
	mapping  string // for a=rtpmap
	fmtp     string // of our own offers
}

// echoes is what our phones speak, best first.
var echoes = []echoed{
	{"OPUS/48000/2", 96, "opus/48000/2", "useinbandfec=1"},
	{"G722/8000", 9, "G722/8000", ""},
	{"PCMA/8000", 8, "PCMA/8000", ""},
	{"PCMU/8000", 0, "PCMU/8000", ""},
	{"G729/8000", 18, "G729/8000", "annexb=no"},
	{"GSM/8000", 3, "GSM/8000", ""},
	{"L16/16000", 97, "L16/16000", ""},
}

func echoable(encoding string) bool {
	return slices.ContainsFunc(echoes, func(e echoed) bool { return e.encoding == encoding })
}

var errNoCodec = errors.New("no codec in common: the exchange echoes Opus, G722, PCMA, PCMU, G729, GSM and L16 over RTP/AVP")

// parseSDP reads a peer's description. lines are the m= sections of the
// answer, in the offer's order; only the first usable audio stream gets a port.
func parseSDP(body []byte, localPort uint16) (st stream, lines []string, err error) {
	var d sdp.SessionDescription
	if err := d.Unmarshal(body); err != nil {
		return st, nil, fmt.Errorf("session description: %w", err)
	}
	if len(d.MediaDescriptions) == 0 || len(d.MediaDescriptions) > 16 {
		return st, nil, errNoCodec
	}
	found := false
	for _, m := range d.MediaDescriptions {
		name := m.MediaName
		proto := strings.Join(name.Protos, "/")
		if !found && name.Media == "audio" && proto == "RTP/AVP" {
			if s, answer, ok := audio(&d, m, localPort); ok {
				found, st = true, s
				lines = append(lines, answer)
				continue
			}
		}
		lines = append(lines, fmt.Sprintf("m=%s 0 %s %s\r\n", name.Media, proto, strings.Join(name.Formats, " ")))
	}
	if !found {
		return st, nil, errNoCodec
	}
	return st, lines, nil
}

func audio(d *sdp.SessionDescription, m *sdp.MediaDescription, localPort uint16) (st stream, answer string, ok bool) {
	codec, clock := -1, ""
	var beside []int // telephone-event and comfort noise
	for _, f := range m.MediaName.Formats {
		pt, err := strconv.Atoi(f)
		if err != nil || pt < 0 || pt > 127 {
			continue
		}
		name := encoding(m, pt)
		kind, rate, _ := strings.Cut(name, "/")
		switch {
		case codec < 0 && echoable(name):
			codec = pt
			clock, _, _ = strings.Cut(rate, "/")
		case (kind == "TELEPHONE-EVENT" || kind == "CN") && len(beside) < maxBeside:
			beside = append(beside, pt)
		}
	}
	if codec < 0 {
		return st, "", false
	}
	st.peer = directionOf(d, m)
	st.accept[codec] = true
	formats := strconv.Itoa(codec)
	for _, pt := range beside {
		// What is beside a codec has its clock; digits at 8000 Hz are beside any.
		if _, rate, _ := strings.Cut(encoding(m, pt), "/"); rate == clock || rate == "8000" {
			st.accept[pt] = true
			formats += " " + strconv.Itoa(pt)
		}
	}
	port := m.MediaName.Port.Value
	st.present = port > 0 && port < 1<<16
	if !st.present {
		return st, fmt.Sprintf("m=audio 0 RTP/AVP %s\r\n", formats), true
	}
	st.remote = address(d, m, uint16(port))
	var b strings.Builder
	fmt.Fprintf(&b, "m=audio %d RTP/AVP %s\r\n", localPort, formats)
	for _, a := range m.Attributes {
		pt, _, _ := strings.Cut(a.Value, " ")
		n, err := strconv.Atoi(pt)
		switch {
		// Of an answer's format parameters only those of the peer itself
		// can be right: it will get its own packets back.
		case (a.Key == "rtpmap" || a.Key == "fmtp") && err == nil && n >= 0 && n < 128 && st.accept[n]:
			fmt.Fprintf(&b, "a=%s:%s\r\n", a.Key, a.Value)
		case a.Key == "ptime":
			fmt.Fprintf(&b, "a=ptime:%s\r\n", a.Value)
		}
	}
	fmt.Fprintf(&b, "a=%s\r\n", st.peer.mirror())
	return st, b.String(), true
}

// encoding names a payload type in capitals, "PCMA/8000".
func encoding(m *sdp.MediaDescription, pt int) string {
	prefix := strconv.Itoa(pt) + " "
	for _, a := range m.Attributes {
		if a.Key == "rtpmap" && strings.HasPrefix(a.Value, prefix) {
			name := strings.ToUpper(strings.TrimSpace(a.Value[len(prefix):]))
			return strings.TrimSuffix(name, "/1")
		}
	}
	if pt == 13 {
		return "CN/8000"
	}
	for _, e := range echoes {
		if e.payload == pt && pt < 96 {
			return e.encoding
		}
	}
	return ""
}

func directionOf(d *sdp.SessionDescription, m *sdp.MediaDescription) direction {
	for _, list := range [][]sdp.Attribute{m.Attributes, d.Attributes} {
		for _, a := range list {
			switch v := direction(a.Key); v {
			case sendRecv, sendOnly, recvOnly, inactive:
				return v
			}
		}
	}
	return sendRecv
}

// address is where the peer listens. Addresses off this machine and 0.0.0.0
// (hold as RFC 2543 had it) give the zero AddrPort.
func address(d *sdp.SessionDescription, m *sdp.MediaDescription, port uint16) netip.AddrPort {
	c := m.ConnectionInformation
	if c == nil {
		c = d.ConnectionInformation
	}
	if c == nil || c.Address == nil {
		return netip.AddrPort{}
	}
	ip, err := netip.ParseAddr(c.Address.Address)
	if err != nil || !ip.Unmap().IsLoopback() {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(ip.Unmap(), port)
}

// description writes a whole body around m= sections. Each change of it
// within a dialog needs a higher version (RFC 3264 section 5).
func description(local netip.Addr, id uint64, version int, lines []string) []byte {
	family := "IP4"
	if local.Is6() {
		family = "IP6"
	}
	return []byte(fmt.Sprintf("v=0\r\no=exchange %d %d IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n",
		id, version, family, local, family, local) + strings.Join(lines, ""))
}

// offer is the m= section of an offer of our own.
func offer(localPort uint16) []string {
	var formats, lines strings.Builder
	for _, e := range echoes {
		fmt.Fprintf(&formats, " %d", e.payload)
		fmt.Fprintf(&lines, "a=rtpmap:%d %s\r\n", e.payload, e.mapping)
		if e.fmtp != "" {
			fmt.Fprintf(&lines, "a=fmtp:%d %s\r\n", e.payload, e.fmtp)
		}
	}
	return []string{fmt.Sprintf("m=audio %d RTP/AVP%s 101\r\n%sa=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n",
		localPort, &formats, &lines)}
}
