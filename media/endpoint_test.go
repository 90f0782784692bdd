package media

import (
	"errors"
	"math"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"offhook/media/codec"
	"offhook/media/internal/voice"
	"offhook/media/sound"
	"offhook/media/tone"
)

func silent(x []int16) bool {
	for _, s := range x {
		if s != 0 {
			return false
		}
	}
	return true
}

// steps gives the largest difference between neighbouring samples.
func steps(x []int16) int {
	most := 0
	for i := 1; i < len(x); i++ {
		most = max(most, int(math.Abs(float64(x[i])-float64(x[i-1]))))
	}
	return most
}

func TestThePortIsOpenOnlyWhileItIsUsedAndFiveSecondsAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := newFakePort()
		var states []PortStatus
		e := NewEndpoint(port, EndpointConfig{OnState: func(s State) { states = append(states, s.Status) }})
		defer e.Close()
		check := func(when string, wantStarts, wantStops int, wantRunning bool) {
			t.Helper()
			synctest.Wait()
			if starts, stops, running := port.counts(); starts != wantStarts || stops != wantStops || running != wantRunning {
				t.Errorf("%s: %d starts, %d stops, running %v", when, starts, stops, running)
			}
		}
		e.Set(Plan{})
		time.Sleep(time.Minute)
		check("on hook", 0, 0, false)
		e.Set(Plan{Tone: tone.Dial})
		check("lifted", 1, 0, true)
		time.Sleep(7 * time.Second)
		e.Set(Plan{})
		time.Sleep(4900 * time.Millisecond)
		check("4.9 s after hanging up", 1, 0, true)
		e.Set(Plan{Tone: tone.Dial})
		time.Sleep(time.Second)
		e.Set(Plan{})
		time.Sleep(4900 * time.Millisecond)
		check("4.9 s after hanging up again", 1, 0, true)
		time.Sleep(200 * time.Millisecond)
		check("5.1 s after", 1, 1, false)
		e.Set(Plan{Ring: tone.Ring})
		check("rung", 2, 1, true)
		want := []PortStatus{Opening, Open, Closed, Opening, Open}
		if len(states) != len(want) {
			t.Fatalf("states %v, want %v", states, want)
		}
		for i := range want {
			if states[i] != want[i] {
				t.Fatalf("states %v, want %v", states, want)
			}
		}
	})
}

func TestDialToneComesAtOnceAndFadesIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := newFakePort()
		port.delay = 30 * time.Millisecond
		var first time.Time
		var plan Plan
		calls := 0
		e := NewEndpoint(port, EndpointConfig{OnFirstSound: func(at time.Time, p Plan) { first, plan = at, p; calls++ }})
		defer e.Close()
		lifted := time.Now()
		e.Set(Plan{Tone: tone.Dial})
		time.Sleep(time.Second)
		synctest.Wait()
		heard := port.heard()
		if calls != 1 || plan.Tone != tone.Dial || first.Sub(lifted) != port.delay {
			t.Errorf("first sound %d times, %v after lifting, of %+v", calls, first.Sub(lifted), plan)
		}
		if _, ear := e.Levels(); ear > -3 || ear < -30 {
			t.Errorf("dial tone at %.1f dBFS", ear)
		}
		peak := 0
		for _, s := range heard[4800:9600] {
			peak = max(peak, int(s))
		}
		// A sine of 425 Hz at 48 kHz moves by 2π·425/48000 of its peak.
		if got, limit := steps(heard), peak*6/100+2; got > limit {
			t.Errorf("a step of %d in a tone with a peak of %d", got, peak)
		}
	})
}

func TestAToneThatFadesAwayIsNoFirstWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, _, _ := call(t, codec.PCMU, nil)
		port := newFakePort()
		words := make(chan time.Time, 9)
		e := NewEndpoint(port, EndpointConfig{OnFirstSound: func(at time.Time, p Plan) {
			if p.Session != nil {
				words <- at
			}
		}})
		defer e.Close()
		e.Set(Plan{Tone: tone.Dial})
		time.Sleep(time.Second)
		e.Set(Plan{Session: a, Play: true, Capture: true})
		time.Sleep(time.Second)
		synctest.Wait()
		if len(words) != 0 {
			t.Fatalf("a word was heard %v before anybody spoke", time.Since(<-words))
		}
		spoke := time.Now()
		run(50, func(i int) { b.Push(periods(50)[i]) })
		synctest.Wait()
		if len(words) != 1 {
			t.Fatalf("%d first words", len(words))
		}
		if at := (<-words).Sub(spoke); at < 0 || at > 300*time.Millisecond {
			t.Errorf("the first word was heard after %v", at)
		}
	})
}

func TestPuttingDownIsSilenceAndNothingLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newMemConn("192.0.2.1:4000")
		list := record(conn)
		s := NewSession(conn, SessionConfig{})
		defer s.Close()
		must(t, s.SetParams(params(codec.PCMU, netip.MustParseAddrPort("192.0.2.2:5000"))))
		port := newFakePort()
		mic := periods(2000)
		port.mic = func(i int) []int16 { return mic[i%2000] }
		e := NewEndpoint(port, EndpointConfig{})
		defer e.Close()
		e.Set(Plan{Session: s, Play: true, Capture: true, Tone: tone.Dial})
		time.Sleep(995 * time.Millisecond)
		synctest.Wait()
		if mic, ear := e.Levels(); mic < -60 || ear < -60 {
			t.Errorf("levels in the call: mic %.0f, ear %.0f", mic, ear)
		}
		e.Set(Plan{})
		port.heard()
		n := len(*list)
		e.Beep(tone.KeyClick, 100*time.Millisecond)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		heard := port.heard()
		if len(heard) < 48000 {
			t.Fatal("the port did not go on")
		}
		if !silent(heard[fadePeriod+1:]) {
			t.Error("the ear hears something later than 5 ms after putting down")
		}
		if len(*list) != n {
			t.Errorf("%d packets left after putting down", len(*list)-n)
		}
		if mic, ear := e.Levels(); mic != SilentLevel || ear > -60 {
			t.Errorf("levels on hook: mic %.0f, ear %.0f", mic, ear)
		}
	})
}

func TestMuteStopsTheMicrophoneAtOnceAndUnmuteFadesIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca, cb := memPair()
		a, b := NewSession(ca, SessionConfig{}), NewSession(cb, SessionConfig{})
		defer a.Close()
		defer b.Close()
		must(t, a.SetParams(params(codec.PCMU, cb.addr)))
		must(t, b.SetParams(params(codec.PCMU, ca.addr)))
		talk, listen := newFakePort(), newFakePort()
		loud := make([]int16, sound.Period)
		for i := range loud {
			loud[i] = int16(12000 * math.Sin(2*math.Pi*float64(i)/48)) // 1 kHz
		}
		talk.mic = func(int) []int16 { return loud }
		ea, eb := NewEndpoint(talk, EndpointConfig{}), NewEndpoint(listen, EndpointConfig{})
		defer ea.Close()
		defer eb.Close()
		plan := Plan{Session: a, Play: true, Capture: true}
		ea.Set(plan)
		eb.Set(Plan{Session: b, Play: true, Capture: true})
		level := func(wait time.Duration) float64 {
			time.Sleep(wait)
			synctest.Wait()
			x := listen.heard()
			return 20 * math.Log10(voice.RMS(x[len(x)-4800:])/32768+1e-9)
		}
		if got := level(time.Second); got < -15 {
			t.Errorf("in the call %.0f dBFS", got)
		}
		plan.MuteMic = true
		ea.Set(plan)
		if got := level(time.Second); got > -90 {
			t.Errorf("muted %.0f dBFS", got)
		}
		if mic, _ := ea.Levels(); mic < -15 {
			t.Errorf("the meter of a muted microphone shows %.0f", mic)
		}
		plan.MuteMic = false
		ea.Set(plan)
		if got := level(time.Second); got < -15 {
			t.Errorf("unmuted %.0f dBFS", got)
		}
		plan.Capture = false
		ea.Set(plan)
		n := a.Stats().Sent
		time.Sleep(time.Second)
		if got := a.Stats().Sent; got != n {
			t.Errorf("%d packets without capture", got-n)
		}
	})
}

func TestSwitchingBetweenCallsMakesNoClick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Two calls that deliver a loud 200 Hz tone each.
		port := newFakePort()
		e := NewEndpoint(port, EndpointConfig{})
		defer e.Close()
		var calls [2]*Session
		for i := range calls {
			conn := newMemConn("192.0.2.1:4000")
			peer := netip.MustParseAddrPort("192.0.2.2:5000")
			s := NewSession(conn, SessionConfig{})
			defer s.Close()
			must(t, s.SetParams(params(codec.PCMU, peer)))
			calls[i] = s
			go func() {
				enc, _ := codec.PCMU.NewEncoder(codec.Options{})
				pcm := make([]int16, 160)
				run(200, func(k int) {
					if k%2 != 0 {
						return
					}
					for j := range pcm {
						pcm[j] = int16(12000 * math.Sin(2*math.Pi*(200*float64(k*80+j)/8000+float64(i)/4)))
					}
					b := appendRTP(nil, header{sequence: uint16(k / 2), timestamp: uint32(80 * k), ssrc: 1})
					b, _ = enc.Encode(b, pcm)
					conn.inject(b, peer)
				})
			}()
		}
		e.Set(Plan{Session: calls[0], Play: true})
		time.Sleep(455 * time.Millisecond)
		port.heard()
		for i := range 40 {
			e.Set(Plan{Session: calls[i%2], Play: true})
			time.Sleep(20 * time.Millisecond)
		}
		synctest.Wait()
		heard := port.heard()
		if voice.RMS(heard) < 3000 {
			t.Fatalf("the calls are not heard: RMS %.0f", voice.RMS(heard))
		}
		// The tone itself moves by 314 a sample; a cut would move by thousands.
		for i := range len(heard) / sound.Period {
			if got := steps(heard[max(0, i*sound.Period-1):][:sound.Period]); got > 1000 {
				t.Errorf("a step of %d in period %d; %+v", got, i, calls[0].Stats())
			}
		}
		time.Sleep(2 * time.Second)
	})
}

func TestABeepIsHeardOverThePlanAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := newFakePort()
		conn := newMemConn("192.0.2.1:4000")
		s := NewSession(conn, SessionConfig{})
		defer s.Close()
		e := NewEndpoint(port, EndpointConfig{})
		defer e.Close()
		e.Set(Plan{Session: s, Play: true})
		time.Sleep(105 * time.Millisecond)
		port.heard()
		e.Beep(tone.DTMF('5'), 100*time.Millisecond)
		time.Sleep(200 * time.Millisecond)
		synctest.Wait()
		heard := port.heard()
		if voice.RMS(heard[960:3840]) < 500 {
			t.Error("the beep is not heard")
		}
		if !silent(heard[len(heard)-3840:]) {
			t.Error("the beep does not end")
		}
	})
}

func TestAPortThatFailsIsTriedAgainWithPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := newFakePort()
		broken := errors.New("no such card")
		var works atomic.Bool
		port.start = func() error {
			if works.Load() {
				return nil
			}
			return broken
		}
		e := NewEndpoint(port, EndpointConfig{})
		defer e.Close()
		e.Set(Plan{Tone: tone.Dial})
		synctest.Wait()
		if s := e.State(); s.Status != Failed || !errors.Is(s.Err, broken) {
			t.Errorf("state %+v", s)
		}
		time.Sleep(30 * time.Second)
		starts, _, _ := port.counts()
		if starts < 8 || starts > 14 {
			t.Errorf("%d attempts in 30 s", starts)
		}
		e.Retry()
		synctest.Wait()
		if now, _, _ := port.counts(); now != starts+1 || port.retries.Load() != 1 {
			t.Errorf("told that it may work: %d attempts after %d, and %d told to the port", now, starts, port.retries.Load())
		}
		works.Store(true)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if s := e.State(); s.Status != Open || s.Err != nil {
			t.Errorf("state %+v", s)
		}
		time.Sleep(time.Second)
		port.heard()
		port.fail(errors.New("unplugged"))
		synctest.Wait()
		if s := e.State(); s.Status != Failed || s.Err == nil {
			t.Errorf("after the port gave up: %+v", s)
		}
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if s := e.State(); s.Status != Open || voice.RMS(port.heard()) < 500 {
			t.Errorf("it did not come back: %+v", s)
		}
		port.errs <- errors.New("a period was lost")
		synctest.Wait()
		if s := e.State(); s.Status != Open || s.Err == nil {
			t.Errorf("small trouble: %+v", s)
		}
		port.errs <- nil
		synctest.Wait()
		if s := e.State(); s.Status != Open || s.Err != nil {
			t.Errorf("the port is back: %+v", s)
		}
		works.Store(false)
		port.fail(errors.New("unplugged"))
		synctest.Wait()
		e.Set(Plan{})
		time.Sleep(time.Minute)
		n, _, _ := port.counts()
		time.Sleep(time.Minute)
		if m, _, _ := port.counts(); m != n || e.State().Status != Closed {
			t.Errorf("on hook it is tried again, state %+v", e.State())
		}
	})
}

func TestCloseWhileThePortOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := newFakePort()
		port.delay = time.Second
		e := NewEndpoint(port, EndpointConfig{})
		e.Set(Plan{Tone: tone.Dial})
		time.Sleep(time.Millisecond)
		must(t, e.Close())
		must(t, e.Close())
		if _, _, running := port.counts(); running || !port.closed {
			t.Error("the port was left open")
		}
		e.Set(Plan{Tone: tone.Dial})
		synctest.Wait()
		if starts, _, _ := port.counts(); starts != 1 {
			t.Error("a closed endpoint opened its port")
		}
	})
}

func TestCallbacksMaySetThePlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := newFakePort()
		var e *Endpoint
		e = NewEndpoint(port, EndpointConfig{
			OnFirstSound: func(time.Time, Plan) { e.Set(Plan{}); e.Levels(); e.State() },
		})
		defer e.Close()
		e.Set(Plan{Tone: tone.Dial})
		time.Sleep(time.Second)
		port.heard()
		time.Sleep(time.Second)
		synctest.Wait()
		if !silent(port.heard()) {
			t.Error("the plan set in a callback was not followed")
		}
	})
}
