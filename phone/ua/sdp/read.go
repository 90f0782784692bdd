package sdp

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// readMedia reads what belongs to an m=audio line.
func readMedia(m *media, md *sdp.MediaDescription) {
	if md.ConnectionInformation != nil {
		m.addr = connection(md.ConnectionInformation)
	}
	var prints []string
	rtpmap, fmtp := map[string]string{}, map[string]string{}
	for _, a := range md.Attributes {
		if v, ok := parseDirection(a.Key); ok {
			m.dir = v
		}
		switch a.Key {
		case "ptime":
			m.ptime = milliseconds(a.Value)
		case "maxptime":
			m.maxp = milliseconds(a.Value)
		case "rtcp":
			m.rtcp = readRTCP(a.Value)
		case "rtcp-mux":
			m.mux = true
		case "crypto":
			if c, ok := parseCrypto(a.Value); ok && len(m.cryptos) < maxCryptos {
				m.cryptos = append(m.cryptos, c)
			}
		case "fingerprint":
			prints = append(prints, a.Value)
		case "setup":
			m.setup = strings.ToLower(strings.TrimSpace(a.Value))
		case "tls-id":
			if tlsID(a.Value) {
				m.tlsID = a.Value
			}
		case "rtpmap", "fmtp":
			pt, rest, _ := strings.Cut(a.Value, " ")
			to := rtpmap
			if a.Key == "fmtp" {
				to = fmtp
			}
			if _, twice := to[pt]; !twice {
				to[pt] = strings.TrimSpace(rest)
			}
		}
	}
	if prints != nil { // in place of those of the session
		m.prints = joinFingerprints(prints)
	}
	for _, f := range m.formats {
		pt, err := strconv.ParseUint(f, 10, 7)
		if err != nil {
			continue
		}
		m.numbers = append(m.numbers, int(pt))
		m.readFormat(int(pt), rtpmap[f], fmtp[f])
	}
}

// readFormat notes one format of the list, when it is one of ours.
func (m *media) readFormat(pt int, mapped, fmtp string) {
	c := formatByPayload(pt)
	if mapped != "" {
		// "PCMU/8000", "PCMU/8000/1"; a peer that leaves the rate out means
		// 8000, as old telephones do.
		encoding, rest, _ := strings.Cut(mapped, "/")
		clock, channels := 8000, 1
		rate, count, _ := strings.Cut(rest, "/")
		var err error
		if rate = strings.TrimSpace(rate); rate != "" {
			if clock, err = strconv.Atoi(rate); err != nil {
				return
			}
		}
		if count = strings.TrimSpace(count); count != "" {
			if channels, err = strconv.Atoi(count); err != nil {
				return
			}
		}
		encoding = strings.TrimSpace(encoding)
		if strings.EqualFold(encoding, "telephone-event") {
			if _, twice := m.events[clock]; !twice && pt != 0 {
				m.events[clock] = pt
			}
			return
		}
		if strings.EqualFold(encoding, comfortNoise) && clock == 8000 && m.comfort == 0 {
			m.comfort = pt
			return
		}
		c = formatByEncoding(encoding, clock, channels)
	}
	if mapped == "" && pt == comfortNoisePayload && m.comfort == 0 {
		m.comfort = pt
		return
	}
	if c == nil || slices.ContainsFunc(m.codecs, func(x codec) bool { return x.format == c }) {
		return
	}
	m.codecs = append(m.codecs, codec{format: c, pt: pt, fmtp: fmtp})
}

// readRTCP reads the value of a=rtcp (RFC 3605): a port, perhaps an address.
func readRTCP(v string) netip.AddrPort {
	f := strings.Fields(v)
	if len(f) == 0 {
		return netip.AddrPort{}
	}
	port, err := strconv.ParseUint(f[0], 10, 16)
	if err != nil {
		return netip.AddrPort{}
	}
	var addr netip.Addr
	if len(f) == 4 {
		if a, err := netip.ParseAddr(f[3]); err == nil && a.Zone() == "" && !a.IsMulticast() {
			addr = a.Unmap()
		}
	}
	return netip.AddrPortFrom(addr, uint16(port))
}

// reports is where the stream's RTCP goes (RFC 3550 section 11, RFC 3605,
// RFC 5761).
func (m *media) reports(mux bool) netip.AddrPort {
	switch {
	case mux:
		return netip.AddrPortFrom(m.addr, uint16(m.port))
	case m.rtcp.Port() != 0:
		addr := m.rtcp.Addr()
		if !addr.IsValid() {
			addr = m.addr
		}
		return netip.AddrPortFrom(addr, m.rtcp.Port())
	case m.port == 65535:
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(m.addr, uint16(m.port+1))
}
