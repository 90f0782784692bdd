package measure

import (
	"math"
	"testing"
	"time"

	"offhook/media/internal/voice"
)

func TestJudgeOfKnownCalls(t *testing.T) {
	const rate = 8000
	said := voice.Make(6*rate, rate, 5)
	late := func(ms int, x []int16) []int16 { return append(make([]int16, ms*rate/1000), x...) }
	lost := append([]int16(nil), said...) // one frame of ten
	for at := 0; at+160 <= len(lost); at += 1600 {
		clear(lost[at : at+160])
	}
	half := append([]int16(nil), said...)
	for i := range half {
		half[i] /= 2
	}
	slid := append(late(60, said[:3*rate]), late(30, said[3*rate:])...) // 60 ms, then 90
	for _, tt := range []struct {
		name          string
		heard         []int16
		delay         time.Duration
		estoi, spoilt float64 // at least, about
		steps         int
	}{
		{"itself", said, 0, 0.999, 0, 0},
		{"later and softer", late(150, half), 150 * time.Millisecond, 0.99, 0, 0},
		{"a frame of ten lost", late(60, lost), 60 * time.Millisecond, 0.75, 0.1, 0},
		{"the delay grows", slid, 75 * time.Millisecond, 0.98, 0.03, 1},
	} {
		j := Judge(said, tt.heard, rate, 200*time.Millisecond)
		t.Logf("%s: %+v", tt.name, j)
		if (j.Delay-tt.delay).Abs() > time.Millisecond && (tt.steps == 0 || (j.Delay-tt.delay).Abs() > 15*time.Millisecond) {
			t.Errorf("%s: delay %v, want %v", tt.name, j.Delay, tt.delay)
		}
		if j.ESTOI < tt.estoi || math.Abs(j.Spoilt-tt.spoilt) > 0.03 || (j.Steps > 0) != (tt.steps > 0) || j.Steps > 2*tt.steps {
			t.Errorf("%s: %+v", tt.name, j)
		}
	}
	for name, heard := range map[string][]int16{"nothing": nil, "silence": make([]int16, 6*rate)} {
		if j := Judge(said, heard, rate, 200*time.Millisecond); j != (Judgement{Spoilt: 1}) {
			t.Errorf("%s: %+v", name, j)
		}
	}
	if j := Judge(said, voice.Make(6*rate, rate, 6), rate, 200*time.Millisecond); j.ESTOI > 0.4 || j.Spoilt < 0.7 {
		t.Errorf("other speech: %+v", j)
	}
}
