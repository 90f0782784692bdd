package keying

import (
	"net"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v4/packetio"
)

// pipe is the connection that the DTLS library sees: a bounded queue of what
// came, and the session's socket for what goes.
type pipe struct {
	*packetio.Buffer
	send func([]byte)
	mute atomic.Bool // nothing is sent any more
}

// queued bounds the datagrams that wait for the handshake.
const queued = 32

func newPipe(send func([]byte)) *pipe {
	p := &pipe{Buffer: packetio.NewBuffer(), send: send}
	p.SetLimitCount(queued)
	p.SetLimitSize(queued * maxDatagram)
	return p
}

func (p *pipe) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := p.Read(b)
	return n, peerAddr{}, err
}

// WriteTo never fails: a datagram that is lost is sent again.
func (p *pipe) WriteTo(b []byte, _ net.Addr) (int, error) {
	if !p.mute.Load() {
		p.send(b)
	}
	return len(b), nil
}

func (p *pipe) LocalAddr() net.Addr              { return peerAddr{} }
func (p *pipe) SetDeadline(t time.Time) error    { return p.SetReadDeadline(t) }
func (*pipe) SetWriteDeadline(t time.Time) error { return nil }

// peerAddr stands for whatever address the session's peer has.
type peerAddr struct{}

func (peerAddr) Network() string { return "udp" }
func (peerAddr) String() string  { return "peer" }
