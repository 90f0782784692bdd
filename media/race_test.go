package media

import (
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"offhook/media/codec"
	"offhook/media/tone"
)

// Everything at once from many goroutines: for the race detector, and for
// deadlocks.
func TestAnyGoroutineMayCallAnything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pair [2]*Session
		var ends [2]*Endpoint
		ca, cb := memPair()
		conns := [2]*memConn{ca, cb}
		for i := range pair {
			s := NewSession(conns[i], SessionConfig{OnEvent: func(byte) { pair[i].Stats() }})
			pair[i] = s
		}
		for i := range pair {
			must(t, pair[i].SetParams(params(codec.PCMU, conns[1-i].addr)))
			ends[i] = NewEndpoint(newFakePort(), EndpointConfig{OnFirstSound: func(time.Time, Plan) { ends[i].Levels() }})
		}
		var wg sync.WaitGroup
		for i := range pair {
			s, e, peer := pair[i], ends[i], conns[1-i].addr
			list := codec.List()
			every := func(d time.Duration, f func(k int)) {
				wg.Go(func() {
					for k := range 50 {
						time.Sleep(d)
						f(k)
					}
				})
			}
			every(70*time.Millisecond, func(k int) {
				p := params(list[k%len(list)], peer)
				p.Send, p.PTime = k%3 != 0, time.Duration(1+k%6)*10*time.Millisecond
				if err := s.SetParams(p); err != nil {
					t.Error(err)
				}
			})
			every(50*time.Millisecond, func(k int) { _ = s.SendDigit('1') })
			every(30*time.Millisecond, func(k int) { s.Stats(); s.Params(); e.Levels(); e.State() })
			every(40*time.Millisecond, func(k int) {
				e.Set(Plan{Session: s, Play: k%2 == 0, Capture: k%3 != 0, MuteMic: k%5 == 0, Tone: tone.Tone(k % 4)})
			})
			every(60*time.Millisecond, func(k int) { e.Beep(tone.DTMF('1'), 50*time.Millisecond) })
		}
		wg.Wait()
		if st := pair[1].Stats(); st.Received == 0 || st.DigitsReceived == 0 {
			t.Errorf("%+v", st)
		}
		for i := range pair {
			wg.Go(func() { ends[i].Close() })
			wg.Go(func() { pair[i].Close() })
			wg.Go(func() { _ = pair[i].SetParams(params(codec.PCMA, conns[1-i].addr)) })
		}
		wg.Wait()
	})
}

// The device of the listener runs 300 ppm fast or slow against the speaker's,
// for two minutes.
func TestTwoHandsetsWhoseClocksDisagree(t *testing.T) {
	for _, ppm := range []float64{-300, 300} {
		synctest.Test(t, func(t *testing.T) {
			ca, cb := memPair()
			a, b := NewSession(ca, SessionConfig{}), NewSession(cb, SessionConfig{})
			defer a.Close()
			defer b.Close()
			must(t, a.SetParams(params(codec.PCMU, cb.addr)))
			must(t, b.SetParams(params(codec.PCMU, ca.addr)))
			talk, listen := newFakePort(), newFakePort()
			mic := periods(500)
			talk.mic = func(i int) []int16 { return mic[i%len(mic)] }
			listen.period = time.Duration(10e6 * (1 + ppm/1e6))
			ea, eb := NewEndpoint(talk, EndpointConfig{}), NewEndpoint(listen, EndpointConfig{})
			defer ea.Close()
			defer eb.Close()
			ea.Set(Plan{Session: a, Capture: true})
			eb.Set(Plan{Session: b, Play: true, Capture: true})
			var most time.Duration
			for range 40 {
				time.Sleep(time.Second + 3*time.Millisecond)
				listen.heard()
				talk.heard()
				most = max(most, b.Stats().PlayoutDelay)
			}
			st := b.Stats()
			t.Logf("%+.0f ppm: packets wait at most %v; %+v", ppm, most, st)
			if most > 35*time.Millisecond || st.Lost+st.Late+st.Discarded > 0 || st.Concealed > 500*time.Millisecond {
				t.Errorf("%+.0f ppm: packets wait up to %v; %+v", ppm, most, st)
			}
		})
	}
}

func TestACallOverRealSockets(t *testing.T) {
	lo := netip.MustParseAddr("127.0.0.1")
	heard := make(chan time.Time, 2)
	digits := make(chan byte, 1)
	var s [2]*Session
	for i := range s {
		conn, err := ListenRTP(lo, 0, 0)
		must(t, err)
		s[i] = NewSession(conn, SessionConfig{
			OnFirstHeard: func(at time.Time) { heard <- at },
			OnEvent:      func(d byte) { digits <- d },
		})
		defer s[i].Close()
	}
	for i := range s {
		must(t, s[i].SetParams(params(codec.PCMU, netip.AddrPortFrom(lo, s[1-i].LocalPort()))))
	}
	// The first packets are sent by SetParams; the one sent before the other
	// side knew its peer is not listened to.
	must(t, s[0].SendDigit('7'))
	for range 14 {
		s[0].Push(nil)
	}
	for _, c := range []<-chan time.Time{heard, heard} {
		s[1].Push(nil)
		s[1].Push(nil)
		select {
		case <-c:
		case <-time.After(5 * time.Second):
			t.Fatal("nothing was heard")
		}
	}
	select {
	case d := <-digits:
		if d != '7' {
			t.Errorf("digit %q", d)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the digit did not arrive")
	}
}
