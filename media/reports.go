package media

import (
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/rtcp"

	"offhook/media/codec"
	"offhook/media/keying"
)

// reports sends and takes the RTCP of a session: a compound packet every 5 s on
// average (RFC 3550 section 6.2: half to one and a half of it by chance), and a
// goodbye at the end. It goes out from the RTP socket where the peer agreed to
// share it (RFC 5761), else from the socket above it.
//
// One timer runs while the session has parameters; nothing else wakes.
type reports struct {
	mu     sync.Mutex // guards everything below
	cname  string
	wire   *wire // its own socket; nil without one
	shared bool  // with RTP, by agreement
	to     netip.AddrPort
	timer  *time.Timer
	closed bool
	random func() uint32

	sentBefore     uint64 // packets sent when the last report went
	expectedBefore uint64 // of the peer's stream, at that time
	countBefore    uint64
	ssrcBefore     uint32
}

const (
	reportEvery = 5 * time.Second
	portDelay   = 10 * time.Millisecond // what a sound port holds, at least
)

func (r *reports) init(conn net.PacketConn, random func() uint32) {
	r.random = random
	// A name that says nothing and lasts for the call (RFC 7022 section 4.2).
	var name [12]byte
	for i := range name {
		name[i] = byte(rand.Uint32())
	}
	r.cname = base64.RawURLEncoding.EncodeToString(name[:])
	if conn != nil {
		r.wire = newWire(conn)
	}
}

// set notes where reports go. The first one follows soon.
func (r *reports) set(p Params, send func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.shared, r.to = p.RTCPMux, p.RTCP
	if r.timer == nil && (r.shared || r.wire != nil && r.to.IsValid()) {
		r.timer = time.AfterFunc(r.wait()/2, send)
	}
}

// wait is the time to the next report: 2.5 to 7.5 s.
func (r *reports) wait() time.Duration {
	return reportEvery/2 + time.Duration(uint64(r.random())*uint64(reportEvery)>>32)
}

// report sends one and sets the timer for the next.
func (s *Session) report() {
	s.sendReport(false)
	r := &s.reports
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed && r.timer != nil {
		r.timer.Reset(r.wait())
	}
}

func (s *Session) sendReport(bye bool) {
	r := &s.reports
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	now := time.Now()
	out := report{cname: r.cname, now: now, bye: bye}
	s.tx.describe(&out, r.sentBefore)
	r.sentBefore = uint64(out.packets)
	if stats := s.Stats(); s.rx.describe(&out, r, now) {
		out.metrics = metrics(out.reception.SSRC, stats)
	}
	b, err := out.marshal()
	if err != nil {
		s.log.Error("RTCP", "err", err)
		return
	}
	if !s.tx.sendReport(b, s.wire, r) {
		s.log.Debug("RTCP: a report could not be sent")
	}
}

// end says goodbye and stops.
func (s *Session) endReports() {
	r := &s.reports
	r.mu.Lock()
	running := r.timer != nil && !r.closed
	if running {
		r.timer.Stop()
	}
	r.mu.Unlock()
	if running {
		s.sendReport(true)
	}
	s.reportKeys.end()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	if r.wire != nil {
		r.wire.conn.Close()
	}
}

// readReports is the one reader of RTCP's own socket. It ends when that is
// closed.
func (s *Session) readReports() {
	buf := make([]byte, 2048)
	errs := 0
	for {
		n, from, err := s.reports.wire.read(buf)
		switch {
		case s.closed.Load() || errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			errs++
			s.failed(errs, err)
		case keying.Is(buf[:n]):
			errs = 0
			s.reportKeys.packet(buf[:n], from)
		default:
			errs = 0
			s.takeReport(buf[:n], from, false)
		}
	}
}

// takeReport reads a packet of RTCP that came from an address.
func (s *Session) takeReport(b []byte, from netip.AddrPort, shared bool) {
	ours, clock := s.tx.identity()
	loss, ok := s.rx.report(b, from, shared, ours, clock, time.Now())
	if ok {
		s.tx.expectLoss(loss)
	}
}

