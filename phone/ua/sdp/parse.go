package sdp

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pion/sdp/v3"
)

// Bounds of what Parse takes.
const (
	MaxSize    = 16 << 10 // bytes
	MaxMedia   = 16       // m= lines
	MaxFormats = 64       // formats of one m= line
	maxLines   = 512
)

// ErrSyntax is wrapped by every error of Parse: the text is no session
// description.
var ErrSyntax = errors.New("not a session description")

// Description is a parsed session description of a peer.
type Description struct {
	media []media
}

// media is one m= line and what belongs to it.
type media struct {
	kind    string // "audio"
	port    int
	proto   string // "RTP/AVP"
	formats []string
	addr    netip.Addr // invalid: none given, or a name
	dir     Direction
	codecs  []codec
	numbers []int       // every payload type that is listed
	events  map[int]int // payload type of telephone-event by its clock
	comfort int         // that of comfort noise at 8000 Hz; 0: none
	ptime   time.Duration
	maxp    time.Duration
	rtcp    netip.AddrPort // of a=rtcp: the port is 0 when absent, the address may be invalid
	mux     bool           // a=rtcp-mux
	cryptos []crypto       // those we know
	prints  string         // fingerprints, as in DTLS; "" when there are none that we know
	setup   string         // a=setup, "" when absent
	tlsID   string         // a=tls-id, "" when absent
}

// codec is a codec of ours that a media line lists.
type codec struct {
	*format
	pt   int
	fmtp string
}

// speaks: it is sound, with a codec of ours.
func (m *media) speaks() bool { return m.kind == "audio" && m.port != 0 && len(m.codecs) > 0 }

// usable: a stream of ours can be set up with it.
func (s *Session) usable(m *media) bool { return m.speaks() && s.keying(m) != impossible }

// Encrypted says whether the description has sound that only goes encrypted
// or could go so: a reason why nothing can be agreed on.
func (d *Description) Encrypted() bool {
	return slices.ContainsFunc(d.media, func(m media) bool {
		return m.kind == "audio" && m.port != 0 && strings.Contains(m.proto, "SAVP")
	})
}

// Codecs names the codecs that both the description and allowed have, in the
// description's order. Empty: no call is possible.
func (d *Description) Codecs(allowed []string, e Encryption) []string {
	var names []string
	for i := range d.media {
		if m := &d.media[i]; m.speaks() && e.keying(m) != impossible {
			for _, c := range m.codecs {
				if slices.Contains(allowed, c.name) && !slices.Contains(names, c.name) {
					names = append(names, c.name)
				}
			}
			if len(names) > 0 {
				return names
			}
		}
	}
	return nil
}

// Parse reads a session description. It never looks anything up: a connection
// address that is a name counts as none.
func Parse(raw []byte) (*Description, error) {
	if len(raw) > MaxSize {
		return nil, fmt.Errorf("%w: %d bytes are more than %d", ErrSyntax, len(raw), MaxSize)
	}
	text, mlines, err := normalise(string(raw))
	if err != nil {
		return nil, err
	}
	var s sdp.SessionDescription
	if err := s.UnmarshalString(text); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	if len(s.MediaDescriptions) != len(mlines) {
		return nil, fmt.Errorf("%w: its media cannot be told apart", ErrSyntax)
	}
	var addr netip.Addr
	if s.ConnectionInformation != nil {
		addr = connection(s.ConnectionInformation)
	}
	dir := SendRecv
	var ptime, maxp time.Duration
	var prints []string
	var setup string
	for _, a := range s.Attributes {
		if v, ok := parseDirection(a.Key); ok {
			dir = v
		}
		switch a.Key {
		case "ptime":
			ptime = milliseconds(a.Value)
		case "maxptime":
			maxp = milliseconds(a.Value)
		case "fingerprint":
			prints = append(prints, a.Value)
		case "setup":
			setup = strings.ToLower(strings.TrimSpace(a.Value))
		}
	}
	d := &Description{}
	for i, md := range s.MediaDescriptions {
		m := mlines[i]
		m.addr, m.dir, m.ptime, m.maxp, m.events = addr, dir, ptime, maxp, map[int]int{}
		m.prints, m.setup = joinFingerprints(prints), setup
		if m.kind == "audio" {
			readMedia(&m, md)
		}
		d.media = append(d.media, m)
	}
	return d, nil
}

