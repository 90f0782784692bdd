package usb

import (
	"slices"
	"time"
)

// pipe is the way of transfers to the device on endpoint 0, or on the interrupt
// OUT endpoint: they are begun one after the other, at most one in each slot of
// frames, and the next when the one before is done. The bus owns it.
type pipe struct {
	slot  int64 // frames: 1 for control, the interval for interrupts
	queue []*transfer
	busy  bool  // the first of queue has begun
	last  int64 // number of the slot in which one was begun last
	from  int64 // earliest slot of the first
}

// add queues a transfer that came in a frame.
func (p *pipe) add(t *transfer, frame int64) {
	if len(p.queue) == 0 {
		p.from = frame/p.slot + 1
	}
	p.queue = append(p.queue, t)
}

// waiting tells whether there is one to begin, and the frame to do so.
func (p *pipe) waiting() (frame int64, ok bool) {
	return max(p.from, p.last+1) * p.slot, !p.busy && len(p.queue) > 0
}

// begin takes the first of the queue, which stays there until done.
func (p *pipe) begin(frame int64) *transfer {
	p.busy, p.last = true, frame/p.slot
	return p.queue[0]
}

// done lets a transfer go, begun or not.
func (p *pipe) done(t *transfer) {
	if len(p.queue) > 0 && p.queue[0] == t {
		p.busy = false
	}
	p.queue = slices.DeleteFunc(p.queue, func(o *transfer) bool { return o == t })
}

// pipeOf is the pipe of a transfer to or from the device; nil: it is of another kind.
func (b *bus) pipeOf(t *transfer) *pipe {
	switch {
	case t.endpoint == 0:
		return &b.control
	case t.endpoint == endpointOutput && !t.in && b.InterruptOut && len(t.packets) == 0:
		return &b.output
	}
	return nil
}

// begin begins what is due on a pipe; next is when something will be, zero: not
// before something happens.
func (b *bus) begin(p *pipe, now time.Time) (next time.Time) {
	for {
		frame, ok := p.waiting()
		switch {
		case !ok:
			return time.Time{}
		case now.Before(b.beginning(frame)):
			return b.beginning(frame)
		}
		b.carryOut(p.begin(b.frame(now)))
	}
}

// carryOut does a control or interrupt OUT transfer, or has the firmware do it.
func (b *bus) carryOut(t *transfer) {
	s := t.setup
	if t.endpoint != 0 {
		b.report(b.functions[0], t)
		return
	}
	f := b.function(uint8(s.index))
	if f != nil && (s.kind == classSet && s.request == hidSetReport || s.kind == classGet && s.request == hidGetReport) {
		b.report(f, t)
		return
	}
	if reply, ok := b.answer(s, t.data); ok {
		b.finish(t, statusOK, reply)
	} else {
		b.finish(t, statusStall, nil)
	}
}

// finish ends a control or interrupt OUT transfer.
func (b *bus) finish(t *transfer, status int32, data []byte) {
	if b.pending[t.seq] != t {
		return // the host gave up on it
	}
	if status == statusStall {
		b.mu.Lock()
		b.stalled++
		b.mu.Unlock()
	}
	b.pipeOf(t).done(t)
	if t.in {
		data = data[:min(len(data), t.length)]
	}
	b.complete(t, status, data, 0)
}
