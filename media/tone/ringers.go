package tone

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// ringers are the sounds a telephone can ring with, by name.
var ringers = map[string]Pattern{
	// An electronic telephone: two notes a major third apart, in turn.
	"warble": {Steps: warble(784, 988, 50*ms, 1000*ms, 4000*ms)},
	// A bell with two gongs, struck 20 times a second.
	"bell": {Steps: warble(1480, 1760, 25*ms, 2000*ms, 4000*ms)},
	// The British double ring.
	"double": {Steps: slices.Concat(warble(784, 988, 50*ms, 400*ms, 200*ms), warble(784, 988, 50*ms, 400*ms, 2000*ms))},
	// A door chime: two notes, once every few seconds.
	"chime": {Steps: melody(4000*ms, note{659, 400 * ms}, note{523, 800 * ms})},
	// Four rising notes.
	"melody": {Steps: melody(3000*ms, note{523, 150 * ms}, note{659, 150 * ms}, note{784, 150 * ms}, note{1047, 450 * ms})},
	// Short beeps, for offices.
	"beep": {Steps: []Step{
		{[]Component{{1000, ringLevel}}, 80 * ms}, {nil, 80 * ms}, {[]Component{{1000, ringLevel}}, 80 * ms}, {nil, 3000 * ms},
	}},
	// A low pulse, for those who are startled easily.
	"soft": {Steps: melody(3000*ms, note{392, 600 * ms})},
}

type note struct {
	hz     float64
	length time.Duration
}

func melody(pause time.Duration, notes ...note) []Step {
	var steps []Step
	for _, n := range notes {
		steps = append(steps, Step{[]Component{{n.hz, ringLevel}, {2 * n.hz, ringLevel - 12}}, n.length})
	}
	return append(steps, Step{nil, pause})
}

// Ringers lists the names that WithRinger knows, in order.
func Ringers() []string { return slices.Sorted(maps.Keys(ringers)) }

// WithRinger is a plan that rings with the ringer of that name; "" changes
// nothing.
func (p Plan) WithRinger(name string) (Plan, error) {
	if name == "" {
		return p, nil
	}
	pattern, ok := ringers[strings.ToLower(name)]
	if !ok {
		return nil, fmt.Errorf("no ringer has the name %q: use one of %s, or a WAV or Opus file", name, strings.Join(Ringers(), " "))
	}
	p = maps.Clone(p)
	if p == nil {
		p = Plan{}
	}
	p[Ring] = pattern
	return p, nil
}
