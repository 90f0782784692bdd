package codec

// g722Band is the adaptive predictor and step size of one sub-band (ITU-T
// G.722 clause 3.6 and blocks 3 and 4 of clause 6.2): two poles, six zeros,
// the same in encoder and decoder. Names are those of the recommendation.
type g722Band struct {
	s     int32    // predicted value
	sz    int32    // the zeros' part of it
	r     [2]int32 // reconstructed values, newest first
	p     [2]int32 // partly reconstructed values
	a     [2]int32 // poles
	b, d  [6]int32 // zeros, and the differences they are applied to
	nb    int32    // logarithm of the step size
	det   int32    // step size
	high  bool
	limit int32 // of nb
}

func newG722Band(high bool) g722Band {
	if high {
		return g722Band{det: 8, high: true, limit: 22528}
	}
	return g722Band{det: 32, limit: 18432}
}

// adapt takes a quantised difference, whose code moves the logarithm of the
// step size.
func (b *g722Band) adapt(d, move int32) {
	b.scale(move)
	b.predict(d)
}

// scale adapts the step size after a code that moves its logarithm.
func (b *g722Band) scale(move int32) {
	b.nb = max(0, min(b.nb*127>>7+move, b.limit))
	shift := int32(8) - b.nb>>11
	if b.high {
		shift += 2
	}
	v := g722Exp[b.nb>>6&31]
	if shift < 0 {
		v <<= -shift
	} else {
		v >>= shift
	}
	b.det = v << 2
}

// predict takes the quantised difference and predicts the next value.
func (b *g722Band) predict(d int32) {
	r0, p0 := sat(b.s+d), sat(b.sz+d)
	same1, same2 := (p0 < 0) == (b.p[0] < 0), (p0 < 0) == (b.p[1] < 0)

	// The second pole, then the first, which is limited by it.
	w := sat(b.a[0] << 2)
	if same1 {
		w = -w
	}
	w = min(w, 32767)
	a2 := int32(-128)
	if same2 {
		a2 = 128
	}
	a2 = max(-12288, min(a2+w>>7+b.a[1]*32512>>15, 12288))
	a1 := int32(-192)
	if same1 {
		a1 = 192
	}
	bound := sat(15360 - a2)
	a1 = max(-bound, min(sat(a1+b.a[0]*32640>>15), bound))

	// The zeros.
	step := int32(128)
	if d == 0 {
		step = 0
	}
	for i := range b.b {
		v := step
		if (b.d[i] < 0) != (d < 0) {
			v = -step
		}
		b.b[i] = sat(v + b.b[i]*32640>>15)
	}
	copy(b.d[1:], b.d[:5])
	b.d[0] = d
	b.p = [2]int32{p0, b.p[0]}
	b.r = [2]int32{r0, b.r[0]}
	b.a = [2]int32{a1, a2}

	poles := sat(a1*sat(2*b.r[0])>>15 + a2*sat(2*b.r[1])>>15)
	b.sz = 0
	for i := range b.b {
		b.sz += b.b[i] * sat(2*b.d[i]) >> 15
	}
	b.sz = sat(b.sz)
	b.s = sat(poles + b.sz)
}

// sat limits to 16 bits.
func sat(v int32) int32 { return max(-32768, min(v, 32767)) }
