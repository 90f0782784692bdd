package engine

import "testing"

func TestScales(t *testing.T) {
	handset := Scale{Min: 0, Max: 40, MinDB: -40, MaxDB: 0, HasDB: true} // a step is 1 dB
	micGain := Scale{Min: 0, Max: 30, MinDB: 0, MaxDB: 30, HasDB: true}  // its lowest step is as it comes
	boost := Scale{Min: -10, Max: 10, MinDB: -30, MaxDB: 12, HasDB: true}
	plain := Scale{Min: 0, Max: 100}
	fixed := Scale{}
	for _, tt := range []struct {
		name string
		got  int
		want int
	}{
		{"nominal of a handset", handset.Nominal(), 40},
		{"nominal of a microphone with gain only", micGain.Nominal(), 0},
		{"nominal of a control that goes beyond 0 dB", boost.Nominal(), 4},
		{"nominal without dB", plain.Nominal(), 75},
		{"3 dB up", handset.Add(30, 3), 33},
		{"3 dB down", handset.Add(30, -3), 27},
		{"up at the top", handset.Add(39, 3), 40},
		{"down at the bottom", handset.Add(1, -3), 0},
		{"a step where 3 dB are less than one", Scale{Min: 0, Max: 3, MinDB: -60, MaxDB: 0, HasDB: true}.Add(1, 3), 2},
		{"3 dB without dB", plain.Add(50, 3), 57},
		{"nothing to step", fixed.Add(0, 3), 0},
		{"no step", handset.Add(30, 0), 30},
		{"percent", boost.Percent(0), 50},
		{"percent of a control with one step", fixed.Percent(0), 100},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, tt.got, tt.want)
		}
	}
	for _, tt := range []struct {
		s    Scale
		raw  int
		want bool
	}{{handset, 0, true}, {handset, 1, false}, {micGain, 0, false}, {plain, 0, true}, {plain, 1, false}, {fixed, 0, false}} {
		if got := tt.s.Silent(tt.raw); got != tt.want {
			t.Errorf("%+v at %d is silent: %v", tt.s, tt.raw, got)
		}
	}
	if db := handset.DB(10); db != -30 {
		t.Errorf("%v dB, want -30", db)
	}
}
