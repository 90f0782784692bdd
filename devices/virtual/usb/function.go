package usb

import (
	"fmt"
	"time"

	"offhook/devices/virtual"
	"offhook/hid/report"
)

// function is a HID interface and the firmware behind it.
type function struct {
	phone      *virtual.Phone
	number     uint8  // of the interface
	endpoint   uint8  // of input reports
	descriptor []byte // of reports
	numbered   bool   // reports have IDs
	inputSize  int    // longest input report in bytes, with the ID
	outputSize int

	// The bus's own.
	opener   *opener
	polls    []*transfer // interrupt IN
	input    []byte      // report for the first of them
	inputDue time.Time
	polled   int64 // interval in which the last report went
}

func newFunction(phone *virtual.Phone, number, endpoint uint8) (*function, error) {
	f := &function{phone: phone, number: number, endpoint: endpoint, descriptor: phone.Profile().Descriptor, polled: -1}
	d, err := report.Parse(f.descriptor)
	if err != nil {
		return nil, fmt.Errorf("report descriptor of the emulated %s: %w", phone.Profile().Name, err)
	}
	f.numbered = d.Numbered
	f.inputSize, f.outputSize = longest(d, report.Input), longest(d, report.Output)
	return f, nil
}

// longest is the size of the longest report on the wire.
func longest(d *report.Descriptor, k report.Kind) int {
	n := 0
	for _, id := range d.IDs(k) {
		size := d.Size(k, id)
		if d.Numbered {
			size++
		}
		n = max(n, size)
	}
	return n
}

// function gives the HID function of an interface, or nil.
func (m *model) function(number uint8) *function {
	for _, f := range m.functions {
		if f.number == number {
			return f
		}
	}
	return nil
}

// functionAt gives the HID function whose input reports come from an endpoint, or nil.
func (m *model) functionAt(endpoint uint8) *function {
	for _, f := range m.functions {
		if f.endpoint == endpoint {
			return f
		}
	}
	return nil
}
