package report

import "fmt"

// Encoder holds the values of all controls of one kind and writes whole
// reports of them; firmwares ignore, or misread, reports of another length.
// One goroutine uses it.
type Encoder struct {
	d       *Descriptor
	kind    Kind
	reports map[uint8][]byte // first byte the ID, then the payload
}

// NewEncoder makes an encoder for output reports in which every control is 0.
func NewEncoder(d *Descriptor) *Encoder { return newEncoder(d, Output) }

// NewInputEncoder makes the device's side: an encoder for input reports.
func NewInputEncoder(d *Descriptor) *Encoder { return newEncoder(d, Input) }

func newEncoder(d *Descriptor, k Kind) *Encoder {
	e := &Encoder{d: d, kind: k, reports: make(map[uint8][]byte)}
	for _, id := range d.IDs(k) {
		rep := make([]byte, 1+d.Size(k, id))
		rep[0] = id
		e.reports[id] = rep
	}
	return e
}

// Set gives a row its value; for an array's element, the index value. Outside
// the logical range are only 0, which reports begin with and which most arrays
// use for "nothing", and, where the row has a Null state, what its bits can hold.
func (e *Encoder) Set(field int, v int32) error {
	if field < 0 || field >= len(e.d.Fields) {
		return fmt.Errorf("set field %d: the descriptor has %d", field, len(e.d.Fields))
	}
	f := &e.d.Fields[field]
	if f.Kind != e.kind {
		return fmt.Errorf("set field %d (%v): it is not an %s but an %s", field, f.Usage(), e.kind, f.Kind)
	}
	if v != 0 && !f.inRange(v) && f.Flags&NullState == 0 || !f.fits(v) {
		return fmt.Errorf("set field %d (%v): %d is not within %d to %d in %d bits", field, f.Usage(), v, f.LogicalMin, f.LogicalMax, f.Size)
	}
	insert(e.reports[f.ReportID][1:], f.Bit, f.Size, uint32(v))
	return nil
}

// Report is the whole report as it goes over the wire: the first byte is the
// ID, 0 when the device does not number its reports. An input report of such a
// device has no first byte, as when it is read. The caller owns the slice;
// nil means that there is no such report.
func (e *Encoder) Report(id uint8) []byte {
	rep, ok := e.reports[id]
	if !ok {
		return nil
	}
	if e.kind == Input && !e.d.numbered(Input) {
		rep = rep[1:]
	}
	return append([]byte(nil), rep...)
}

// DecodeOutput is what a device makes of a written report: its ID, and by the
// index of each row of that report the value. The first byte of raw is the
// ID, 0 when the device does not number its reports. Errors wrap ErrReport.
func DecodeOutput(d *Descriptor, raw []byte) (id uint8, values map[int]int32, err error) {
	if len(raw) == 0 {
		return 0, nil, fmt.Errorf("%w: it is empty", ErrReport)
	}
	id, payload := raw[0], raw[1:]
	if err := d.check(Output, id, payload); err != nil {
		return id, nil, err
	}
	values = make(map[int]int32)
	for i := range d.Fields {
		if f := &d.Fields[i]; f.Kind == Output && f.ReportID == id {
			values[i] = f.value(payload)
		}
	}
	return id, values, nil
}
