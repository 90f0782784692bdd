package sdp

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pion/sdp/v3"
)

// content is what a description of ours says of the sound. The zero value is
// a stream that is refused.
type content struct {
	active  bool
	formats []bound
	events  map[int]int // telephone-event by its clock
	dir     Direction
	comfort int // payload type of comfort noise; 0: none
	cryptos []string
	mux     bool
	// fingerprint, setup and tlsID are the attributes of DTLS, "" without.
	fingerprint, setup, tlsID string
}

// bound is a codec at its payload type.
type bound struct {
	*format
	pt int
}

// bind gives the payload type of a codec (or eventsName) in this session, the
// proposed one unless that has another meaning already, and keeps it: numbers
// must not change their meaning (RFC 3264 section 8.3.2).
func (s *Session) bind(name string, proposed int) int {
	if pt, ok := s.payloads[name]; ok {
		return pt
	}
	pt := proposed
	used := func() bool {
		return s.taken[pt] || slices.Contains(slices.Collect(maps.Values(s.payloads)), pt)
	}
	for next := 127; proposed >= 96 && used() && next >= 96; next-- {
		pt = next
	}
	s.payloads[name] = pt
	return pt
}

func (s *Session) bindCodec(f *format) int { return s.bind(f.name, f.payload) }

func (s *Session) bindEvents(clock int) int { return s.bind(eventsName(clock), proposedEvents(clock)) }

// write makes the description.
func (s *Session) write(c content) ([]byte, error) {
	kind := "IP4"
	if s.local.Addr.Is6() && !s.local.Addr.Is4In6() {
		kind = "IP6"
	}
	addr := s.local.Addr.Unmap().WithZone("").String()
	d := sdp.SessionDescription{
		Origin:      sdp.Origin{Username: "-", SessionID: s.id, NetworkType: "IN", AddressType: kind, UnicastAddress: addr},
		SessionName: "-",
		ConnectionInformation: &sdp.ConnectionInformation{NetworkType: "IN", AddressType: kind,
			Address: &sdp.Address{Address: addr}},
		TimeDescriptions: []sdp.TimeDescription{{}},
	}
	for i, l := range s.lines {
		md := &sdp.MediaDescription{MediaName: sdp.MediaName{Media: l.kind, Protos: strings.Split(l.proto, "/"),
			Formats: strings.Fields(l.formats)}}
		if i == s.audio && c.active {
			s.writeSound(md, c)
		}
		d.MediaDescriptions = append(d.MediaDescriptions, md)
	}
	plain, err := d.Marshal() // with version 0: what is compared
	if err != nil {
		return nil, fmt.Errorf("write a session description: %w", err)
	}
	if string(plain) != s.body {
		s.body = string(plain)
		s.version++
	}
	d.Origin.SessionVersion = s.version
	return d.Marshal()
}

func (s *Session) writeSound(md *sdp.MediaDescription, c content) {
	md.MediaName.Port.Value = int(s.local.Port)
	md.MediaName.Formats = nil
	add := func(pt int, mapping, fmtp string) {
		n := strconv.Itoa(pt)
		md.MediaName.Formats = append(md.MediaName.Formats, n)
		md.WithValueAttribute("rtpmap", n+" "+mapping)
		if fmtp != "" {
			md.WithValueAttribute("fmtp", n+" "+fmtp)
		}
	}
	for _, b := range c.formats {
		fmtp := b.fmtp
		switch {
		case !s.local.SilenceSuppression:
		case b.name == "G729":
			fmtp = "" // absent means that Annex B is welcome
		case b.name == "OPUS":
			fmtp += ";usedtx=1"
		}
		add(b.pt, b.mapping(), fmtp)
	}
	if c.comfort != 0 {
		add(c.comfort, comfortNoise+"/8000", "")
	}
	for _, clock := range slices.Sorted(maps.Keys(c.events)) {
		add(c.events[clock], eventsName(clock), "0-16")
	}
	for _, line := range c.cryptos {
		md.WithValueAttribute("crypto", line)
	}
	for _, a := range [][2]string{{"fingerprint", c.fingerprint}, {"setup", c.setup}, {"tls-id", c.tlsID}} {
		if a[1] != "" {
			md.WithValueAttribute(a[0], a[1])
		}
	}
	md.WithValueAttribute("ptime", strconv.Itoa(int(s.local.PTime/time.Millisecond)))
	if c.mux {
		md.WithPropertyAttribute("rtcp-mux")
	}
	md.WithPropertyAttribute(c.dir.String())
}
