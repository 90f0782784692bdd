package tone

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// play returns the sound of a tone, in periods of 10 ms as a port would ask.
func play(g *Generator, d time.Duration) []int16 {
	out := make([]int16, int(d.Seconds()*Rate))
	for rest := out; len(rest) > 0; {
		n := min(480, len(rest))
		g.Fill(rest[:n])
		rest = rest[n:]
	}
	return out
}

func record(parts ...any) []int16 {
	var g Generator
	var out []int16
	for i := 0; i < len(parts); i += 2 {
		g.Set(parts[i].(Tone))
		out = append(out, play(&g, parts[i+1].(time.Duration))...)
	}
	return out
}

var everyTone = append([]Tone{Dial, Ringback, Busy, Reorder, CallWaiting, Confirm, Ring, KeyClick}, digits("1234567890*#ABCD")...)

func digits(s string) (t []Tone) {
	for i := range len(s) {
		t = append(t, DTMF(s[i]))
	}
	return t
}

func TestLevelsAndFrequencies(t *testing.T) {
	for _, c := range []struct {
		tone Tone
		hz   float64
		dbm0 float64
	}{
		{Dial, 425, -10}, {Ringback, 425, -10}, {Busy, 425, -10}, {Reorder, 425, -10}, {CallWaiting, 425, -16},
		{DTMF('1'), 697, -11}, {DTMF('1'), 1209, -9}, {DTMF('5'), 770, -11}, {DTMF('5'), 1336, -9},
		{DTMF('9'), 852, -11}, {DTMF('9'), 1477, -9}, {DTMF('#'), 941, -11}, {DTMF('#'), 1477, -9},
		{DTMF('D'), 941, -11}, {DTMF('D'), 1633, -9},
	} {
		got := record(c.tone, 200*time.Millisecond)[Rate/100 : Rate/100*19]
		power := Goertzel(got, Rate, c.hz)
		level := 10*math.Log10(power/fullScale) + 3.14
		if math.Abs(level-c.dbm0) > 0.1 {
			t.Errorf("%v: %.0f Hz at %.2f dBm0, want %.1f", c.tone, c.hz, level, c.dbm0)
		}
	}
}

func TestCadences(t *testing.T) {
	for _, c := range []struct {
		tone Tone
		want string // one letter per 50 ms: # sound, . silence
	}{
		{Dial, strings.Repeat("#", 120)},
		{Ringback, strings.Repeat("#", 20) + strings.Repeat(".", 80) + strings.Repeat("#", 20)},
		{Busy, strings.Repeat("##########..........", 3)},
		{Reorder, strings.Repeat("#####.....", 4)},
		{CallWaiting, "####....####" + strings.Repeat(".", 88) + "####....####"},
		{Confirm, "##..##..##" + strings.Repeat(".", 40)},
		{Ring, strings.Repeat("#", 20) + strings.Repeat(".", 80) + strings.Repeat("#", 20)},
	} {
		out := record(c.tone, time.Duration(len(c.want))*50*time.Millisecond)
		var got strings.Builder
		for at := 0; at < len(out); at += Rate / 20 {
			// The middle of each 50 ms: edges belong to either side.
			if Level(out[at+Rate/100:at+Rate*4/100]) > -40 {
				got.WriteByte('#')
			} else {
				got.WriteByte('.')
			}
		}
		if got.String() != c.want {
			t.Errorf("%v:\n got %s\nwant %s", c.tone, got.String(), c.want)
		}
	}
}

func TestEveryEdgeIsSoft(t *testing.T) {
	// The steepest step between two samples of a steady pair bounds what the
	// fades may do; a hard edge would jump by up to its peak.
	for _, tone := range everyTone {
		out := record(tone, 700*time.Millisecond, None, 50*time.Millisecond, tone, 33*time.Millisecond, DTMF('5'), 40*time.Millisecond, None, 50*time.Millisecond)
		limit := 0.0
		for _, pat := range []Tone{tone, DTMF('5')} {
			p, _ := Plan(nil).pattern(pat)
			for _, s := range p.Steps {
				sum := 0.0
				for _, c := range s.Sound {
					sum += zeroDBm0 * math.Pow(10, c.DBm0/20) * (2*math.Pi*c.Hz/Rate + math.Pi/2/fade)
				}
				limit += sum / float64(max(1, len(p.Steps)/2)) * 2
			}
		}
		prev := 0.0
		for i, s := range out {
			if jump := math.Abs(float64(s) - prev); jump > limit+2 {
				t.Errorf("%v: jump of %.0f at %v, limit %.0f", tone, jump, at(i, Rate), limit)
				break
			}
			prev = float64(s)
		}
		if out[0] != 0 || out[len(out)-1] != 0 {
			t.Errorf("%v: begins at %d and ends at %d, want 0", tone, out[0], out[len(out)-1])
		}
	}
}

