package codec

// The conversion tables of ITU-T G.711, made once from the segment structure
// of its tables 1a/1b (A-law) and 2a/2b (µ-law). The encoder tables are indexed
// by the upper 14 bits of a 16-bit sample, which is the uniform code µ-law is
// defined on; A-law ignores the lowest of them.
var (
	ulawEncode, alawEncode [1 << 14]byte
	ulawDecode, alawDecode [256]int16
)

func init() {
	for i := range 256 {
		ulawDecode[i] = ulawExpand(byte(i))
		alawDecode[i] = alawExpand(byte(i))
	}
	for i := range 1 << 14 {
		s := int(int16(uint16(i) << 2))
		ulawEncode[i] = ulawCompress(s >> 2)
		alawEncode[i] = alawCompress(s >> 4)
	}
}

// ulawCompress takes a 14-bit sample. Magnitudes are one's complement, so that
// -1 is the negative zero of the law; the bias of 33 makes every segment start
// at a power of two; all bits are inverted for the line.
func ulawCompress(s int) byte {
	sign := byte(0)
	if s < 0 {
		s, sign = ^s, 0x80
	}
	s = min(s+33, 8191)
	segment := 0
	for s>>(segment+6) != 0 {
		segment++
	}
	step := s >> (segment + 1) & 0x0f
	return ^(byte(segment<<4|step) | sign)
}

func ulawExpand(b byte) int16 {
	b = ^b
	segment, step := int(b>>4&7), int(b&0x0f)
	magnitude := (step<<1+33)<<segment - 33
	if b&0x80 != 0 {
		magnitude = -magnitude
	}
	return int16(magnitude << 2)
}

// alawCompress takes a sample in units of the smallest step, ±2048 of them. The two lowest segments have the same
// step; even bits are inverted for the line (0x55), the sign bit is 1 for
// positive samples.
func alawCompress(s int) byte {
	sign := byte(0x80)
	if s < 0 {
		s, sign = ^s, 0
	}
	segment := 0
	for s>>(segment+4) != 0 {
		segment++
	}
	step := s >> max(segment-1, 0) & 0x0f
	return (byte(segment<<4|step) | sign) ^ 0x55
}

func alawExpand(b byte) int16 {
	b ^= 0x55
	segment, step := int(b>>4&7), int(b&0x0f)
	magnitude := step<<1 + 1 // half a step up: the middle of the interval
	if segment > 0 {
		magnitude = (magnitude + 32) << (segment - 1)
	}
	if b&0x80 == 0 {
		magnitude = -magnitude
	}
	return int16(magnitude << 3)
}
