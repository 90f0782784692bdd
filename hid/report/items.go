package report

import "fmt"

// An item of a report descriptor is a prefix byte (tag, type, size), then 0, 1,
// 2 or 4 bytes of data, least significant first (HID 1.11 section 6.2.2.2).
type item struct {
	offset int   // of the prefix in the descriptor
	prefix byte  // with the size bits cleared: tag and type
	size   uint8 // bytes of data: 0, 1, 2 or 4
	data   uint32
}

// Prefix bytes without the size, HID 1.11 sections 6.2.2.4 to 6.2.2.8.
const (
	mainInput         = 0x80
	mainOutput        = 0x90
	mainCollection    = 0xA0
	mainFeature       = 0xB0
	mainEndCollection = 0xC0

	globalUsagePage    = 0x04
	globalLogicalMin   = 0x14
	globalLogicalMax   = 0x24
	globalPhysicalMin  = 0x34
	globalPhysicalMax  = 0x44
	globalUnitExponent = 0x54
	globalUnit         = 0x64
	globalReportSize   = 0x74
	globalReportID     = 0x84
	globalReportCount  = 0x94
	globalPush         = 0xA4
	globalPop          = 0xB4

	localUsage     = 0x08
	localUsageMin  = 0x18
	localUsageMax  = 0x28
	localDelimiter = 0xA8

	longItem = 0xFE // the whole prefix of a long item

	typeMask   = 0x0C
	typeMain   = 0x00
	typeGlobal = 0x04
	typeLocal  = 0x08
)

var itemNames = map[byte]string{
	mainInput: "Input", mainOutput: "Output", mainFeature: "Feature",
	mainCollection: "Collection", mainEndCollection: "End Collection",
	globalUsagePage: "Usage Page", globalLogicalMin: "Logical Minimum", globalLogicalMax: "Logical Maximum",
	globalPhysicalMin: "Physical Minimum", globalPhysicalMax: "Physical Maximum",
	globalUnitExponent: "Unit Exponent", globalUnit: "Unit",
	globalReportSize: "Report Size", globalReportID: "Report ID", globalReportCount: "Report Count",
	globalPush: "Push", globalPop: "Pop",
	localUsage: "Usage", localUsageMin: "Usage Minimum", localUsageMax: "Usage Maximum", localDelimiter: "Delimiter",
}

func (it item) name() string {
	if name := itemNames[it.prefix]; name != "" {
		return name
	}
	return fmt.Sprintf("item %02X", it.prefix)
}

// signed is the data as a two's complement number of its own size.
func (it item) signed() int32 {
	switch it.size {
	case 1:
		return int32(int8(it.data))
	case 2:
		return int32(int16(it.data))
	}
	return int32(it.data)
}

func (it item) fail(format string, args ...any) *ParseError {
	return &ParseError{Offset: it.offset, Item: it.name(), Reason: fmt.Sprintf(format, args...)}
}

// nextItem reads the item at the offset and says where the one after it
// begins. Long items (section 6.2.2.3), of which none is defined, are passed
// over; end of input is ok == false.
func nextItem(raw []byte, offset int) (it item, next int, ok bool, err *ParseError) {
	for offset < len(raw) && raw[offset] == longItem {
		length := 0
		if offset+1 < len(raw) {
			length = 3 + int(raw[offset+1])
		}
		if length == 0 || offset+length > len(raw) {
			return item{}, 0, false, &ParseError{Offset: offset, Item: "long item", Reason: "the descriptor ends within it"}
		}
		offset += length
	}
	if offset >= len(raw) {
		return item{}, offset, false, nil
	}
	prefix := raw[offset]
	it = item{offset: offset, prefix: prefix &^ 3, size: prefix & 3}
	if it.size == 3 {
		it.size = 4
	}
	next = offset + 1 + int(it.size)
	if next > len(raw) {
		return it, 0, false, it.fail("the descriptor ends within it")
	}
	for i := next - 1; i > offset; i-- {
		it.data = it.data<<8 | uint32(raw[i])
	}
	return it, next, true, nil
}
