package tone

import (
	"strings"
	"testing"
	"time"
)

func TestEveryRingerRingsAndPauses(t *testing.T) {
	for _, name := range Ringers() {
		plan, err := Default.WithRinger(name)
		if err != nil {
			t.Fatal(err)
		}
		g := Generator{Plan: plan}
		g.Set(Ring)
		out := play(&g, 12*time.Second)
		loud, quiet := 0, 0
		for at := 0; at+Rate/10 <= len(out); at += Rate / 10 {
			switch level := Level(out[at : at+Rate/10]); {
			case level > -30:
				loud++
			case level < -90:
				quiet++
			}
		}
		if loud < 2 || quiet < 30 {
			t.Errorf("%s: %d tenths of a second loud, %d silent", name, loud, quiet)
		}
		if level := Level(out); level > -6 {
			t.Errorf("%s: at %.0f dBFS", name, level)
		}
	}
	if _, err := Default.WithRinger("gong"); err == nil || !strings.Contains(err.Error(), "bell") {
		t.Errorf("gong: %v", err)
	}
}
