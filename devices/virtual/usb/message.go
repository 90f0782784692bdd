package usb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Messages of USB/IP while a device is attached. All numbers are big-endian
// (Linux, Documentation/usb/usbip_protocol.rst).
const (
	cmdSubmit = 1
	cmdUnlink = 2
	retSubmit = 3
	retUnlink = 4

	headerSize = 48
	packetSize = 16 // descriptor of one isochronous packet
)

// Bounds of what the kernel may ask. A full-speed frame carries 1500 bytes; the
// kernel's own URBs for phones have a few hundred.
const (
	maxTransfer = 64 << 10
	maxPackets  = 1024
)

// Results of a transfer, as the kernel numbers its errors.
const (
	statusOK       = 0
	statusStall    = -32  // EPIPE
	statusGone     = -71  // EPROTO: nobody answered on the bus
	statusUnlinked = -104 // ECONNRESET
)

// packet is one isochronous packet of a transfer.
type packet struct{ offset, length, actual uint32 }

// transfer is one request of the host (an URB).
type transfer struct {
	seq      uint32
	in       bool
	endpoint uint8 // 0-15, without the direction bit
	length   int   // bytes the host sends, or has room for
	setup    setup
	data     []byte   // of an OUT transfer
	packets  []packet // of an isochronous transfer
}

// setup is the first stage of a control transfer (USB 2.0, table 9-2).
type setup struct {
	kind         uint8 // bmRequestType
	request      uint8
	value, index uint16
	length       uint16
}

// unlink is the host's wish to have a transfer back.
type unlink struct{ seq, victim uint32 }

// readMessage reads a *transfer or an unlink. Every length is checked before
// anything is made of it; an error other than the connection's means that the
// other side is no kernel, or that we lost step with it.
func readMessage(r io.Reader) (any, error) {
	var h [headerSize]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return nil, err
	}
	word := func(at int) uint32 { return binary.BigEndian.Uint32(h[at:]) }
	command, seq, direction, endpoint := word(0), word(4), word(12), word(16)
	switch command {
	case cmdUnlink:
		return unlink{seq, word(20)}, nil
	case cmdSubmit:
	default:
		return nil, fmt.Errorf("USB/IP command %#x is not known", command)
	}
	length, packets := word(24), word(32)
	if packets == 0xFFFFFFFF { // what newer kernels say of other transfers
		packets = 0
	}
	switch {
	case direction > 1 || endpoint > 15:
		return nil, fmt.Errorf("USB/IP transfer for endpoint %d, direction %d", endpoint, direction)
	case length > maxTransfer:
		return nil, fmt.Errorf("USB/IP transfer of %d bytes, more than %d", length, maxTransfer)
	case packets > maxPackets:
		return nil, fmt.Errorf("USB/IP transfer of %d packets, more than %d", packets, maxPackets)
	}
	t := &transfer{
		seq: seq, in: direction == 1, endpoint: uint8(endpoint), length: int(length),
		setup: setup{
			kind: h[40], request: h[41],
			value: binary.LittleEndian.Uint16(h[42:]), index: binary.LittleEndian.Uint16(h[44:]),
			length: binary.LittleEndian.Uint16(h[46:]),
		},
	}
	if !t.in && length > 0 {
		t.data = make([]byte, length)
		if _, err := io.ReadFull(r, t.data); err != nil {
			return nil, unexpected(err)
		}
	}
	if packets > 0 {
		raw := make([]byte, packets*packetSize)
		if _, err := io.ReadFull(r, raw); err != nil {
			return nil, unexpected(err)
		}
		t.packets = make([]packet, packets)
		for i := range t.packets {
			p := packet{offset: binary.BigEndian.Uint32(raw), length: binary.BigEndian.Uint32(raw[4:])}
			if p.offset > length || p.length > length-p.offset {
				return nil, fmt.Errorf("USB/IP packet of %d bytes at %d, in a transfer of %d", p.length, p.offset, length)
			}
			t.packets[i], raw = p, raw[packetSize:]
		}
	}
	return t, nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// result makes the answer to a transfer. data is what an IN transfer brings,
// without the gaps between isochronous packets; frame is the bus frame in which
// an isochronous transfer began.
func (t *transfer) result(status int32, data []byte, frame uint32) []byte {
	actual := len(data)
	switch {
	case len(t.packets) > 0: // the kernel wants the sum, in either direction
		actual = 0
		for _, p := range t.packets {
			actual += int(p.actual)
		}
	case !t.in && status == statusOK:
		actual = t.length
	}
	m := make([]byte, headerSize, headerSize+len(data)+packetSize*len(t.packets))
	binary.BigEndian.PutUint32(m, retSubmit)
	binary.BigEndian.PutUint32(m[4:], t.seq)
	binary.BigEndian.PutUint32(m[20:], uint32(status))
	binary.BigEndian.PutUint32(m[24:], uint32(actual))
	binary.BigEndian.PutUint32(m[28:], frame)
	binary.BigEndian.PutUint32(m[32:], uint32(len(t.packets)))
	if t.in {
		m = append(m, data...)
	}
	for _, p := range t.packets {
		for _, v := range []uint32{p.offset, p.length, p.actual, 0} {
			m = binary.BigEndian.AppendUint32(m, v)
		}
	}
	return m
}

// result makes the answer to an unlink: whether the transfer was still there.
func (u unlink) result(found bool) []byte {
	m := make([]byte, headerSize)
	binary.BigEndian.PutUint32(m, retUnlink)
	binary.BigEndian.PutUint32(m[4:], u.seq)
	if found {
		status := int32(statusUnlinked)
		binary.BigEndian.PutUint32(m[20:], uint32(status))
	}
	return m
}
