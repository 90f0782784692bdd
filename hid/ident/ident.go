// Package ident says what kind of telephone a report descriptor declares, for
// those who decide who may open it: the udev helper and the check of its rules.
// It is pure and small; what the controls do is for the package devices.
package ident

import (
	"slices"

	"offhook/hid/report"
)

// Kind is what a descriptor declares; its String is what udev rules see.
type Kind uint8

// The kinds are ordered: one device that declares several is the first of them.
const (
	None    Kind = iota // no telephone
	Phone               // 0B:01
	Handset             // 0B:04
	Headset             // 0B:05, or telephony controls outside of all these
)

// String is "phone", "handset", "headset", or "" for None.
func (k Kind) String() string {
	return [...]string{None: "", Phone: "phone", Handset: "handset", Headset: "headset"}[min(k, Headset)]
}

// Cradled tells a phone or handset, whose sound and keys are for calls only,
// from a headset, which the desktop uses as well.
func (k Kind) Cradled() bool { return k == Phone || k == Handset }

// Identity is what Identify finds.
type Identity struct {
	Kind Kind
	// Keyboard is set when what is typed on a keyboard could be read through
	// the same node. Such a node is never opened to users, telephone or not.
	Keyboard bool
}

// May tells whether users may open the node.
func (i Identity) May() bool { return i.Kind != None && !i.Keyboard }

const (
	usageKeyboard  = report.Usage(0x01<<16 | 0x06)
	usageKeypad    = report.Usage(0x01<<16 | 0x07)
	usagePhone     = report.Usage(0x0B<<16 | 0x01)
	usageHandset   = report.Usage(0x0B<<16 | 0x04)
	usageHeadset   = report.Usage(0x0B<<16 | 0x05)
	usageHook      = report.Usage(0x0B<<16 | 0x20)
	firstTelephony = 0x20 // smaller usages of page 0B are collections, and selectors inside of them
)

// Identify reads a descriptor. The error is a *report.ParseError; what cannot
// be understood is no telephone.
func Identify(raw []byte) (Identity, error) {
	d, err := report.Parse(raw)
	if err != nil {
		return Identity{}, err
	}
	id := Identity{Keyboard: keyboard(d)}
	// The collection that has the hook names the device; without a hook, any
	// collection with a telephony control does.
	id.Kind = kind(d, func(u report.Usage) bool { return u == usageHook })
	if id.Kind == None {
		id.Kind = kind(d, func(u report.Usage) bool { return u.Page() == report.PageTelephony && u.ID() >= firstTelephony })
	}
	return id, nil
}

// keyboard tells whether there is a Keyboard or Keypad collection at any
// depth, or a key of the keyboard page anywhere.
func keyboard(d *report.Descriptor) bool {
	for _, c := range d.Collections {
		if c.Usage == usageKeyboard || c.Usage == usageKeypad {
			return true
		}
	}
	for i := range d.Fields {
		f := &d.Fields[i]
		if f.Kind == report.Input && slices.ContainsFunc(f.Usages, func(u report.Usage) bool { return u.Page() == report.PageKeyboard }) {
			return true
		}
	}
	return false
}

// kind is the first kind of those whose input has a usage that counts. What
// stands in a vendor's collection is not looked at: vendors repeat there what
// they declare elsewhere.
func kind(d *report.Descriptor, counts func(report.Usage) bool) Kind {
	best := None
	for i := range d.Fields {
		f := &d.Fields[i]
		if f.Kind != report.Input || !slices.ContainsFunc(f.Usages, counts) {
			continue
		}
		if k := around(d, f); k != None && (best == None || k < best) {
			best = k
		}
	}
	return best
}

// around is the kind that the nearest telephony collection around a field names.
func around(d *report.Descriptor, f *report.Field) Kind {
	k := Headset
	found := false
	for c := range d.Ancestors(f.Collection) {
		if c.Usage.Page() >= report.PageVendor {
			return None
		}
		if found {
			continue
		}
		found = true
		switch c.Usage {
		case usagePhone:
			k = Phone
		case usageHandset:
			k = Handset
		case usageHeadset:
			k = Headset
		default:
			found = false
		}
	}
	return k
}
