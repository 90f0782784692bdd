package report

import "math/bits"

// valueBits is how much of a wider value is used.
const valueBits = 32

// extract reads the bits from bit on as an unsigned number, least significant
// first (HID 1.11 section 8). The caller has checked the payload's length.
func extract(payload []byte, bit, size int) uint32 {
	size = min(size, valueBits)
	var acc uint64
	for i, b := range payload[bit/8 : (bit+size+7)/8] {
		acc |= uint64(b) << (8 * i)
	}
	return uint32(acc >> (bit % 8) & (1<<size - 1))
}

// insert writes the low bits of v in the place where extract reads them.
func insert(payload []byte, bit, size int, v uint32) {
	size = min(size, valueBits)
	mask := uint64(1<<size-1) << (bit % 8)
	acc := uint64(v) << (bit % 8)
	for i := range payload[bit/8 : (bit+size+7)/8] {
		p := &payload[bit/8+i]
		*p = *p&^byte(mask>>(8*i)) | byte(acc&mask>>(8*i))
	}
}

// value reads the row's value. It has a sign when the logical range has one.
func (f *Field) value(payload []byte) int32 {
	v := extract(payload, f.Bit, f.Size)
	if f.LogicalMin < 0 && f.Size < valueBits {
		shift := valueBits - f.Size
		return int32(v<<shift) >> shift
	}
	return int32(v)
}

func (f *Field) inRange(v int32) bool { return v >= f.LogicalMin && v <= f.LogicalMax }

// fits tells whether the row has bits enough for v.
func (f *Field) fits(v int32) bool {
	switch {
	case f.Size >= valueBits:
		return true
	case f.LogicalMin < 0:
		return v>>(f.Size-1) == 0 || v>>(f.Size-1) == -1
	}
	return bits.Len32(uint32(v)) <= f.Size
}

// hasNull tells whether the row can say "nothing" by a value outside its range.
func (f *Field) hasNull() bool {
	codes := uint64(1) << min(f.Size, valueBits)
	return f.Flags&NullState != 0 && uint64(int64(f.LogicalMax)-int64(f.LogicalMin))+1 < codes
}
