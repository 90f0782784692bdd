package sound

import (
	"errors"
	"fmt"

	"offhook/media/sound/engine"
)

// own is the owner goroutine.
func (p *devicePort) own() {
	defer close(p.closed)
	for {
		var gone <-chan struct{}
		var events <-chan engine.Reply
		if p.h != nil {
			gone, events = p.h.gone, p.h.events
		}
		select {
		case c := <-p.cmds:
			if c.verb == doStart {
				c.done <- p.start(c.process)
			} else {
				p.stop()
				c.done <- nil
			}
		case <-gone:
			p.lost(fmt.Errorf("the sound process ended: %w", p.h.died()))
		case l := <-p.stalled:
			if p.run != nil && l == p.linked() {
				p.lost(ErrStalled)
			}
		case e := <-events:
			p.event(e)
		case <-p.again:
			if p.run != nil && p.linked() == nil {
				p.retry.Stop()
				p.backoff = 0
				p.restore()
			}
		case c := <-p.changes:
			p.alter(c)
		case <-p.retry.C:
			p.restore()
		case <-p.closing:
			p.shut()
			return
		}
	}
}

func (p *devicePort) start(process Process) error {
	if p.run != nil {
		return ErrRunning
	}
	l, err := p.connect()
	if err != nil {
		return fmt.Errorf("start sound: %w", err)
	}
	p.run = newRun(p, process)
	p.backoff, p.told = 0, ""
	p.setState(Running)
	p.run.use(l)
	go p.run.loop()
	return nil
}

// stop ends the run first, so that Process is over even if the device hangs.
func (p *devicePort) stop() {
	if p.run == nil {
		return
	}
	p.run.end()
	p.run = nil
	p.retry.Stop()
	p.retire()
	p.setState(Stopped)
	if p.h == nil {
		return
	}
	_, err := p.h.call(engine.Request{Cmd: engine.CmdStop}, stopLimit, p.closing)
	if err != nil && !errors.Is(err, ErrClosed) {
		// It did not stop, so it is of no use; the next one is made ready.
		p.log.Warn("the sound device did not stop", "err", err)
		p.drop()
		p.revive()
	}
}

func (p *devicePort) shut() {
	if p.run != nil {
		p.run.end()
		p.run = nil
		p.retire()
	}
	if p.h != nil {
		p.h.shut()
		p.h = nil
	}
	p.setState(Closed)
	p.errs.close()
	// Info looks into the memory only while a link is live: not any more.
	p.mem.free()
}

func (p *devicePort) setState(s State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.info.State, p.info.Running = s, s == Running || s == Restarting
	if s == Closed {
		p.info.HelperPID = 0
	}
}

// linked returns the link in use, or nil.
func (p *devicePort) linked() *link {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.live
}