// describe fills in what the sender knows.
func (t *sender) describe(out *report, before uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	out.ssrc = t.ssrc
	out.packets, out.bytes = uint32(t.stats.packets), uint32(t.stats.bytes-headerBytes*t.stats.packets)
	out.sends = uint64(out.packets) != before && t.codec != nil
	if out.sends {
		// The timestamp of this moment: periods came since the last known one.
		since := min(max(0, out.now.Sub(t.last)), time.Minute)
		out.rtpTime = t.timestamp + uint32(uint64(since)*uint64(t.tick)/uint64(10*time.Millisecond))
	}
}

// identity is our SSRC and its clock.
func (t *sender) identity() (ssrc uint32, clock int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ssrc, max(int(t.tick)*100, codecRate)
}

// sendReport encrypts a compound packet and sends it.
func (t *sender) sendReport(b []byte, w *wire, r *reports) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	to := r.to
	if r.shared {
		to = t.dest
	} else {
		w = r.wire
	}
	if t.params.locked || w == nil || !to.IsValid() || to.Port() == 0 || to.Addr().IsUnspecified() {
		return false
	}
	armour := t.armour
	if !r.shared && t.params.DTLS != (keying.Association{}) {
		if armour = t.reportArmour; armour == nil {
			return false
		}
	}
	b, err := armour.sealRTCP(b)
	return err == nil && w.write(b, to) == nil
}

// expectLoss lets an encoder that can do something about losses know of them.
func (t *sender) expectLoss(share float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e, ok := t.encoder.(codec.LossAware); ok && !t.closed {
		e.ExpectLoss(max(share, minLoss))
	}
}

// minLoss is reckoned with however good the way was so far.
const minLoss = 0.05

// describe fills in how the peer's stream is received; false when none is.
func (r *receiver) describe(out *report, before *reports, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	st := &r.buffer.stream
	if !st.known {
		return false
	}
	expected, count := uint64(st.last-st.first+1), st.count
	if before.ssrcBefore != st.ssrc {
		before.ssrcBefore, before.expectedBefore, before.countBefore = st.ssrc, 0, 0
	}
	fraction := uint8(0)
	if e, c := expected-before.expectedBefore, count-before.countBefore; e > c {
		fraction = uint8(min((e-c)<<8/e, 255))
	}
	before.expectedBefore, before.countBefore = expected, count
	lost := max(-1<<23, min(int64(expected)-int64(count), 1<<23-1))
	out.reception = &rtcp.ReceptionReport{
		SSRC: st.ssrc, FractionLost: fraction, TotalLost: uint32(lost) & 0xffffff,
		LastSequenceNumber: uint32(st.last),
		Jitter:             uint32(r.jitter.mean * float64(r.clock)),
		LastSenderReport:   r.far.sr,
	}
	if r.far.sr != 0 {
		out.reception.Delay = uint32(max(0, now.Sub(r.far.srAt)) * 65536 / time.Second)
	}
	return true
}

// report takes a packet of RTCP. ok says that it told of our losses.
func (r *receiver) report(b []byte, from netip.AddrPort, shared bool, ours uint32, clock int, now time.Time) (loss float64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || !r.agreed || r.params.locked {
		return 0, false
	}
	armour := r.armour
	if !shared && r.params.DTLS != (keying.Association{}) {
		if armour = r.reportArmour; armour == nil {
			return 0, false
		}
	}
	b, err := armour.openRTCP(b)
	if err != nil {
		r.stats.forged++
		return 0, false
	}
	// Reports come from where the sound comes from. Their port differs on a
	// socket of their own, and behind a NAT may be any.
	expect := r.source.destination()
	if from.Addr() != expect.Addr() || shared && from != expect {
		r.stats.strangers++
		return 0, false
	}
	before := r.far.reports
	if r.far.read(b, ours, r.buffer.stream.ssrc, clock, now) != nil {
		r.far.malformed++
		return 0, false
	}
	return r.far.loss, r.far.reports != before
}
