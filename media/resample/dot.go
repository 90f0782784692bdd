package resample

// dotPlain is dot where there is none in assembly, and what that is compared with. Four sums that do not
// wait for one another keep the floating-point units busy. It only reads what
// its caller has just written, so the race detector would find nothing here that
// it does not find there; left out, tests of whole calls take half the time.
//
//go:norace
func dotPlain(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	for len(a) >= 4 && len(b) >= 4 {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
		a, b = a[4:], b[4:]
	}
	for i := range a {
		s0 += a[i] * b[i]
	}
	return (s0 + s1) + (s2 + s3)
}