func TestQuickChangesDoNotCutASound(t *testing.T) {
	var g Generator
	g.Set(Dial)
	play(&g, 100*time.Millisecond)
	for _, tone := range []Tone{None, DTMF('1'), Ring, Busy, None} { // all between two periods
		g.Set(tone)
	}
	out := play(&g, 20*time.Millisecond)
	var last int16
	for i, s := range out[:240] {
		if i > 0 && math.Abs(float64(s)-float64(last)) > 600 {
			t.Fatalf("dial tone was cut: %d then %d", last, s)
		}
		last = s
	}
	if Level(out[240:]) > -90 {
		t.Error("sound is left after None")
	}
	if !g.Silent() {
		t.Error("not silent")
	}
}

func TestSettingTheSameToneKeepsItsCadence(t *testing.T) {
	var a, b Generator
	a.Set(Busy)
	b.Set(Busy)
	for range 200 {
		x, y := make([]int16, 480), make([]int16, 480)
		a.Fill(x)
		b.Set(Busy)
		b.Fill(y)
		if !slices.Equal(x, y) {
			t.Fatal("setting the tone again disturbed it")
		}
	}
}

func TestATonePlayedOnceCanPlayAgain(t *testing.T) {
	var g Generator
	for range 3 {
		g.Set(KeyClick)
		if Level(play(&g, 15*time.Millisecond)) < -40 {
			t.Fatal("no click")
		}
		play(&g, 50*time.Millisecond)
		if !g.Silent() {
			t.Fatal("the click does not end")
		}
	}
}

func TestLongTonesKeepTheirLevel(t *testing.T) {
	var g Generator
	g.Set(Dial)
	first := Level(play(&g, time.Second)[Rate/2:])
	play(&g, time.Minute)
	if last := Level(play(&g, time.Second)); math.Abs(last-first) > 0.001 {
		t.Errorf("level went from %f to %f dBFS in a minute", first, last)
	}
}

func TestMixAddsAndLimits(t *testing.T) {
	var g Generator
	g.Set(Dial)
	play(&g, 20*time.Millisecond)
	out := make([]int16, 480)
	for i := range out {
		out[i] = 30000
	}
	g.Mix(out)
	if slices.Max(out) != math.MaxInt16 || slices.Min(out) < 20000 {
		t.Errorf("mixed onto 30000: %d to %d", slices.Min(out), slices.Max(out))
	}
}

func TestOtherCountriesAreData(t *testing.T) {
	usa := Plan{Dial: {Steps: []Step{{Sound: []Component{{350, -13}, {440, -13}}}}}}
	g := Generator{Plan: usa}
	g.Set(Dial)
	out := play(&g, time.Second)
	if found := Detect(usa, out, Rate); len(found) != 1 || found[0].Tone != Dial {
		t.Errorf("found %v", found)
	}
	if found := Detect(nil, out, Rate); len(found) != 0 {
		t.Errorf("the default plan found %v in it", found)
	}
	g.Set(Busy) // not in the plan: as everywhere
	if found := Detect(nil, play(&g, 2*time.Second), Rate); len(found) != 1 || found[0].Tone != Busy {
		t.Errorf("busy is %v", found)
	}
}

func TestFillDoesNotAllocate(t *testing.T) {
	var g Generator
	out := make([]int16, 480)
	if n := testing.AllocsPerRun(500, func() {
		g.Set(Ring)
		g.Fill(out)
	}); n != 0 {
		t.Errorf("%v allocations per period", n)
	}
}

