package usb

import (
	"encoding/binary"
	"unicode/utf16"
)

// Numbers of interfaces and endpoints. Without sound the first HID interface is
// 0. A second one has the next number.
const (
	interfaceControl    = 0
	interfaceEarpiece   = 1
	interfaceMicrophone = 2
	interfaceHID        = 3

	endpointEarpiece   = 0x01
	endpointMicrophone = 0x82
	endpointInput      = 0x83
	endpointOutput     = 0x04
	endpointSecond     = 0x85
)

// Units and terminals of the audio function, with their terminal types (Audio
// Terminal Types 1.0).
const (
	terminalFromHost   = 1 // USB streaming
	unitEarpiece       = 2 // volume and mute
	terminalEarpiece   = 3
	terminalMicrophone = 4
	unitMicrophone     = 5
	terminalToHost     = 6

	typeStreaming = 0x0101
	typeHandset   = 0x0401
	typeHeadset   = 0x0402
)

// device is the device descriptor (USB 1.1, table 9-7).
func (m *model) device() []byte {
	serial := byte(3)
	if m.Serial == "" {
		serial = 0
	}
	return []byte{
		18, 1, 0x10, 0x01, // USB 1.1
		0, 0, 0, 64, // class per interface; packets of 64 bytes on endpoint 0
		byte(m.VendorID), byte(m.VendorID >> 8), byte(m.ProductID), byte(m.ProductID >> 8),
		byte(m.Release), byte(m.Release >> 8),
		1, 2, serial, 1, // strings; one configuration
	}
}

// configuration is the configuration descriptor with all that follows it.
func (m *model) configuration() []byte {
	interfaces := m.functions[0].number + byte(len(m.functions))
	c := []byte{9, 2, 0, 0, interfaces, 1, 0, 0x80, 50} // bus-powered, 100 mA
	if !m.NoSound {
		c = append(c, m.audio()...)
	}
	for i, f := range m.functions {
		c = append(c, m.hid(f, i == 0 && m.InterruptOut)...)
	}
	binary.LittleEndian.PutUint16(c[2:], uint16(len(c)))
	return c
}

// audio is the audio function: control and two streaming interfaces (Audio 1.0,
// chapter 4).
func (m *model) audio() []byte {
	ch := byte(m.Channels)
	layout := byte(0) // mono
	if ch == 2 {
		layout = 3 // left, right
	}
	kind := uint16(typeHandset)
	if !m.phone.Profile().Kind.Cradled() {
		kind = typeHeadset
	}
	feature := func(id, source byte) []byte { // mute and volume, of all channels together
		return append([]byte{7 + ch + 1, 0x24, 6, id, source, 1, 3}, make([]byte, ch+1)...)
	}
	var units []byte
	for _, u := range [][]byte{
		{12, 0x24, 2, terminalFromHost, typeStreaming & 0xFF, typeStreaming >> 8, 0, ch, layout, 0, 0, 0},
		feature(unitEarpiece, terminalFromHost),
		{9, 0x24, 3, terminalEarpiece, byte(kind), byte(kind >> 8), terminalMicrophone, unitEarpiece, 0},
		{12, 0x24, 2, terminalMicrophone, byte(kind), byte(kind >> 8), terminalEarpiece, ch, layout, 0, 0, 0},
		feature(unitMicrophone, terminalMicrophone),
		{9, 0x24, 3, terminalToHost, typeStreaming & 0xFF, typeStreaming >> 8, 0, unitMicrophone, 0},
	} {
		units = append(units, u...)
	}
	header := []byte{10, 0x24, 1, 0x00, 0x01, 0, 0, 2, interfaceEarpiece, interfaceMicrophone}
	binary.LittleEndian.PutUint16(header[5:], uint16(len(header)+len(units)))

	b := []byte{9, 4, interfaceControl, 0, 0, 1, 1, 0, 0}
	b = append(b, header...)
	b = append(b, units...)
	b = append(b, m.streaming(interfaceEarpiece, terminalFromHost, endpointEarpiece, 0x09)...)      // adaptive
	return append(b, m.streaming(interfaceMicrophone, terminalToHost, endpointMicrophone, 0x05)...) // asynchronous
}

// streaming is a streaming interface: setting 0 without bandwidth, setting 1
// with 16-bit PCM.
func (m *model) streaming(number, terminal, endpoint, attributes byte) []byte {
	b := []byte{
		9, 4, number, 0, 0, 1, 2, 0, 0,
		9, 4, number, 1, 1, 1, 2, 0, 0,
		7, 0x24, 1, terminal, 1, 1, 0, // one frame of delay; PCM
		byte(8 + 3*len(m.Rates)), 0x24, 2, 1, byte(m.Channels), 2, 16, byte(len(m.Rates)),
	}
	top := 0
	for _, r := range m.Rates {
		b = append(b, byte(r), byte(r>>8), byte(r>>16))
		top = max(top, r)
	}
	size := (top/1000 + 2) * 2 * m.Channels // one sample more than the rate asks
	return append(b,
		9, 5, endpoint, attributes, byte(size), byte(size>>8), 1, 0, 0,
		7, 0x25, 1, 1, 0, 0, 0, // the rate can be set
	)
}

// hid is a HID interface (HID 1.11, 6.2 and 7.1), with an endpoint for output
// reports or without.
func (m *model) hid(f *function, out bool) []byte {
	endpoints := byte(1)
	if out {
		endpoints = 2
	}
	b := []byte{9, 4, f.number, 0, endpoints, 3, 0, 0, 0}
	b = append(b, f.hidClass()...)
	b = append(b, 7, 5, f.endpoint, 3, byte(packetOf(f.inputSize)), 0, byte(m.Interval))
	if out {
		b = append(b, 7, 5, endpointOutput, 3, byte(packetOf(f.outputSize)), 0, byte(m.Interval))
	}
	return b
}

// hidClass is the HID descriptor.
func (f *function) hidClass() []byte {
	n := len(f.descriptor)
	return []byte{9, 0x21, 0x11, 0x01, 0, 1, 0x22, byte(n), byte(n >> 8)}
}

// packetOf is the packet size of an interrupt endpoint for reports of n bytes.
func packetOf(n int) int { return min(max(n, 8), 64) }

// text is the string descriptor of an index; nil: there is none.
func (m *model) text(index uint8) []byte {
	switch index {
	case 0:
		return []byte{4, 3, 0x09, 0x04} // English
	case 1:
		return stringDescriptor(m.Manufacturer)
	case 2:
		return stringDescriptor(m.Product)
	case 3:
		if m.Serial != "" {
			return stringDescriptor(m.Serial)
		}
	}
	return nil
}

func stringDescriptor(s string) []byte {
	b := []byte{0, 3}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	b[0] = byte(len(b))
	return b
}
