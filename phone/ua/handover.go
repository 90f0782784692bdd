package ua

import (
	"net"
	"sync"
)

// handover is a listener that "accepts" the connections we dialled, which is
// how they get into sipgo without sipgo dialling by itself.
type handover struct {
	conns  chan handed
	closed chan struct{}
	once   sync.Once
	last   chan struct{} // used by Accept's one caller only
}

type handed struct {
	conn net.Conn
	done chan struct{} // closed when sipgo has put the connection in its pool
}

func newHandover() *handover {
	return &handover{conns: make(chan handed), closed: make(chan struct{})}
}

// give returns when sipgo knows conn.
func (h *handover) give(conn net.Conn) error {
	done := make(chan struct{})
	select {
	case h.conns <- handed{conn, done}:
	case <-h.closed:
		return net.ErrClosed
	}
	select {
	case <-done:
		return nil
	case <-h.closed:
		return net.ErrClosed
	}
}

func (h *handover) Accept() (net.Conn, error) {
	if h.last != nil {
		close(h.last)
		h.last = nil
	}
	select {
	case c := <-h.conns:
		h.last = c.done
		return c.conn, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

func (h *handover) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4zero} }

// acceptor wraps the connections of a listener.
type acceptor struct {
	net.Listener
	wrap func(net.Conn) net.Conn
}

func (a acceptor) Accept() (net.Conn, error) {
	c, err := a.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return a.wrap(c), nil
}

func (h *handover) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}
