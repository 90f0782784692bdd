package tone

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// national are the tones of one country, from what operators report to the ITU
// ("Various tones used in national networks", the supplement to ITU-T
// E.180/Q.35 of 2003) as public tables of tones pass it on. They were compared
// with the zones that Asterisk's indications.conf has, which names its sources;
// not in there, and so less sure, are ar, ca, cr, hk, ie, kr, si and tr, and
// the call-waiting tones of dk, jp and pt differ from it. Each is a cadence:
// sounds and pauses in turn, "425/1000 0/4000", in Hz and ms, without a time
// for a sound without end.
// "350+440" sounds together, "400*25" is 400 Hz modulated by 25 Hz.
type national struct {
	code                                      string // ISO 3166
	dial, ringback, busy, congestion, waiting string
}

var nations = []national{
	{"ar", "425", "425/1000 0/4500", "425/300 0/200", "425/200 0/300", "425/200 0/9000"},
	{"at", "420", "420/1000 0/5000", "420/400 0/400", "420/200 0/200", "420/40 0/1960"},
	{"au", "413+438", "413+438/400 0/200 413+438/400 0/2000", "425/375 0/375", "425/375 0/375", "425/200 0/200 425/200 0/4400"},
	{"be", "425", "425/1000 0/3000", "425/500 0/500", "425/167 0/167", "1400/175 0/175 1400/175 0/3500"},
	{"bg", "425", "425/1000 0/4000", "425/500 0/500", "425/250 0/250", "425/150 0/150 425/150 0/4000"},
	{"br", "425", "425/1000 0/4000", "425/250 0/250", "425/250 0/250 425/750 0/250", "425/50 0/1000"},
	{"ca", "350+440", "440+480/2000 0/4000", "480+620/500 0/500", "480+620/250 0/250", "440/300 0/10000"},
	{"ch", "425", "425/1000 0/4000", "425/500 0/500", "425/200 0/200", "425/200 0/200 425/200 0/4000"},
	{"cl", "400", "400/1000 0/3000", "400/500 0/500", "400/200 0/200", "400/250 0/8750"},
	{"cn", "450", "450/1000 0/4000", "450/350 0/350", "450/700 0/700", "450/400 0/4000"},
	{"cr", "450", "450/1203 0/4797", "450/330 0/330", "450/330 0/330", "450/150 0/150 450/150 0/8000"},
	{"cz", "425/330 0/330 425/660 0/660", "425/1000 0/4000", "425/330 0/330", "425/165 0/165", "425/330 0/9000"},
	{"de", "425", "425/1000 0/4000", "425/480 0/480", "425/240 0/240", "425/200 0/200 425/200 0/5000"},
	{"dk", "425", "425/1000 0/4000", "425/500 0/500", "425/200 0/200", "425/200 0/600 425/200 0/3000"},
	{"ee", "425", "425/1000 0/4000", "425/300 0/300", "425/200 0/200", "950/650 0/325 950/325 0/30 1400/1300 0/2600"},
	{"es", "425", "425/1500 0/3000", "425/200 0/200", "425/200 0/200 425/200 0/200 425/200 0/600", "425/175 0/175 425/175 0/3500"},
	{"fi", "425", "425/1000 0/4000", "425/300 0/300", "425/200 0/200", "425/150 0/150 425/150 0/8000"},
	{"fr", "440", "440/1500 0/3500", "440/500 0/500", "440/250 0/250", "440/300 0/10000"},
	{"gb", "350+440", "400+450/400 0/200 400+450/400 0/2000", "400/375 0/375", "400/400 0/350 400/225 0/525", "400/100 0/4000"},
	{"gr", "425/200 0/300 425/700 0/800", "425/1000 0/4000", "425/300 0/300", "425/200 0/200", "425/150 0/150 425/150 0/8000"},
	{"hk", "350+440", "440+480/400 0/200 440+480/400 0/3000", "480+620/500 0/500", "480+620/250 0/250", "440/500 0/500 440/500 0/8000"},
	{"hu", "425", "425/1250 0/3750", "425/300 0/300", "425/300 0/300", "425/40 0/1960"},
	{"ie", "425", "400+450/400 0/200 400+450/400 0/2000", "425/500 0/500", "425/500 0/500", "425/180 0/200 425/200 0/4500"},
	{"il", "414", "414/1000 0/3000", "414/500 0/500", "414/250 0/250", "414/100 0/100 414/100 0/100 414/600 0/3000"},
	{"in", "400*25", "400*25/400 0/200 400*25/400 0/2000", "400/750 0/750", "400/250 0/250", "400/200 0/100 400/200 0/7500"},
	{"it", "425/200 0/200 425/600 0/1000", "425/1000 0/4000", "425/500 0/500", "425/200 0/200", "425/400 0/100 425/250 0/100 425/150 0/14000"},
	{"jp", "400", "400*16/1000 0/2000", "400/500 0/500", "400/500 0/500", "400*16/500 0/8000"},
	{"kr", "350+440", "440+480/1000 0/2000", "480+620/500 0/500", "480+620/300 0/200", "350+440/250 0/250 350+440/250 0/3250"},
	{"lt", "425", "425/1000 0/4000", "425/350 0/350", "425/200 0/200", "425/150 0/150 425/150 0/4000"},
	{"mx", "425", "425/1000 0/4000", "425/250 0/250", "425/250 0/250", "425/200 0/600 425/200 0/10000"},
	{"my", "425", "425/400 0/200 425/400 0/2000", "425/500 0/500", "425/500 0/500", "425/200 0/200 425/200 0/4400"},
	{"nl", "425", "425/1000 0/4000", "425/500 0/500", "425/250 0/250", "425/500 0/9500"},
	{"no", "425", "425/1000 0/4000", "425/500 0/500", "425/200 0/200", "425/200 0/600 425/200 0/10000"},
	{"nz", "400", "400+450/400 0/200 400+450/400 0/2000", "400/500 0/500", "400/250 0/250", "400/200 0/3000"},
	{"ph", "425", "425+480/1000 0/4000", "480+620/500 0/500", "480+620/250 0/250", "440/300 0/10000"},
	{"pl", "425", "425/1000 0/4000", "425/500 0/500", "425/500 0/500", "425/150 0/150 425/150 0/4000"},
	{"pt", "425", "425/1000 0/5000", "425/500 0/500", "425/200 0/200", "425/200 0/200 425/200 0/5000"},
	{"ru", "425", "425/1000 0/4000", "425/350 0/350", "425/175 0/175", "425/200 0/5000"},
	{"se", "425", "425/1000 0/5000", "425/250 0/250", "425/250 0/750", "425/200 0/500 425/200 0/9100"},
	{"sg", "425", "425*24/400 0/200 425*24/400 0/2000", "425/750 0/750", "425/250 0/250", "425*24/300 0/200 425*24/300 0/3200"},
	{"si", "425/200 0/300 425/700 0/800", "425/1000 0/4000", "425/500 0/500", "425/200 0/200", "425/300 0/8000"},
	{"th", "400*50", "420/1000 0/5000", "400/500 0/500", "400/300 0/300", "1000/400 0/10000"},
	{"tr", "450", "450/2000 0/4000", "450/500 0/500", "450/200 0/200 450/200 0/200 450/200 0/200 450/600 0/200", "450/200 0/600 450/200 0/8000"},
	{"tw", "350+440", "440+480/1000 0/2000", "480+620/500 0/500", "480+620/250 0/250", "350+440/250 0/250 350+440/250 0/3250"},
	{"us", "350+440", "440+480/2000 0/4000", "480+620/500 0/500", "480+620/250 0/250", "440/300 0/10000"},
	{"ve", "425", "425/1000 0/4000", "425/500 0/500", "425/250 0/250", "400+450/300 0/6000"},
	{"za", "400*33", "400*33/400 0/200 400*33/400 0/2000", "400/500 0/500", "400/250 0/250", "400*33/250 0/250 400*33/250 0/250 400*33/250 0/250 400*33/250 0/250"},
}

