package media

import "testing"

func TestVolumeStepsAndEnds(t *testing.T) {
	var v volume
	x := []int32{1000, -1000, 20000, -32768}
	v.apply(x)
	if x[0] != 1000 || x[3] != -32768 {
		t.Errorf("at 0 dB: %v, want it untouched", x)
	}
	for range 2 {
		v.step(true)
	}
	v.apply(x)
	if x[0] < 1980 || x[0] > 2010 || x[1] > -1980 || x[2] < 39000 || x[3] > -65000 {
		t.Errorf("at +6 dB: %v, want twice as much", x)
	}
	for range 100 {
		v.step(true)
	}
	if db := v.step(true); db != 12 {
		t.Errorf("loudest is %v dB, want 12", db)
	}
	for range 100 {
		v.step(false)
	}
	if db := v.step(false); db != -24 {
		t.Errorf("softest is %v dB, want -24", db)
	}
}
