package resample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// Every length, from nothing on, at every alignment, with what lies beside it poisoned.
func TestDotIsTheInnerProduct(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 70 {
		for at := range 4 {
			a, b := make([]float32, at+n+4), make([]float32, at+n+4)
			want, size := 0.0, 0.0
			for i := range a {
				a[i], b[i] = float32(math.NaN()), float32(math.NaN())
			}
			for i := at; i < at+n; i++ {
				a[i], b[i] = random.Float32()*2-1, random.Float32()*60000-30000
				want += float64(a[i]) * float64(b[i])
				size += math.Abs(float64(a[i]) * float64(b[i]))
			}
			for name, got := range map[string]float32{"dot": dot(a[at:at+n], b[at:at+n]), "dotPlain": dotPlain(a[at:at+n], b[at:at+n])} {
				if d := math.Abs(float64(got) - want); !(d <= 1e-6*size) {
					t.Errorf("%s of %d at %d is %v, want %v", name, n, at, got, want)
				}
			}
		}
	}
}

func BenchmarkDot(b *testing.B) {
	for _, n := range []int{33, 195} {
		x, y := make([]float32, n), make([]float32, n)
		for name, f := range map[string]func(a, b []float32) float32{"": dot, ", plain": dotPlain} {
			b.Run(fmt.Sprint(n, name), func(b *testing.B) {
				for b.Loop() {
					f(x, y)
				}
			})
		}
	}
}
