package trace

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"

	"offhook/phone/control"
)

// Values of the capture file format (libpcap's pcap-savefile(5)).
const (
	pcapMagic    = 0xa1b23c4d // times in nanoseconds
	linkRaw      = 101        // LINKTYPE_RAW: packets begin with the IP header
	maxSegment   = 1400       // octets of a TCP segment we make up
	protocolTCP  = 6
	protocolUDP  = 17
	snapshotSize = 64 << 10
)

// Pcap writes the messages as a capture file. The packets are made up around
// the messages as they were remembered: headers of IP and of UDP or TCP are
// ours, and what was redacted is so here too. What went encrypted is written as
// TCP in the clear.
func Pcap(w io.Writer, messages []control.SIPMessage) error {
	head := binary.LittleEndian.AppendUint32(nil, pcapMagic)
	head = binary.LittleEndian.AppendUint16(head, 2)
	head = binary.LittleEndian.AppendUint16(head, 4)
	head = binary.LittleEndian.AppendUint64(head, 0) // zone and accuracy
	head = binary.LittleEndian.AppendUint32(head, snapshotSize)
	head = binary.LittleEndian.AppendUint32(head, linkRaw)
	if _, err := w.Write(head); err != nil {
		return fmt.Errorf("write the capture: %w", err)
	}
	sequence := map[[2]netip.AddrPort]uint32{}
	for _, m := range messages {
		from, to := address(m.Local), address(m.Remote)
		if from.Addr().Is4() != to.Addr().Is4() { // a socket of any address
			if from.Addr().IsUnspecified() && to.Addr().Is6() {
				from = netip.AddrPortFrom(netip.IPv6Unspecified(), from.Port())
			} else {
				from = netip.AddrPortFrom(netip.IPv4Unspecified(), from.Port())
				to = netip.AddrPortFrom(v4(to.Addr()), to.Port())
			}
		}
		if !m.Sent {
			from, to = to, from
		}
		text := []byte(m.Text)
		if m.Transport == "udp" {
			if err := record(w, m, datagram(from, to, text)); err != nil {
				return err
			}
			continue
		}
		flow, back := [2]netip.AddrPort{from, to}, [2]netip.AddrPort{to, from}
		for len(text) > 0 {
			n := min(len(text), maxSegment)
			if err := record(w, m, segment(from, to, sequence[flow], sequence[back], text[:n])); err != nil {
				return err
			}
			sequence[flow] += uint32(n)
			text = text[n:]
		}
	}
	return nil
}

// address reads host:port; what cannot be read is 0.0.0.0:5060.
func address(s string) netip.AddrPort {
	ap, err := netip.ParseAddrPort(s)
	if err != nil {
		return netip.AddrPortFrom(netip.IPv4Unspecified(), 5060)
	}
	return netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port())
}

func v4(a netip.Addr) netip.Addr {
	if a.Is4() {
		return a
	}
	return netip.IPv4Unspecified()
}

func record(w io.Writer, m control.SIPMessage, packet []byte) error {
	b := binary.LittleEndian.AppendUint32(nil, uint32(m.Time.Unix()))
	b = binary.LittleEndian.AppendUint32(b, uint32(m.Time.Nanosecond()))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(packet)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(packet)))
	if _, err := w.Write(append(b, packet...)); err != nil {
		return fmt.Errorf("write the capture: %w", err)
	}
	return nil
}

func datagram(from, to netip.AddrPort, payload []byte) []byte {
	u := binary.BigEndian.AppendUint16(nil, from.Port())
	u = binary.BigEndian.AppendUint16(u, to.Port())
	u = binary.BigEndian.AppendUint16(u, uint16(8+len(payload)))
	u = binary.BigEndian.AppendUint16(u, 0)
	return packet(from.Addr(), to.Addr(), protocolUDP, 6, append(u, payload...))
}

func segment(from, to netip.AddrPort, sequence, acknowledged uint32, payload []byte) []byte {
	t := binary.BigEndian.AppendUint16(nil, from.Port())
	t = binary.BigEndian.AppendUint16(t, to.Port())
	t = binary.BigEndian.AppendUint32(t, 1+sequence)
	t = binary.BigEndian.AppendUint32(t, 1+acknowledged)
	t = append(t, 5<<4, 0x18)                    // 20 octets of header; PSH, ACK
	t = binary.BigEndian.AppendUint16(t, 0xffff) // window
	t = binary.BigEndian.AppendUint32(t, 0)      // checksum, urgent pointer
	return packet(from.Addr(), to.Addr(), protocolTCP, 16, append(t, payload...))
}

// packet puts a transport's data into IP and fills in its checksum, which is
// at octet sum of it.
func packet(from, to netip.Addr, protocol byte, sum int, data []byte) []byte {
	pseudo := append(append([]byte{}, from.AsSlice()...), to.AsSlice()...)
	pseudo = binary.BigEndian.AppendUint32(pseudo, uint32(len(data)))
	pseudo = binary.BigEndian.AppendUint32(pseudo, uint32(protocol))
	c := checksum(append(pseudo, data...))
	if c == 0 {
		c = 0xffff
	}
	binary.BigEndian.PutUint16(data[sum:], c)
	if from.Is6() {
		h := []byte{6 << 4, 0, 0, 0}
		h = binary.BigEndian.AppendUint16(h, uint16(len(data)))
		h = append(h, protocol, 64)
		h = append(append(h, from.AsSlice()...), to.AsSlice()...)
		return append(h, data...)
	}
	h := []byte{4<<4 | 5, 0}
	h = binary.BigEndian.AppendUint16(h, uint16(20+len(data)))
	h = append(h, 0, 0, 0x40, 0, 64, protocol, 0, 0)
	h = append(append(h, from.AsSlice()...), to.AsSlice()...)
	binary.BigEndian.PutUint16(h[10:], checksum(h))
	return append(h, data...)
}

// checksum is that of the Internet (RFC 1071).
func checksum(b []byte) uint16 {
	var sum uint32
	for i := 0; i < len(b); i += 2 {
		w := uint32(b[i]) << 8
		if i+1 < len(b) {
			w |= uint32(b[i+1])
		}
		sum += w
	}
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}