// connection gives the address of a c= line. 0.0.0.0 stays itself: it means
// "send nothing" in old descriptions.
func connection(c *sdp.ConnectionInformation) netip.Addr {
	if c.Address == nil {
		return netip.Addr{}
	}
	host, _, _ := strings.Cut(c.Address.Address, "/") // TTL and count of multicast
	a, err := netip.ParseAddr(host)
	if err != nil || a.Zone() != "" || a.IsMulticast() {
		return netip.Addr{}
	}
	return a.Unmap()
}

func milliseconds(v string) time.Duration {
	// Some peers write "20.0"; fractions of codec frames do not exist.
	v, _, _ = strings.Cut(strings.TrimSpace(v), ".")
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > 1000 {
		return 0
	}
	return time.Duration(n) * time.Millisecond
}

// normalise brings a description into the exact form pion/sdp demands and
// takes the m= lines apart itself, since pion knows a closed list of media and
// protocols ("m=image … udptl" is none of them) and a rejected line must be
// answered with the words it was offered in.
func normalise(text string) (string, []media, error) {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\r' || r == '\n' })
	if len(lines) > maxLines {
		return "", nil, fmt.Errorf("%w: more than %d lines", ErrSyntax, maxLines)
	}
	if len(lines) == 0 || strings.TrimSpace(lines[0]) != "v=0" {
		return "", nil, fmt.Errorf("%w: it does not begin with v=0", ErrSyntax)
	}
	var out, attrs strings.Builder
	var conn string
	var mlines []media
	for _, l := range lines[1:] {
		l = strings.TrimSpace(l)
		if len(l) < 2 || l[1] != '=' {
			continue
		}
		switch v := l[2:]; l[0] {
		case 'c':
			if f := strings.Fields(v); len(f) != 3 || f[0] != "IN" || (f[1] != "IP4" && f[1] != "IP6") {
				continue
			}
			if mlines != nil {
				attrs.WriteString(l + "\r\n")
			} else if conn == "" {
				conn = l + "\r\n"
			}
		case 'a':
			if v == "" || v[0] == ':' {
				continue
			}
			attrs.WriteString(l + "\r\n")
		case 'm':
			if len(mlines) == MaxMedia {
				return "", nil, fmt.Errorf("%w: more than %d media", ErrSyntax, MaxMedia)
			}
			m, err := mediaLine(v)
			if err != nil {
				return "", nil, err
			}
			if mlines == nil {
				out.WriteString(conn + "t=0 0\r\n")
			}
			out.WriteString(attrs.String())
			attrs.Reset()
			mlines = append(mlines, m)
			if m.kind == "audio" {
				fmt.Fprintf(&out, "m=audio %d RTP/AVP %s\r\n", m.port, strings.Join(m.formats, " "))
			} else {
				out.WriteString("m=application 0 UDP 0\r\n")
			}
		}
	}
	if mlines == nil {
		out.WriteString(conn + "t=0 0\r\n")
	}
	out.WriteString(attrs.String())
	return "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\n" + inOrder(out.String()), mlines, nil
}

// inOrder puts the c= lines of a media section before its a= lines.
func inOrder(text string) string {
	var out, conns, attrs strings.Builder
	flush := func() {
		out.WriteString(conns.String())
		out.WriteString(attrs.String())
		conns.Reset()
		attrs.Reset()
	}
	inMedia := false
	for l := range strings.Lines(text) {
		switch {
		case l[0] == 'm':
			flush()
			inMedia = true
			out.WriteString(l)
		case l[0] == 'c' && inMedia:
			if conns.Len() == 0 { // several: the first counts
				conns.WriteString(l)
			}
		default:
			attrs.WriteString(l)
		}
	}
	flush()
	return out.String()
}

func mediaLine(v string) (media, error) {
	f := strings.Fields(v)
	if len(f) < 4 {
		return media{}, fmt.Errorf("%w: incomplete line m=%.80q", ErrSyntax, v)
	}
	if len(f)-3 > MaxFormats {
		return media{}, fmt.Errorf("%w: more than %d formats in a media line", ErrSyntax, MaxFormats)
	}
	port, _, _ := strings.Cut(f[1], "/")
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return media{}, fmt.Errorf("%w: no port in line m=%.80q", ErrSyntax, v)
	}
	return media{kind: f[0], port: int(n), proto: f[2], formats: f[3:]}, nil
}
