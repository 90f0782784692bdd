package locate

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// zone is a Resolver of a few lines: "NAME TYPE RDATA…"; "NAME TYPE fail" is a server that does not answer.
type zone map[question][]Record

var errFail = fmt.Errorf("192.0.2.53 is silent: %w", ErrNoAnswer)

func parseZone(t *testing.T, text string) zone {
	t.Helper()
	z := zone{}
	types := map[string]Type{"A": A, "AAAA": AAAA, "SRV": SRV, "NAPTR": NAPTR}
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		q := question{f[0], types[f[1]]}
		r := Record{TTL: time.Minute}
		switch {
		case f[2] == "fail":
			z[q] = nil
			continue
		case q.t == A, q.t == AAAA:
			r.Addr = netip.MustParseAddr(f[2])
		case q.t == SRV:
			fmt.Sscan(line[strings.Index(line, " SRV ")+5:], &r.Priority, &r.Weight, &r.Port, &r.Target)
		case q.t == NAPTR:
			fmt.Sscan(line[strings.Index(line, " NAPTR ")+7:], &r.Order, &r.Preference, &r.Flags, &r.Service, &r.Target)
		}
		z[q] = append(z[q], r)
	}
	return z
}

func (z zone) Query(_ context.Context, name string, t Type) ([]Record, error) {
	rs, ok := z[question{name, t}]
	switch {
	case !ok:
		return nil, fmt.Errorf("%s %v: %w", name, t, ErrNotFound)
	case rs == nil:
		return nil, errFail
	}
	return rs, nil
}

func TestLocate(t *testing.T) {
	const (
		plain = "sip.test A 192.0.2.1\nsip.test A 192.0.2.2\nsip.test AAAA 2001:db8::1\n"
		srv   = plain + `
			_sip._udp.sip.test SRV 10 1 5070 b.sip.test
			_sip._udp.sip.test SRV 5 1 5080 a.sip.test
			_sip._tcp.sip.test SRV 1 1 5062 a.sip.test
			_sips._tcp.sip.test SRV 1 1 5063 a.sip.test
			a.sip.test A 192.0.2.10
			b.sip.test A 192.0.2.11`
		naptr = srv + `
			sip.test NAPTR 50 50 s SIPS+D2T _sips._tcp.sip.test
			sip.test NAPTR 100 50 s SIP+D2U _sip._udp.sip.test
			sip.test NAPTR 90 50 S sip+d2t _sip._tcp.sip.test
			sip.test NAPTR 10 50 u E2U+sip nothing.sip.test
			sip.test NAPTR 20 50 s SIP+D2W _sip._ws.sip.test`
	)
	for _, c := range []struct {
		name, zone string
		q          Query
		want       string
	}{
		{"an address", "", Query{Host: "192.0.2.9"}, "udp:192.0.2.9:5060"},
		{"an address over TLS", "", Query{Host: "2001:db8::9", Transport: "tls"}, "tls:[2001:db8::9]:5061"},
		{"an address with a port", "", Query{Host: "192.0.2.9", Port: 99, Transport: "tls"}, "tls:192.0.2.9:99"},
		{"a name", plain, Query{Host: "sip.test."}, "udp:192.0.2.1:5060 udp:[2001:db8::1]:5060 udp:192.0.2.2:5060"},
		{"a name over TLS", plain, Query{Host: "sip.test", Transport: "tls"}, "tls:192.0.2.1:5061 tls:[2001:db8::1]:5061 tls:192.0.2.2:5061"},
		{"a port asks no SRV", srv, Query{Host: "sip.test", Port: 5099, Transport: "tcp"}, "tcp:192.0.2.1:5099 tcp:[2001:db8::1]:5099 tcp:192.0.2.2:5099"},
		{"SRV by priority", srv, Query{Host: "sip.test", Transport: "udp"}, "udp:192.0.2.10:5080 udp:192.0.2.11:5070"},
		{"SRV of another transport", srv, Query{Host: "sip.test", Transport: "tcp"}, "tcp:192.0.2.10:5062"},
		{"SRV over TLS is _sips._tcp", srv, Query{Host: "sip.test", Transport: "tls"}, "tls:192.0.2.10:5063"},
		{"SRV without a wish", srv, Query{Host: "sip.test"}, "udp:192.0.2.10:5080 udp:192.0.2.11:5070"},
		{"NAPTR by order", naptr, Query{Host: "sip.test"}, "tls:192.0.2.10:5063 tcp:192.0.2.10:5062 udp:192.0.2.10:5080 udp:192.0.2.11:5070"},
		{"NAPTR with a wish", naptr, Query{Host: "sip.test", Transport: "tcp"}, "tcp:192.0.2.10:5062"},
		{"NAPTR that leads elsewhere", "sip.test NAPTR 1 1 s SIP+D2U _sip._udp.elsewhere.test\n_sip._udp.elsewhere.test SRV 1 1 5060 x.elsewhere.test\nx.elsewhere.test A 192.0.2.3",
			Query{Host: "sip.test"}, "udp:192.0.2.3:5060"},
		{"SRV that says no", plain + "_sip._udp.sip.test SRV 0 0 0 .\n", Query{Host: "sip.test", Transport: "udp"}, "udp:192.0.2.1:5060 udp:[2001:db8::1]:5060 udp:192.0.2.2:5060"},
		{"one SRV target without address", srv + "\n_sip._tcp.sip.test SRV 0 1 5060 gone.sip.test", Query{Host: "sip.test", Transport: "tcp"}, "tcp:192.0.2.10:5062"},
		{"nonsense addresses", "sip.test A 0.0.0.0\nsip.test A 224.0.0.1\nsip.test A 192.0.2.1", Query{Host: "sip.test"}, "udp:192.0.2.1:5060"},
		{"a server that does not answer for SRV", plain + "_sip._udp.sip.test SRV fail", Query{Host: "sip.test", Transport: "udp"}, "udp:192.0.2.1:5060 udp:[2001:db8::1]:5060 udp:192.0.2.2:5060"},
		{"no such name", "", Query{Host: "sip.test"}, "error: find sip.test: no such name"},
		{"no answer", "sip.test A fail", Query{Host: "sip.test"}, "error: find sip.test: 192.0.2.53 is silent: no name server answers"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := Locator{R: parseZone(t, c.zone)}
			r, err := l.Locate(t.Context(), c.q)
			var got []string
			for _, x := range r.Targets {
				got = append(got, x.String())
			}
			text := strings.Join(got, " ")
			if err != nil {
				text = "error: " + err.Error()
				if !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrNoAnswer) {
					t.Errorf("error %v is neither", err)
				}
			}
			if text != c.want {
				t.Errorf("got  %s\nwant %s", text, c.want)
			}
		})
	}
}

