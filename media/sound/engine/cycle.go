package engine

import (
	"time"

	"offhook/media/sound/ring"
)

// patience is how many periods an open microphone may take to give its first: a
// sound server takes up to two seconds.
const patience = 300

// playCycle returns the output's callback: the clock of the whole port.
func (s *Server) playCycle(dev *ring.Device) Cycle {
	promote := s.promoter(dev.SetRealtime)
	single := make([]int16, dev.Period())
	quiet := make([]int16, dev.Period())
	waited := 0
	return func(pcm []int16, channels int, gap bool) {
		promote()
		if gap {
			dev.Gap(true, false)
		}
		if channels < 1 || len(pcm) != len(single)*channels {
			clear(pcm) // not what was asked for; never seen
			return
		}
		// Before the microphone's first period nothing is missing, unless it
		// does not come at all.
		mic := quiet
		if q := s.mics.Load(); q != nil && q.begun() {
			mic = q.take()
		} else if q != nil {
			if waited++; waited > patience {
				mic = nil
			}
		}
		if channels == 1 {
			dev.Cycle(s.cfg.Now(), mic, pcm)
		} else {
			dev.Cycle(s.cfg.Now(), mic, single)
			for i, v := range single {
				for c := range channels {
					pcm[i*channels+c] = v
				}
			}
		}
		s.cfg.Wake()
	}
}

// promoter returns a function that raises the priority of the thread that calls
// it first. The library makes its threads itself, so this is the one place to
// reach them.
func (s *Server) promoter(tell func(bool)) func() {
	done := s.cfg.Promote == nil
	return func() {
		if !done {
			done = true
			tell(s.cfg.Promote() == nil)
		}
	}
}

// startCapture opens the microphone and tells how it went. Without it the port
// still plays.
func (s *Server) startCapture() {
	if s.direct != nil {
		mic, err := s.direct.Capture(*s.opened.Input)
		s.captured(mic, nil, err)
		return
	}
	period := s.rate / 100
	q, dev := newQueue(period), s.dev
	promote := s.promoter(func(bool) {})
	mic, err := s.backend(*s.opened.Input).Capture(*s.opened.Input, s.rate, period, func(pcm []int16, channels int, gap bool) {
		promote()
		if gap {
			dev.Gap(false, true)
		}
		if channels >= 1 {
			q.put(pcm, channels)
		}
	})
	s.captured(mic, q, err)
}

// captured tells how opening the microphone went. A queue is what its callback fills.
func (s *Server) captured(mic Stream, q *queue, err error) {
	if err != nil {
		s.send(Reply{Event: EventCapture, Error: asFailure(err)})
		return
	}
	s.mic = mic
	s.mics.Store(q)
	s.send(Reply{Event: EventCapture, State: s.state()})
}

// stop closes both streams. On return no callback runs.
func (s *Server) stop() error {
	s.mics.Store(nil)
	var failed error
	for _, stream := range []*Stream{&s.play, &s.mic} {
		if *stream != nil {
			if err := (*stream).Close(); err != nil && failed == nil {
				failed = err
			}
			*stream = nil
		}
	}
	s.direct = nil
	return failed
}

func (s *Server) state() *State {
	st := &State{Running: s.play != nil, Capture: s.mic != nil}
	if s.play != nil {
		st.Rate = s.rate
		st.OutputLatency = int64(s.play.Latency() / time.Microsecond)
	}
	if s.mic != nil {
		st.InputLatency = int64(s.mic.Latency() / time.Microsecond)
	}
	if s.cfg.Ring != nil {
		st.Callbacks = s.cfg.Ring.Callbacks()
		st.Realtime = s.cfg.Ring.Realtime()
	}
	return st
}
