package report

// span is one Usage item, or one pair of Usage Minimum and Usage Maximum: n
// usages from first upwards. Spans keep a range of 2^32 usages as cheap as one.
type span struct {
	first    uint32
	n        int
	extended bool // declared with page and ID together, in four bytes
}

// locals are the local items that a Main item takes and clears
// (HID 1.11 section 6.2.2.8). Designators and strings are not kept.
type locals struct {
	spans []span
	n     int // usages in all spans

	min     uint32 // Usage Minimum, waiting for its maximum
	minSize uint8

	// Between an opening and a closing Delimiter stand several usages for one
	// control, the preferred one first: only that is taken.
	inSet, setTaken bool
}

// skip says whether an alternative usage is to be passed over.
func (l *locals) skip() bool { return l.inSet && l.setTaken }

func (l *locals) add(s span) {
	// What the kernel does with more usages than it has room for: the first
	// ones count. No control can be reached by the others.
	s.n = min(s.n, maxItemUsages-l.n)
	if s.n <= 0 {
		return
	}
	l.spans = append(l.spans, s)
	l.n += s.n
	l.setTaken = true
}

// usage takes a Usage item. A usage of one or two bytes gets the page in force
// now, for the time being: see repage.
func (l *locals) usage(it item, page uint16) {
	if l.skip() {
		return
	}
	first := it.data
	if it.size <= 2 {
		first = uint32(U(page, uint16(it.data)))
	}
	l.add(span{first: first, n: 1, extended: it.size > 2})
}

func (l *locals) minimum(it item) {
	if l.skip() {
		return
	}
	l.min, l.minSize = it.data, it.size
}

// maximum takes a Usage Maximum and with it the range since the Usage Minimum.
// When only one end is in four bytes its page counts for both. A range that
// runs backwards declares nothing.
func (l *locals) maximum(it item, page uint16) {
	if l.skip() {
		return
	}
	first, last := l.min, it.data
	extended := it.size > 2 || l.minSize > 2
	switch {
	case !extended:
		first, last = uint32(U(page, uint16(first))), uint32(U(page, uint16(last)))
	case l.minSize <= 2:
		first |= last & 0xFFFF0000
	case it.size <= 2:
		last |= first & 0xFFFF0000
	}
	l.min, l.minSize = 0, 0
	if last < first {
		return
	}
	l.add(span{first: first, n: int(min(uint64(last-first)+1, maxItemUsages)), extended: extended})
}

// repage joins usages with the last declared Usage Page, at the Main item, in
// the way that Linux does. Section 6.2.2.8 wants the page in force at the Main
// item for all of them; descriptors that mix pages in one item want for each
// usage the page that stood before it. So: from the last usage backwards, each
// gets the page in force now, until one has it already. Four-byte usages name
// their page and keep it.
func (l *locals) repage(page uint16) {
	for i := len(l.spans) - 1; i >= 0; i-- {
		s := &l.spans[i]
		if s.extended {
			continue
		}
		if Usage(s.first).Page() == page {
			return
		}
		s.first = uint32(U(page, Usage(s.first).ID()))
	}
}

// usages writes the spans out.
func (l *locals) usages() []Usage {
	if l.n == 0 {
		return nil
	}
	out := make([]Usage, 0, l.n)
	for _, s := range l.spans {
		for i := range s.n {
			out = append(out, Usage(s.first+uint32(i)))
		}
	}
	return out
}