// TestWeights: of equal priorities the heavier comes first as often as its weight says, and the light are not lost.
func TestWeights(t *testing.T) {
	records := []Record{{Target: "heavy", Weight: 60}, {Target: "half", Weight: 30}, {Target: "light", Weight: 10}, {Target: "zero"}, {Target: "spare", Priority: 1}}
	firsts := map[string]int{}
	next := 0
	s := search{Locator: &Locator{Rand: func(n int) int { next = (next + 7919) % 1000003; return next % n }}}
	for range 10000 {
		got := s.order(records)
		if len(got) != 5 || got[4].Target != "spare" {
			t.Fatalf("order %+v", got)
		}
		firsts[got[0].Target]++
	}
	for name, want := range map[string]int{"heavy": 6000, "half": 3000, "light": 1000} {
		if n := firsts[name]; n < want*9/10 || n > want*11/10 {
			t.Errorf("%s came first %d times of 10000, want about %d", name, n, want)
		}
	}
}

// mute is a Resolver that never answers for some types.
type mute struct {
	zone
	types []Type
}

func (m mute) Query(ctx context.Context, name string, t Type) ([]Record, error) {
	if slices.Contains(m.types, t) {
		<-ctx.Done()
		return nil, fmt.Errorf("%w: %w", ErrNoAnswer, ctx.Err())
	}
	return m.zone.Query(ctx, name, t)
}

// TestNameServersThatDropWhatTheyDoNotKnow: addresses are found all the same,
// and soon.
func TestNameServersThatDropWhatTheyDoNotKnow(t *testing.T) {
	for _, c := range []struct {
		types []Type
		took  time.Duration
	}{{[]Type{NAPTR, SRV}, 3 * optional}, {[]Type{AAAA}, brief}, {[]Type{NAPTR, SRV, AAAA}, 3*optional + brief}} {
		synctest.Test(t, func(t *testing.T) {
			l := Locator{R: mute{parseZone(t, "sip.test A 192.0.2.1"), c.types}}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			start := time.Now()
			r, err := l.Locate(ctx, Query{Host: "sip.test"})
			if err != nil || len(r.Targets) != 1 || time.Since(start) != c.took {
				t.Errorf("%v mute: %v, %v after %v", c.types, r.Targets, err, time.Since(start))
			}
			cancel()
			synctest.Wait()
		})
	}
}

// TestRanks: equally good targets have one rank, spares a higher one.
func TestRanks(t *testing.T) {
	l := Locator{R: parseZone(t, `
		sip.test NAPTR 1 1 s SIP+D2T _sip._tcp.sip.test
		sip.test NAPTR 2 1 s SIP+D2U _sip._udp.sip.test
		_sip._tcp.sip.test SRV 1 1 5060 a.test
		_sip._tcp.sip.test SRV 2 1 5060 b.test
		_sip._udp.sip.test SRV 1 1 5060 b.test
		a.test A 192.0.2.1
		a.test A 192.0.2.2
		b.test A 192.0.2.3`)}
	r, err := l.Locate(t.Context(), Query{Host: "sip.test"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range r.Targets {
		got = append(got, fmt.Sprint(x.Rank, " ", x))
	}
	if want := "0 tcp:192.0.2.1:5060, 0 tcp:192.0.2.2:5060, 1 tcp:192.0.2.3:5060, 2 udp:192.0.2.3:5060"; strings.Join(got, ", ") != want {
		t.Errorf("got %s", strings.Join(got, ", "))
	}
}

func TestResultHoldsUntilTheShortestAnswerRunsOut(t *testing.T) {
	z := parseZone(t, "_sip._udp.sip.test SRV 1 1 5060 a.sip.test\na.sip.test A 192.0.2.1")
	z[question{"a.sip.test", A}][0].TTL = 20 * time.Second
	l := Locator{R: z}
	start := time.Now()
	r, err := l.Locate(t.Context(), Query{Host: "sip.test", Transport: "udp"})
	if left := r.Until.Sub(start); err != nil || left < 20*time.Second || left > 21*time.Second {
		t.Errorf("holds %v, %v", left, err)
	}
}
