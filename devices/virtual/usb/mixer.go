package usb

import (
	"encoding/binary"
	"math"
)

// Mixer is how the host set volumes and mutes.
type Mixer struct{ Earpiece, Microphone Level }

// Level is one feature unit. Volume is in 1/256 dB, from LowestVolume to 0.
type Level struct {
	Volume int16
	Mute   bool
}

// LowestVolume of a feature unit is -40 dB; a step is 1 dB.
const (
	LowestVolume = -40 * 256
	volumeStep   = 256
)

// gain is what samples are multiplied by.
func (l Level) gain() float64 {
	if l.Mute {
		return 0
	}
	return math.Pow(10, float64(l.Volume)/256/20)
}

// apply changes samples in place.
func (l Level) apply(samples []int16) {
	g := l.gain()
	if g == 1 {
		return
	}
	for i, s := range samples {
		samples[i] = int16(math.RoundToEven(float64(s) * g))
	}
}

// Requests of feature units, and their controls (Audio 1.0, A.9 and A.10.2).
const (
	setCur = 0x01
	getCur = 0x81
	getMin = 0x82
	getMax = 0x83
	getRes = 0x84

	controlMute   = 1
	controlVolume = 2
)

// unit is the level of a feature unit; nil: there is no such unit.
func (x *Mixer) unit(id uint8) *Level {
	switch id {
	case unitEarpiece:
		return &x.Earpiece
	case unitMicrophone:
		return &x.Microphone
	}
	return nil
}

// request is a control request to a feature unit. False: it is stalled, as what
// it asks for is not there.
func (x *Mixer) request(s setup, data []byte) (reply []byte, ok bool) {
	l := x.unit(uint8(s.index >> 8))
	if l == nil || s.value&0xFF != 0 { // of channel 0, that is all
		return nil, false
	}
	switch control := s.value >> 8; {
	case control == controlMute && s.request == setCur && len(data) == 1:
		l.Mute = data[0] != 0
		return nil, true
	case control == controlMute && s.request == getCur:
		return []byte{flag(l.Mute)}, true
	case control == controlVolume && s.request == setCur && len(data) == 2:
		l.Volume = min(max(int16(binary.LittleEndian.Uint16(data)), LowestVolume), 0)
		return nil, true
	case control == controlVolume:
		value := map[uint8]int16{getCur: l.Volume, getMin: LowestVolume, getMax: 0, getRes: volumeStep}
		if v, known := value[s.request]; known {
			return binary.LittleEndian.AppendUint16(nil, uint16(v)), true
		}
	}
	return nil, false
}

func flag(on bool) byte {
	if on {
		return 1
	}
	return 0
}
