package devices

import (
	"fmt"
	"time"
)

// Sizes of a packet in bytes: of the first generation of these phones, and of the
// second, which is the P1KH. Packets have no report ID.
const (
	yealinkG1 = 16
	yealinkG2 = 8
	// yealinkData is how much of the packet of the first generation is data.
	yealinkData = 11
	// yealinkRest is half of what a phone of the second generation needs between
	// two packets: with less, the display shows half of what was sent.
	yealinkRest = 13 * time.Millisecond
	// yealinkBad is the command of the answer to a packet that was not understood.
	yealinkBad = 0xFD
)

// yealinkPacket makes a packet, of which offset and size are for the first
// generation:
//
//	cmd size offset(16, big-endian) data… sum     16 bytes
//	cmd data… sum                                  8 bytes
//
// The sum makes all bytes add up to 0.
func yealinkPacket(second bool, cmd byte, offset int, data ...byte) message {
	packet := make([]byte, 1+yealinkG1)
	at, pause := 5, time.Duration(0)
	if second {
		packet, at, pause = packet[:1+yealinkG2], 2, yealinkRest
	} else {
		packet[2], packet[3], packet[4] = byte(len(data)), byte(offset>>8), byte(offset)
	}
	packet[1] = cmd
	last := len(packet) - 1
	copy(packet[at:last], data)
	packet[last] = -sum(packet)
	return message{report: packet, pause: pause}
}

func sum(packet []byte) (s byte) {
	for _, b := range packet {
		s += b
	}
	return s
}

// yealinkAnswer takes a packet apart.
func yealinkAnswer(raw []byte) (second bool, cmd byte, data []byte, err error) {
	switch {
	case len(raw) != yealinkG1 && len(raw) != yealinkG2:
		return false, 0, nil, fmt.Errorf("a packet of %d bytes, want 8 or 16", len(raw))
	case sum(raw) != 0:
		return false, 0, nil, fmt.Errorf("the sum of a packet is wrong: % x", raw)
	case raw[0] == yealinkBad:
		return false, 0, nil, fmt.Errorf("the phone did not understand a packet")
	case len(raw) == yealinkG2:
		return true, raw[0], raw[1 : len(raw)-1], nil
	}
	return false, raw[0], raw[4 : len(raw)-1], nil
}

// yealinkWrite gives the packets that write data from offset 0 on, in pieces.
func yealinkWrite(second bool, cmd byte, data []byte) []message {
	var list []message
	for at := 0; at < len(data); {
		piece := data[at:min(at+yealinkData, len(data))]
		if second {
			// The display has its size and offset in the data.
			piece = data[at:min(at+4, len(data))]
			list = append(list, yealinkPacket(true, cmd, 0, append([]byte{byte(len(piece)), byte(at)}, piece...)...))
		} else {
			list = append(list, yealinkPacket(false, cmd, at, piece...))
		}
		at += len(piece)
	}
	return list
}

// yealinkScreen is the memory of the display: a bit for each segment.
//
//	line 1   the time of day   18.e8.M8:88    IN OUT STORE   188
//	line 2   icons             NEW REP        SU MO TU WE TH FR SA
//	line 3   twelve digits
//
// Line 3 has the number, line 1 in place of the time how long the call has lasted.
func yealinkScreen(i Indicators) []byte {
	screen := make([]byte, 24)
	draw := func(digit byte, bits [7][2]byte) {
		for n, bit := range bits {
			if segmentsOf[digit]>>n&1 != 0 {
				screen[bit[0]] |= bit[1]
			}
		}
	}
	for k, digit := range []byte(i.digits(12)) {
		b := byte(22 - 2*k)
		draw(digit, [7][2]byte{{b, 0x10}, {b, 0x20}, {b, 0x40}, {b, 0x80}, {b + 1, 0x80}, {b + 1, 0x20}, {b + 1, 0x40}})
	}
	if clock := i.clock(); clock != "" {
		// The first digit has its top and bottom in one.
		draw(clock[0], [7][2]byte{{14, 1}, {14, 2}, {14, 4}, {14, 1}, {15, 4}, {15, 1}, {15, 2}})
		for k, digit := range []byte{clock[1], clock[3], clock[4]} {
			b := byte(12 - 2*k)
			draw(digit, [7][2]byte{{b, 1}, {b, 2}, {b, 4}, {b, 8}, {b + 1, 4}, {b + 1, 1}, {b + 1, 2}})
		}
		screen[11] |= 0x08 // the colon
	}
	if i.Missed > 0 || i.MessageWaiting {
		screen[23] |= 0x02 // NEW
	}
	if i.Ring {
		screen[7] |= 0x01 // IN
	}
	return screen
}
