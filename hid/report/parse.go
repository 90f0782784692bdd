package report

import (
	"fmt"
	"math"
)

// What a descriptor may ask for. A device chooses these numbers, so each is
// bounded; Linux has bounds of the same order.
const (
	maxDescriptor  = 4096 // bytes, as in the kernel (HID_MAX_DESCRIPTOR_SIZE)
	maxReport      = 4096 // bytes of payload
	maxCount       = 8 * maxReport
	maxRows        = 32768  // Fields of one descriptor
	maxItemUsages  = 12288  // for one Main item, as in the kernel (HID_MAX_USAGES)
	maxUsages      = 196608 // in one descriptor
	maxDepth       = 64     // collections within each other
	maxGlobalStack = 16     // Push without Pop
)

// ParseError says where a report descriptor is not what HID 1.11 asks.
type ParseError struct {
	Offset int    // of the item in the descriptor, in bytes
	Item   string // its name in the specification
	Reason string
}

func (e *ParseError) Error() string {
	return fmt.Sprintf("report descriptor, byte %d (%s): %s", e.Offset, e.Item, e.Reason)
}

// globals are the global items, which stay until changed and which Push and
// Pop save (HID 1.11 section 6.2.2.7).
type globals struct {
	page                     uint16
	logicalMin, logicalMax   int32 // the maximum is unsigned unless the minimum is negative
	physicalMin, physicalMax int32
	unit                     uint32
	unitExponent             int8
	reportID                 uint8
	size, count              uint32
}

type parser struct {
	d      *Descriptor
	g      globals
	stack  []globals
	l      locals
	open   []int // indexes of the collections around this point
	usages int   // written out so far
	items  int   // Main items that made rows
}

// Parse reads a report descriptor (HID 1.11 section 6.2.2) of at most 4096
// bytes. It accepts what Linux accepts, so that a device with a hidraw node
// can be used, and where the two differ it reads page and sign as Linux does.
// Every error is a *ParseError. The input is not kept.
func Parse(raw []byte) (*Descriptor, error) {
	if len(raw) == 0 {
		return nil, &ParseError{Item: "end", Reason: "the descriptor is empty"}
	}
	if len(raw) > maxDescriptor {
		return nil, &ParseError{Offset: maxDescriptor, Item: "end", Reason: fmt.Sprintf("the descriptor has %d bytes; at most %d are accepted", len(raw), maxDescriptor)}
	}
	p := parser{d: &Descriptor{}}
	for offset := 0; ; {
		it, next, ok, err := nextItem(raw, offset)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		if err := p.take(it); err != nil {
			return nil, err
		}
		offset = next
	}
	if n := len(p.open); n > 0 {
		return nil, &ParseError{Offset: len(raw), Item: "end", Reason: fmt.Sprintf("%d collections are still open", n)}
	}
	return p.d, nil
}

func (p *parser) take(it item) *ParseError {
	switch it.prefix & typeMask {
	case typeMain:
		return p.main(it)
	case typeGlobal:
		return p.global(it)
	case typeLocal:
		return p.local(it)
	}
	return nil // the reserved type: nothing is defined for it
}

func (p *parser) local(it item) *ParseError {
	switch it.prefix {
	case localUsage:
		p.l.usage(it, p.g.page)
	case localUsageMin:
		p.l.minimum(it)
	case localUsageMax:
		p.l.maximum(it, p.g.page)
	case localDelimiter:
		opens := it.data != 0
		if opens == p.l.inSet {
			if opens {
				return it.fail("a set of alternatives within another")
			}
			return it.fail("closes a set of alternatives that was not opened")
		}
		p.l.inSet, p.l.setTaken = opens, false
	}
	return nil // designators, strings and tags not defined
}

func (p *parser) global(it item) *ParseError {
	g := &p.g
	switch it.prefix {
	case globalUsagePage:
		g.page = uint16(it.data)
	case globalLogicalMin:
		g.logicalMin = it.signed()
	case globalLogicalMax:
		g.logicalMax = maximum(it, g.logicalMin)
	case globalPhysicalMin:
		g.physicalMin = it.signed()
	case globalPhysicalMax:
		g.physicalMax = maximum(it, g.physicalMin)
	case globalUnitExponent:
		g.unitExponent = exponent(it)
	case globalUnit:
		g.unit = it.data
	case globalReportSize:
		if it.data > 8*maxReport {
			return it.fail("a control of %d bits; at most %d are accepted", it.data, 8*maxReport)
		}
		g.size = it.data
	case globalReportCount:
		if it.data > maxCount {
			return it.fail("%d controls in one item; at most %d are accepted", it.data, maxCount)
		}
		g.count = it.data
	case globalReportID:
		if it.data == 0 || it.data > math.MaxUint8 {
			return it.fail("report ID %d; it must be 1 to 255", it.data)
		}
		g.reportID = uint8(it.data)
		p.d.Numbered = true
	case globalPush:
		if len(p.stack) == maxGlobalStack {
			return it.fail("pushed %d times without a Pop", maxGlobalStack+1)
		}
		p.stack = append(p.stack, *g)
	case globalPop:
		if len(p.stack) == 0 {
			return it.fail("nothing was pushed")
		}
		*g = p.stack[len(p.stack)-1]
		p.stack = p.stack[:len(p.stack)-1]
	default:
		return it.fail("no such global item is defined")
	}
	return nil
}

