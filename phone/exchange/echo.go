package exchange

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

// echo sends a peer's RTP back as it came: same payload, same payload type,
// same spacing, a sequence and an SSRC of its own. Gaps and reordering of the
// peer's numbering are kept, so that what was lost on the way here shows.
type echo struct {
	conn net.PacketConn
	port uint16
	now  atomic.Pointer[stream] // set by the loop, read by the goroutine
	last atomic.Int64           // when the peer's last good packet came, Unix ns
	done chan struct{}          // closed when the goroutine has ended
}

func (e *Exchange) openEcho() (*echo, error) {
	conn, err := e.net.ListenPacket(context.Background(), "udp", net.JoinHostPort(e.addr.Addr().String(), "0"))
	if err != nil {
		return nil, err
	}
	local, ok := addrPortOf(conn.LocalAddr())
	if !ok {
		conn.Close()
		return nil, errors.New("no local address")
	}
	ec := &echo{conn: conn, port: local.Port(), done: make(chan struct{})}
	ec.now.Store(&stream{})
	ec.last.Store(time.Now().UnixNano())
	e.workers.Add(1)
	go func() {
		defer e.workers.Done()
		defer close(ec.done)
		ec.run()
	}()
	return ec, nil
}

// set changes what is echoed and where to.
func (ec *echo) set(st stream) {
	ec.now.Store(&st)
	ec.last.Store(time.Now().UnixNano())
}

func (ec *echo) close() { ec.conn.Close() }

// quiet is how long the peer has sent nothing although it should; 0 while it
// need not.
func (ec *echo) quiet(now time.Time) time.Duration {
	if st := ec.now.Load(); !st.present || !st.peer.sends() {
		return 0
	}
	return now.Sub(time.Unix(0, ec.last.Load()))
}

func (ec *echo) run() {
	var re renumber
	buf := make([]byte, 2048)
	for {
		n, from, err := ec.conn.ReadFrom(buf)
		if err != nil {
			if errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) {
				return
			}
			continue // an ICMP error of an earlier write
		}
		st := ec.now.Load()
		p := buf[:n]
		if !goodRTP(p) || !st.present || !st.accept[p[1]&0x7f] {
			continue
		}
		ec.last.Store(time.Now().UnixNano())
		if !st.peer.sends() || !st.peer.receives() {
			continue
		}
		to := st.remote
		if source, ok := addrPortOf(from); ok && !to.IsValid() {
			// It announced an address that is not on loopback. What reaches
			// a socket on loopback came from this machine all the same.
			to = source
		}
		re.apply(p)
		ec.conn.WriteTo(p, net.UDPAddrFromAddrPort(netip.AddrPortFrom(to.Addr(), to.Port())))
	}
}

// goodRTP checks the fixed header (RFC 3550 section 5.1) and that contributing
// sources and extension fit.
func goodRTP(p []byte) bool {
	if len(p) < 12 || p[0]>>6 != 2 {
		return false
	}
	n := 12 + 4*int(p[0]&0x0f)
	if p[0]&0x10 != 0 {
		if len(p) < n+4 {
			return false
		}
		n += 4 + 4*int(binary.BigEndian.Uint16(p[n+2:]))
	}
	return len(p) >= n
}

// renumber gives packets our SSRC and numbering.
type renumber struct {
	theirs  uint32
	started bool
	ours    uint32
	seqAdd  uint16
	timeAdd uint32
	lastSeq uint16
	lastTS  uint32
}

func (r *renumber) apply(p []byte) {
	seq, ts, ssrc := binary.BigEndian.Uint16(p[2:]), binary.BigEndian.Uint32(p[4:]), binary.BigEndian.Uint32(p[8:])
	switch {
	case !r.started:
		r.started, r.theirs = true, ssrc
		r.ours, r.seqAdd, r.timeAdd = rand.Uint32(), uint16(rand.Uint32())-seq, rand.Uint32()-ts
	case ssrc != r.theirs:
		// The peer began a new stream: ours goes on where it was.
		r.theirs = ssrc
		r.seqAdd, r.timeAdd = r.lastSeq+1-seq, r.lastTS+160-ts
	}
	r.lastSeq, r.lastTS = seq+r.seqAdd, ts+r.timeAdd
	binary.BigEndian.PutUint16(p[2:], r.lastSeq)
	binary.BigEndian.PutUint32(p[4:], r.lastTS)
	binary.BigEndian.PutUint32(p[8:], r.ours)
}