var plans = sync.OnceValue(func() map[string]Plan {
	all := make(map[string]Plan, len(nations))
	for _, n := range nations {
		p := maps.Clone(Default)
		for _, row := range []struct {
			tone    Tone
			cadence string
			level   float64
		}{
			{Dial, n.dial, lineLevel}, {Ringback, n.ringback, lineLevel}, {Busy, n.busy, lineLevel},
			{Reorder, n.congestion, lineLevel}, {CallWaiting, n.waiting, waitingLevel},
		} {
			steps, err := parseCadence(row.cadence, row.level)
			if err != nil {
				panic(fmt.Sprintf("tone: %s: %v: %v", n.code, row.tone, err)) // a mistake in the table above
			}
			p[row.tone] = Pattern{Steps: steps}
		}
		all[n.code] = p
	}
	return all
})

// Countries lists the codes that Country knows, in order.
func Countries() []string { return slices.Sorted(maps.Keys(plans())) }

// Country is the plan of a country by its ISO 3166 code of two letters, in any
// case; "uk" is "gb", and "" or "itu" is Default. The plan is not to be changed.
// What a country has no tone of its own for is as in Default.
func Country(code string) (Plan, error) {
	switch c := strings.ToLower(code); c {
	case "", "itu":
		return Default, nil
	case "uk":
		return plans()["gb"], nil
	default:
		if p, ok := plans()[c]; ok {
			return p, nil
		}
	}
	return nil, fmt.Errorf("no tones are known for the country %q: use one of itu %s", code, strings.Join(Countries(), " "))
}

// parseCadence reads a cadence of the table; level is that of all it has together.
func parseCadence(text string, level float64) ([]Step, error) {
	var steps []Step
	for word := range strings.FieldsSeq(text) {
		sound, length, timed := strings.Cut(word, "/")
		var s Step
		if timed {
			ms, err := strconv.Atoi(length)
			if err != nil || ms < 1 {
				return nil, fmt.Errorf("length %q", length)
			}
			s.For = time.Duration(ms) * time.Millisecond
		}
		if sound != "0" {
			var err error
			if s.Sound, err = parseSound(sound, level); err != nil {
				return nil, err
			}
		}
		steps = append(steps, s)
	}
	return steps, nil
}

func parseSound(text string, level float64) (out []Component, err error) {
	number := func(s string) float64 {
		f, e := strconv.ParseFloat(s, 64)
		if e != nil || f < 10 || f > 3400 {
			err = fmt.Errorf("frequency %q", s)
		}
		return f
	}
	if carrier, by, modulated := strings.Cut(text, "*"); modulated {
		// Full modulation: two sidebands at half the carrier's amplitude, which
		// add half of its power.
		c, m := number(carrier), number(by)
		return []Component{{c, level - 1.76}, {c - m, level - 7.78}, {c + m, level - 7.78}}, err
	}
	parts := strings.Split(text, "+")
	for _, p := range parts {
		out = append(out, Component{number(p), level - 3*float64(len(parts)-1)})
	}
	return out, err
}
