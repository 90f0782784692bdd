package engine

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"offhook/media/sound/ring"
)

// Config is what a Server works with.
type Config struct {
	Backend Backend
	Ring    *ring.Ring
	Wake    func()               // tells the program that a callback was done; never waits
	Now     func() time.Duration // a monotonic clock
	Promote func() error         // gives the calling thread realtime priority; nil: not
	Ended   func()               // called at the end of input, even while a command hangs
}

// Server obeys one program.
type Server struct {
	cfg   Config
	out   io.Writer
	write sync.Mutex // one line at a time goes to out
	clock *clock

	// Owned by the command loop.
	opened *Opened
	play   Stream
	direct DirectStream // play, where it is one; nil otherwise
	mic    Stream
	rate   int
	dev    *ring.Device
	mixer  Mixer // of opened; nil: none

	mics atomic.Pointer[queue] // for the callbacks; nil until the microphone is open
}

// Serve reads requests from in and writes replies to out until in ends.
func Serve(in io.Reader, out io.Writer, cfg Config) error {
	s := &Server{cfg: cfg, out: out, clock: &clock{}}
	requests := make(chan Request, 16)
	var failed error
	go func() {
		failed = s.read(in, requests)
		close(requests)
		if cfg.Ended != nil {
			cfg.Ended()
		}
	}()
	for req := range requests {
		s.obey(req)
	}
	s.stop()
	if s.mixer != nil {
		s.mixer.Close()
	}
	return failed
}

// read passes requests on. It must never wait for the command loop, which may
// hang in the library: a program that sends ahead without end is cut off.
func (s *Server) read(in io.Reader, requests chan<- Request) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 4096), maxLine)
	for lines.Scan() {
		var req Request
		if err := json.Unmarshal(lines.Bytes(), &req); err != nil {
			return fmt.Errorf("sound process: a request that is not JSON: %w", err)
		}
		select {
		case requests <- req:
		default:
			return errors.New("sound process: too many requests at once")
		}
	}
	return lines.Err()
}

// send writes one line. The command loop calls it, and a mixer.
func (s *Server) send(r Reply) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return
	}
	s.write.Lock()
	defer s.write.Unlock()
	s.out.Write(b.Bytes())
}

func (s *Server) obey(req Request) {
	reply := Reply{ID: req.ID}
	var err error
	switch req.Cmd {
	case CmdList:
		reply.Devices, err = s.devices(nil, req.Refresh)
	case CmdOpen:
		reply.Open, err = s.open(req)
	case CmdStart:
		err = s.start(req.Rate)
		reply.State = s.state()
	case CmdStop:
		err = s.stop()
		reply.State = s.state()
	case CmdMix:
		reply.Mix, err = s.change(req)
	case CmdState:
		reply.State = s.state()
	default:
		err = failf(Protocol, "the sound process has no command %q", req.Cmd)
	}
	if err != nil {
		reply = Reply{ID: req.ID, Error: asFailure(err)}
	}
	s.send(reply)
	if req.Cmd == CmdStart && err == nil && s.opened.Input != nil {
		s.startCapture()
	}
}

func asFailure(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return &Failure{Failed, err.Error()}
}

func (s *Server) devices(names []string, refresh bool) ([]Device, error) {
	var all []Device
	if s.cfg.Backend != nil {
		var err error
		if all, err = s.cfg.Backend.Devices(names, refresh && s.play == nil); err != nil {
			return nil, err
		}
	}
	return append(all[:min(len(all), maxDevices)], virtual...), nil
}

// open chooses devices. Names of virtual devices are not looked for in the
// library, so that they work where it does not.
func (s *Server) open(req Request) (*Opened, error) {
	if s.play != nil {
		return nil, failf(Protocol, "open while running")
	}
	isVirtual := func(name string) bool { return name == NullDevice || name == LoopbackDevice }
	devices := virtual
	var names []string
	for _, name := range []string{req.Output, req.Input} {
		if !isVirtual(name) && name != NoInput {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		var err error
		if devices, err = s.devices(names, req.Refresh); err != nil {
			return nil, err
		}
	}
	// The virtual devices are only meant when they are named.
	real := devices[:len(devices)-len(virtual)]
	in := func(name string) []Device {
		if isVirtual(name) {
			return virtual
		}
		return real
	}
	out, err := find(in(req.Output), req.Output, forOutput, cardNumber)
	if err != nil {
		return nil, err
	}
	o := &Opened{Output: out}
	if req.Input != NoInput {
		dev, err := find(in(req.Input), req.Input, forInput, cardNumber)
		if err != nil {
			return nil, err
		}
		o.Input = &dev
	}
	s.opened = o
	s.openMixer(req)
	// What listing the devices left behind is never needed again, and the
	// process may sit idle for days.
	debug.FreeOSMemory()
	return o, nil
}

func (s *Server) backend(d Device) Backend {
	if d.Index < 0 {
		return s.clock
	}
	return s.cfg.Backend
}

// start opens the output; the microphone follows after the reply.
func (s *Server) start(rate int) error {
	switch {
	case s.opened == nil:
		return failf(Protocol, "start before open")
	case s.play != nil:
		return failf(Protocol, "started already")
	case rate < 8000 || rate > 48000 || rate%100 != 0:
		return failf(Protocol, "a rate of %d Hz", rate)
	}
	dev, err := s.cfg.Ring.Device()
	if err != nil {
		return err
	}
	if dev.Period() != rate/100 {
		return failf(Protocol, "a period of %d samples at %d Hz, want 10 ms", dev.Period(), rate)
	}
	s.rate, s.dev = rate, dev
	s.mics.Store(nil)
	out := s.opened.Output
	if b, ok := s.cfg.Backend.(Direct); ok && out.Index >= 0 && b.Directly(out, s.opened.Input) {
		direct, err := b.PlayDirect(out, rate, s.cfg.Ring)
		if err != nil {
			return err
		}
		s.play, s.direct = direct, direct
		return nil
	}
	play, err := s.backend(out).Play(out, rate, dev.Period(), s.playCycle(dev))
	if err != nil {
		return err
	}
	s.play = play
	return nil
}
