package virtual

import (
	"fmt"

	"offhook/devices"
)

// Spec is a device of which only usages and numbers are known, to be emulated with
// reports of our own making: one input report with a bit for each control, and one
// output report with a byte for each light.
type Spec struct {
	Name            string
	Vendor, Product uint16
	Kind            devices.Kind // of the telephony collection
	Inputs, Outputs []SpecField
}

// SpecField is a control or a light. PressControl, Hold and Output know it by the
// name that Usage.Name gives.
type SpecField struct {
	Page, ID uint16
	// Relative: a control is declared as a key, else as a state.
	Relative bool
}

// Name is the usage in hexadecimal: "0B:2F".
func (f SpecField) Name() string { return fmt.Sprintf("%02X:%02X", f.Page, f.ID) }

// maxSpec bounds a Spec: its outputs have a report each.
const maxSpec = 200

// Synthesize makes a profile of a Spec. Fields of a vendor's page are in a
// collection of their own, as vendors do it.
func Synthesize(s Spec) (Profile, error) {
	if len(s.Inputs) > maxSpec || len(s.Outputs) > maxSpec {
		return Profile{}, fmt.Errorf("an emulated device of %d controls and %d lights; at most %d of each", len(s.Inputs), len(s.Outputs), maxSpec)
	}
	l := &layout{
		numbered: true, input: 1, size: (len(s.Inputs) + 7) / 8, hook: none, muteLevel: none,
		volumeUp: none, volumeDown: none, keys: map[string]int{},
	}
	var d []byte
	collection := map[devices.Kind]byte{devices.Phone: 0x01, devices.Handset: 0x04, devices.Headset: 0x05}[s.Kind]
	if collection == 0 {
		collection = 0x04
	}
	bit := 0
	for _, vendor := range []bool{false, true} {
		var body []byte
		for _, f := range s.Inputs {
			if (f.Page >= 0xFF00) != vendor {
				continue
			}
			flags := byte(0x22)
			if f.Relative {
				flags = 0x06
			}
			l.keys[f.Name()] = bit
			bit++
			body = append(body, 0x85, 1, 0x06, byte(f.Page), byte(f.Page>>8), 0x0A, byte(f.ID), byte(f.ID>>8),
				0x15, 0, 0x25, 1, 0x75, 1, 0x95, 1, 0x81, flags)
		}
		for i, f := range s.Outputs {
			if (f.Page >= 0xFF00) != vendor {
				continue
			}
			id := byte(2 + i)
			l.lights = append(l.lights, light{name: f.Name(), report: id})
			body = append(body, 0x85, id, 0x06, byte(f.Page), byte(f.Page>>8), 0x0A, byte(f.ID), byte(f.ID>>8),
				0x15, 0, 0x26, 0xFF, 0, 0x75, 8, 0x95, 1, 0x91, 0x22)
		}
		switch {
		case len(body) == 0:
			continue
		case vendor:
			d = append(d, 0x06, 0xA0, 0xFF, 0x09, 0x03)
		default:
			d = append(d, 0x05, 0x0B, 0x09, collection)
		}
		d = append(append(append(d, 0xA1, 0x01), body...), 0xC0)
	}
	if pad := l.size*8 - bit; pad > 0 {
		d = append(d, 0x06, 0x00, 0xFF, 0x09, 0x01, 0xA1, 0x01, 0x85, 1, 0x75, byte(pad), 0x95, 1, 0x81, 0x01, 0xC0)
	}
	return Profile{
		Name: s.Name, Description: "made of its usages", Kind: s.Kind, Descriptor: d, layout: l,
		vendor: s.Vendor, product: s.Product,
	}, nil
}

// Output is the value of a light's byte in the last output report that had it;
// written tells whether there was one.
func (p *Phone) Output(name string) (value byte, written bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, li := range p.layout.lights {
		if rep := p.last[li.report]; li.name == name && li.bit/8 < len(rep) {
			return rep[li.bit/8], true
		}
	}
	return 0, false
}