func TestNames(t *testing.T) {
	for tone, want := range map[Tone]string{None: "none", Dial: "dial", KeyClick: "key-click", DTMF('#'): "dtmf-#", Tone(77): "tone(77)", Tone(0x100): "tone(256)", Tone(0x1100 | '1'): "tone(4401)"} {
		if tone.String() != want {
			t.Errorf("%q, want %q", tone.String(), want)
		}
	}
	if DTMF('x') != None || DTMF(0) != None || DTMF('a') != None {
		t.Error("bytes that are no digits make tones")
	}
}

func TestDetectTellsEveryTone(t *testing.T) {
	for _, rate := range []int{48000, 8000} {
		for _, tone := range everyTone {
			if tone == KeyClick {
				continue // too short, as documented
			}
			t.Run(fmt.Sprintf("%v at %d", tone, rate), func(t *testing.T) {
				out := record(None, 300*time.Millisecond, tone, 11*time.Second, None, 500*time.Millisecond)
				if rate == 8000 { // nothing in these tones is above 4 kHz
					for i := range len(out) / 6 {
						out[i] = out[i*6]
					}
					out = out[:len(out)/6]
				}
				found := Detect(nil, out, rate)
				if len(found) != 1 || found[0].Tone != tone {
					t.Fatalf("found %v", found)
				}
				if start := found[0].Start - 300*time.Millisecond; start.Abs() > 15*time.Millisecond {
					t.Errorf("start is off by %v", start)
				}
			})
		}
	}
}

func TestDetectASequence(t *testing.T) {
	out := record(Dial, 850*time.Millisecond,
		DTMF('6'), 80*time.Millisecond, None, 60*time.Millisecond,
		DTMF('0'), 80*time.Millisecond, None, 60*time.Millisecond,
		DTMF('0'), 80*time.Millisecond, None, 1500*time.Millisecond,
		Ringback, 5700*time.Millisecond, None, 700*time.Millisecond,
		Busy, 3*time.Second)
	found := Detect(nil, out, Rate)
	var got []string
	for _, f := range found {
		got = append(got, fmt.Sprintf("%v×%d", f.Tone, f.Bursts))
	}
	want := []string{"dial×1", "dtmf-6×1", "dtmf-0×1", "dtmf-0×1", "ringback×2", "busy×3"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if Digits(found) != "600" {
		t.Errorf("digits %q", Digits(found))
	}
	if f := found[0]; math.Abs(f.Level-(-13.14)) > 0.5 || (f.End-850*time.Millisecond).Abs() > 20*time.Millisecond {
		t.Errorf("dial tone: %+v", f)
	}
}

func TestDetectStaysQuietOnOtherSounds(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	noise := make([]int16, 3*Rate)
	for i := range noise {
		noise[i] = int16(rng.NormFloat64() * 4000)
	}
	sweep := make([]int16, 3*Rate)
	phase := 0.0
	for i := range sweep {
		phase += 2 * math.Pi * (1900 + 1000*float64(i)/Rate) / Rate
		sweep[i] = int16(9000 * math.Sin(phase))
	}
	// A voice: a comb of many harmonics of a gliding pitch.
	voice := make([]int16, 3*Rate)
	phase = 0
	for i := range voice {
		phase += 2 * math.Pi * (120 + 20*math.Sin(float64(i)/9000)) / Rate
		for h := 1.0; h < 20; h++ {
			voice[i] += int16(1500 / math.Sqrt(h) * math.Sin(h*phase+h*h))
		}
	}
	for name, x := range map[string][]int16{"silence": make([]int16, Rate), "noise": noise, "sweep": sweep, "voice": voice, "nothing": nil} {
		if found := Detect(nil, x, Rate); len(found) != 0 {
			t.Errorf("%s: found %v", name, found)
		}
	}
	if Detect(nil, noise, 1000) != nil {
		t.Error("a rate too low for the tones was accepted")
	}
}

func TestDetectUnderNoise(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	out := record(DTMF('4'), 100*time.Millisecond, None, 100*time.Millisecond, DTMF('7'), 100*time.Millisecond, None, 100*time.Millisecond)
	for i := range out {
		out[i] += int16(rng.NormFloat64() * 900) // about 20 dB below
	}
	if got := Digits(Detect(nil, out, Rate)); got != "47" {
		t.Errorf("digits %q", got)
	}
}

func BenchmarkFill(b *testing.B) {
	var g Generator
	g.Set(DTMF('5'))
	out := make([]int16, 480)
	for b.Loop() {
		g.Fill(out)
	}
}
