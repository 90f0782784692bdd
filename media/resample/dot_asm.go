//go:build amd64 || arm64

package resample

// dot is the inner product of two slices of equal length; b may be longer. Half of what a call at 8 kHz costs beside its
// system calls is this, and the compiler has no vectors.
//
//go:noescape
func dot(a, b []float32) float32
