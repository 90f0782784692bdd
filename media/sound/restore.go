package sound

import (
	"errors"
	"fmt"
	"time"

	"offhook/media/sound/engine"
)

// lost handles a device that stalled or a process that died: the process is
// killed, for it may hang, and another one takes its place.
func (p *devicePort) lost(why error) {
	p.retire()
	if p.run != nil {
		p.run.use(nil)
		p.setState(Restarting)
		p.tell(fmt.Errorf("sound was lost: %w", why))
	}
	p.drop()
	if p.run != nil {
		p.restore()
		return
	}
	p.log.Warn("the idle sound process was lost", "err", why)
	p.revive()
}

// revive makes an idle process ready, unless the last one died young: then the
// next Start does it.
func (p *devicePort) revive() {
	if time.Since(p.spawned) < spawnPause {
		return
	}
	if err := p.choose(false); err != nil {
		p.log.Warn("sound process", "err", err)
	} else {
		p.countRestart()
	}
}

func (p *devicePort) countRestart() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.info.Restarts++
}

// restore brings sound back to a run that lost it, now or at the next try.
func (p *devicePort) restore() {
	if p.run == nil {
		return
	}
	fresh := p.h == nil
	l, err := p.connect()
	if fresh && p.h != nil {
		p.countRestart()
	}
	if err == nil {
		p.setState(Running)
		p.run.use(l)
		p.log.Info("sound is back")
		p.told = ""
		p.errs.add(nil)
		return
	}
	if errors.Is(err, ErrClosed) {
		return
	}
	p.tell(fmt.Errorf("sound cannot be brought back yet: %w", err))
	p.backoff = min(max(2*p.backoff, p.limits.retry), max(retryMost, p.limits.retry))
	p.retry.Reset(p.backoff)
}

// tell reports trouble once, however often it is met.
func (p *devicePort) tell(err error) {
	if text := err.Error(); text != p.told {
		p.told = text
		p.log.Warn("sound", "err", err)
		p.errs.add(err)
	}
}

// event handles what the process says by itself: how the microphone fared, and how
// the mixer is.
func (p *devicePort) event(e engine.Reply) {
	if e.Event == engine.EventMix && e.Mix != nil {
		p.mixIs(e.Mix)
		return
	}
	if e.Event != engine.EventCapture || p.run == nil {
		return
	}
	if e.Error != nil {
		p.errs.add(fmt.Errorf("%w: %w", ErrNoCapture, explain(e.Error)))
		p.log.Warn("microphone", "err", e.Error)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live != nil {
		p.describe(p.live, e.State)
	}
}
