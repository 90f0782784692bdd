package usb

// Kinds of control requests, bmRequestType (USB 2.0, table 9-2).
const (
	toDevice      = 0x00
	toInterface   = 0x01
	toEndpoint    = 0x02
	ofDevice      = 0x80
	ofInterface   = 0x81
	ofEndpoint    = 0x82
	classSet      = 0x21 // to an interface
	classGet      = 0xA1
	classSetOfEnd = 0x22 // to an endpoint
	classGetOfEnd = 0xA2
)

// Standard requests (USB 2.0, table 9-4) and those of HID (HID 1.11, 7.2).
const (
	getStatus        = 0
	clearFeature     = 1
	getDescriptor    = 6
	getConfiguration = 8
	setConfiguration = 9
	getInterface     = 10
	setInterface     = 11

	hidGetReport = 1
	hidSetReport = 9
	hidSetIdle   = 10
	hidSetProto  = 11
)

// answer carries out a control request that needs nothing of the firmware.
// False: the device stalls it.
func (b *bus) answer(s setup, data []byte) (reply []byte, ok bool) {
	low := uint8(s.index)
	switch s.kind {
	case ofDevice:
		switch s.request {
		case getStatus:
			return []byte{0, 0}, true
		case getConfiguration:
			return []byte{b.configuration}, true
		case getDescriptor:
			return b.deviceDescriptor(s)
		}
	case toDevice:
		if s.request == setConfiguration && s.value <= 1 {
			b.configuration = uint8(s.value)
			b.stopAll()
			return nil, true
		}
	case ofInterface:
		switch {
		case s.request == getStatus:
			return []byte{0, 0}, true
		case s.request == getInterface:
			st := b.streamOf(low)
			return []byte{flag(st != nil && st.open)}, true
		case s.request == getDescriptor && b.function(low) != nil:
			switch s.value >> 8 {
			case 0x21:
				return b.function(low).hidClass(), true
			case 0x22:
				return b.function(low).descriptor, true
			}
		}
	case toInterface:
		if s.request == setInterface {
			return nil, b.choose(low, s.value)
		}
	case ofEndpoint:
		return []byte{0, 0}, s.request == getStatus
	case toEndpoint:
		return nil, s.request == clearFeature // ENDPOINT_HALT: none ever halts
	case classSet, classGet:
		switch {
		case b.function(low) != nil:
			return nil, s.kind == classSet && (s.request == hidSetIdle || s.request == hidSetProto)
		case !b.NoSound && low == interfaceControl:
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.mixer.request(s, data)
		}
	case classSetOfEnd, classGetOfEnd:
		return b.rateRequest(s, data)
	}
	return nil, false
}

// deviceDescriptor answers GET_DESCRIPTOR of the device.
func (b *bus) deviceDescriptor(s setup) ([]byte, bool) {
	switch s.value >> 8 {
	case 1:
		return b.device(), true
	case 2:
		return b.model.configuration(), s.value&0xFF == 0
	case 3:
		t := b.text(uint8(s.value))
		return t, t != nil
	}
	return nil, false
}

// choose sets the alternate setting of an interface.
func (b *bus) choose(number uint8, setting uint16) bool {
	if st := b.streamOf(number); st != nil {
		if setting > 1 {
			return false
		}
		st.stop()
		st.open = setting == 1
		return true
	}
	return setting == 0 && (b.function(number) != nil || !b.NoSound && number == interfaceControl)
}

// rateRequest sets or gets the sampling frequency of an endpoint (Audio 1.0,
// 5.2.3.2.3.1). A rate that the device has not is refused.
func (b *bus) rateRequest(s setup, data []byte) ([]byte, bool) {
	st := b.streams[uint8(s.index)]
	if st == nil || s.value != 1<<8 {
		return nil, false
	}
	switch {
	case s.kind == classSetOfEnd && s.request == setCur && len(data) == 3:
		rate := int(data[0]) | int(data[1])<<8 | int(data[2])<<16
		for _, r := range b.Rates {
			if r == rate {
				st.rate, st.part = rate, 0
				return nil, true
			}
		}
	case s.kind == classGetOfEnd && s.request == getCur:
		return []byte{byte(st.rate), byte(st.rate >> 8), byte(st.rate >> 16)}, true
	}
	return nil, false
}