// maximum reads Logical or Physical Maximum. Many devices write FF for 255: so
// the sign counts only when the minimum, which stands before, is negative.
func maximum(it item, minimum int32) int32 {
	if minimum < 0 {
		return it.signed()
	}
	return int32(it.data)
}

// exponent reads a Unit Exponent, which the specification wants as a number
// of four bits with sign and which some devices write as a signed byte.
func exponent(it item) int8 {
	v := it.signed()
	if v&^0xF == 0 {
		return int8(v<<4) >> 4
	}
	return int8(max(math.MinInt8, min(v, math.MaxInt8)))
}

func (p *parser) main(it item) *ParseError {
	p.l.repage(p.g.page)
	defer func() { p.l = locals{spans: p.l.spans[:0]} }()
	switch it.prefix {
	case mainInput:
		return p.field(it, Input)
	case mainOutput:
		return p.field(it, Output)
	case mainFeature:
		return p.field(it, Feature)
	case mainCollection:
		if len(p.open) == maxDepth {
			return it.fail("more than %d collections within each other", maxDepth)
		}
		c := Collection{Type: CollectionType(it.data), Parent: p.collection()}
		if len(p.l.spans) > 0 {
			c.Usage = Usage(p.l.spans[0].first)
		}
		p.open = append(p.open, len(p.d.Collections))
		p.d.Collections = append(p.d.Collections, c)
	case mainEndCollection:
		if len(p.open) == 0 {
			return it.fail("no collection is open")
		}
		p.open = p.open[:len(p.open)-1]
	}
	return nil // other tags are reserved; a descriptor padded with zeros ends in them
}

func (p *parser) collection() int {
	if len(p.open) == 0 {
		return -1
	}
	return p.open[len(p.open)-1]
}

// field takes an Input, Output or Feature item: its bits lengthen the report,
// and its usages make the rows.
func (p *parser) field(it item, kind Kind) *ParseError {
	d, g := p.d, &p.g
	lo, hi, ok := g.logicalRange()
	if !ok {
		return it.fail("logical minimum %d is above the maximum %d", g.logicalMin, g.logicalMax)
	}
	if d.bits[kind] == nil {
		d.bits[kind] = make(map[uint8]int)
	}
	bit := d.bits[kind][g.reportID]
	end := uint64(bit) + uint64(g.size)*uint64(g.count)
	if end > 8*maxReport {
		return it.fail("%s report %d has %d bytes; at most %d are accepted", kind, g.reportID, (end+7)/8, maxReport)
	}
	d.bits[kind][g.reportID] = int(end)

	count := int(g.count)
	if p.l.n == 0 || g.size == 0 || count == 0 {
		return nil // padding
	}
	if len(d.Fields)+count > maxRows {
		return it.fail("the descriptor has more than %d controls", maxRows)
	}
	if p.usages += p.l.n; p.usages > maxUsages {
		return it.fail("the descriptor has more than %d usages", maxUsages)
	}
	usages := p.l.usages()
	p.items++
	row := Field{
		Kind: kind, ReportID: g.reportID, Size: int(g.size), Flags: Flags(it.data),
		LogicalMin: lo, LogicalMax: hi,
		PhysicalMin: g.physicalMin, PhysicalMax: g.physicalMax,
		Unit: g.unit, UnitExponent: g.unitExponent,
		Collection: p.collection(), item: p.items,
	}
	for i := range count {
		row.Bit = bit + i*row.Size
		row.Usages = usages
		if !row.IsArray() {
			row.Usages = usagesOf(usages, i, count)
		}
		d.Fields = append(d.Fields, row)
	}
	return nil
}

// usagesOf gives the control number i of a variable field its usage: they are
// dealt out in order, the last one serves all controls that remain, and when
// there are more usages than controls the last control has what is left.
func usagesOf(usages []Usage, i, count int) []Usage {
	last := len(usages) - 1
	switch {
	case i >= last:
		return usages[last:]
	case i == count-1:
		return usages[i:]
	}
	return usages[i : i+1 : i+1]
}

// logicalRange is the range of values as a field has it, and whether there is one.
func (g *globals) logicalRange() (lo, hi int32, ok bool) {
	if g.logicalMin < 0 {
		return g.logicalMin, g.logicalMax, g.logicalMin <= g.logicalMax
	}
	unsigned := uint32(g.logicalMax)
	return g.logicalMin, int32(min(unsigned, math.MaxInt32)), uint32(g.logicalMin) <= unsigned
}
