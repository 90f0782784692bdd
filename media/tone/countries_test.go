package tone

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestEveryCountryHasTonesAtTheLevelOfTheRecommendation(t *testing.T) {
	if n := len(Countries()); n < 30 {
		t.Errorf("%d countries", n)
	}
	for _, code := range Countries() {
		plan, err := Country(code)
		if err != nil {
			t.Fatal(err)
		}
		for tone, level := range map[Tone]float64{Dial: lineLevel, Ringback: lineLevel, Busy: lineLevel, Reorder: lineLevel, CallWaiting: waitingLevel} {
			g := Generator{Plan: plan}
			g.Set(tone)
			// The first sound, without its edges.
			first := plan[tone].Steps[0]
			d := first.For
			if d == 0 {
				d = time.Second
			}
			if len(first.Sound) == 0 {
				t.Errorf("%s: %v begins with a pause", code, tone)
			}
			if len(first.Sound) > voices {
				t.Errorf("%s: %v has %d sines at once", code, tone, len(first.Sound))
			}
			out := play(&g, d)
			out = out[Rate/100 : len(out)-Rate/100]
			if got := Level(out) + 3.14; math.Abs(got-level) > 1 {
				t.Errorf("%s: %v at %.1f dBm0, want %.0f", code, tone, got, level)
			}
		}
	}
}

// What each country's tones are told apart by is found again in their sound.
func TestTonesOfACountryAreRecognised(t *testing.T) {
	for _, code := range []string{"de", "us", "gb", "fr", "se", "pl"} {
		plan, _ := Country(code)
		for _, tone := range []Tone{Dial, Ringback, Busy} {
			g := Generator{Plan: plan}
			g.Set(tone)
			out := play(&g, 8*time.Second)
			found := Detect(plan, out, Rate)
			if len(found) == 0 || found[0].Tone != tone {
				t.Errorf("%s: %v is heard as %+v", code, tone, found)
			}
		}
	}
}

func TestCadencesOfCountries(t *testing.T) {
	for _, tt := range []struct {
		code string
		tone Tone
		want string // one letter per 50 ms
	}{
		{"us", Ringback, strings.Repeat("#", 40) + strings.Repeat(".", 80) + "##"},
		{"gb", Ringback, "########....########" + strings.Repeat(".", 40) + "###"},
		{"it", Dial, "####....############" + strings.Repeat(".", 20) + "####"},
		{"jp", Busy, "##########..........##########"},
	} {
		plan, _ := Country(tt.code)
		g := Generator{Plan: plan}
		g.Set(tt.tone)
		out := play(&g, time.Duration(len(tt.want))*50*time.Millisecond)
		var got strings.Builder
		for at := 0; at < len(out); at += Rate / 20 {
			if Level(out[at+Rate/100:at+Rate*4/100]) > -40 {
				got.WriteByte('#')
			} else {
				got.WriteByte('.')
			}
		}
		if got.String() != tt.want {
			t.Errorf("%s %v:\n got %s\nwant %s", tt.code, tt.tone, got.String(), tt.want)
		}
	}
}

func TestCountriesByName(t *testing.T) {
	uk, err := Country("UK")
	gb, _ := Country("gb")
	if err != nil || len(uk) == 0 || len(uk) != len(gb) {
		t.Error("UK is not GB", err)
	}
	if _, err := Country("xx"); err == nil || !strings.Contains(err.Error(), "itu ar at") {
		t.Errorf("xx: %v", err)
	}
	if p, err := Country(""); err != nil || len(p) != len(Default) {
		t.Error("no country is not the default", err)
	}
}
