package sound

import (
	"errors"
	"time"

	"offhook/media/sound/engine"
)

// choose makes sure that a process runs and has chosen its devices; anew when
// refresh is set.
func (p *devicePort) choose(refresh bool) error {
	if p.h == nil {
		h, err := startHelper(p.path, p.cfg.Env, p.mem, p.log)
		if err != nil {
			return err
		}
		p.h, p.opened, p.spawned = h, false, time.Now()
		p.mu.Lock()
		p.info.HelperPID = h.cmd.Process.Pid
		p.mu.Unlock()
	}
	if p.opened && !refresh {
		return nil
	}
	req := engine.Request{Cmd: engine.CmdOpen, Output: p.cfg.Device, Input: p.cfg.Input, Refresh: refresh, Running: p.run != nil}
	if req.Input == "" {
		req.Input = p.cfg.Device
	}
	r, err := p.h.call(req, openLimit, p.closing)
	p.check(err)
	if err != nil {
		return err
	}
	p.opened = true
	if r.Open != nil {
		p.mixer(r.Open)
		p.server = r.Open.Output.HW == "" && r.Open.Output.Index >= 0
		p.mu.Lock()
		p.info.Device, p.info.Shared = r.Open.Output.Name, r.Open.Output.Node != ""
		p.mu.Unlock()
	}
	return nil
}

// check drops a process that failed to answer.
func (p *devicePort) check(err error) {
	if errors.Is(err, errHelper) || errors.Is(err, ErrClosed) {
		p.drop()
	}
}

func (p *devicePort) drop() {
	if p.h != nil {
		p.h.destroy()
		p.h, p.opened = nil, false
		p.mu.Lock()
		p.info.HelperPID = 0
		p.mu.Unlock()
	}
}

// connect opens the device and returns the link to it.
func (p *devicePort) connect() (*link, error) {
	stale := p.stale
	l, err := p.attempt(stale)
	p.stale = errors.Is(err, ErrNoDevice)
	switch {
	case err == nil || stale || errors.Is(err, ErrClosed) || errors.Is(err, ErrBusy) || errors.Is(err, ErrNoHelper):
		return l, err
	case errors.Is(err, errHelper):
		return p.attempt(false) // a process that hung or died while idle
	}
	return p.attempt(true) // what it knew of the devices may be old
}

func (p *devicePort) attempt(refresh bool) (*link, error) {
	if err := p.choose(refresh); err != nil {
		return nil, err
	}
	order := rates
	if p.rate != 0 {
		order = append([]int{p.rate}, rates...)
	}
	var failed error
	for _, rate := range order {
		l, err := p.newLink(rate)
		if err != nil {
			return nil, err
		}
		r, err := p.h.call(engine.Request{Cmd: engine.CmdStart, Rate: rate}, startLimit, p.closing)
		p.check(err)
		if errors.Is(err, ErrFormat) {
			if failed == nil {
				failed = err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		p.rate = rate
		p.adopt(l, r.State)
		return l, nil
	}
	return nil, failed
}

// adopt makes a link the one whose counters are shown.
func (p *devicePort) adopt(l *link, st *engine.State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live = l
	p.info.Rate = l.rate
	p.describe(l, st)
}

// describe takes over what the process tells of the open device. p.mu is held.
func (p *devicePort) describe(l *link, st *engine.State) {
	p.info.Latency = l.delay()
	if st != nil {
		p.info.Latency += st.Latency()
	}
}

// retire adds a link's counters to the sum, before the ring is reset.
func (p *devicePort) retire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live != nil {
		p.live.account(&p.info, p.ring.Counters())
		p.live = nil
	}
}
