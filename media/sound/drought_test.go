package sound

import "testing"

// Wake-ups come for one period or many, and the count of gaps may be ahead of
// the periods that the program has seen.
func TestDroughtIsToldOnceHoweverUnevenTheWakeUps(t *testing.T) {
	for name, c := range map[string]struct {
		came  []int // periods at each wake-up, again and again
		early int   // gaps counted before their period is seen, at every third wake-up
		quiet func(period int) bool
		want  int
	}{
		"one by one":               {[]int{1}, 0, func(int) bool { return true }, 1},
		"in bursts":                {[]int{1, 7, 1, 2}, 0, func(int) bool { return true }, 1},
		"gaps counted early":       {[]int{1, 3}, 2, func(int) bool { return true }, 1},
		"sound":                    {[]int{1, 5}, 0, func(int) bool { return false }, 0},
		"every second one missing": {[]int{1}, 0, func(p int) bool { return p%2 == 0 }, 0},
		"now and then one":         {[]int{1, 4}, 1, func(p int) bool { return p%100 != 0 }, 1},
		"two droughts":             {[]int{2}, 0, func(p int) bool { return p%1000 > 100 }, 2},
	} {
		var d drought
		told, gaps, period := 0, 0, 0
		for i := 0; period < 2000; i++ {
			n := c.came[i%len(c.came)]
			for range n {
				if c.quiet(period) {
					gaps++
				}
				period++
			}
			ahead := 0
			if i%3 == 0 && c.quiet(period) {
				ahead = c.early
			}
			if d.begins(n, uint64(gaps+ahead)) {
				told++
			}
		}
		if told != c.want {
			t.Errorf("%s: told %d times, want %d", name, told, c.want)
		}
	}
}
