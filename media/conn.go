package media

import (
	"errors"
	"net"
	"net/netip"
	"time"
)

// wire reads and writes datagrams without allocating where the connection can.
type wire struct {
	conn net.PacketConn
	udp  udpConn    // conn, when it is one
	fast *datagrams // the same, where the system has a better way

	peer    netip.AddrPort // peerUDP in the other form
	peerUDP net.Addr
}

// udpConn is what *net.UDPConn has that does not allocate an address.
type udpConn interface {
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	WriteToUDPAddrPort(b []byte, addr netip.AddrPort) (int, error)
}

func newWire(conn net.PacketConn) *wire {
	w := &wire{conn: conn}
	w.udp, _ = conn.(udpConn)
	w.fast = newDatagrams(conn)
	return w
}

var errOddAddress = errors.New("sender's address is no IP address and port")

// read is for one goroutine. An errOddAddress leaves the connection usable.
func (w *wire) read(b []byte) (int, netip.AddrPort, error) {
	if w.fast != nil {
		return w.fast.read(b)
	}
	if w.udp != nil {
		n, from, err := w.udp.ReadFromUDPAddrPort(b)
		return n, netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), err
	}
	n, addr, err := w.conn.ReadFrom(b)
	if err != nil {
		return n, netip.AddrPort{}, err
	}
	from, ok := addrPort(addr)
	if !ok {
		return n, from, errOddAddress
	}
	return n, from, nil
}

// writePatience is how long a packet may wait for room in the system's queue. That
// is full when the network stands still, as while a radio looks for another
// station; then packets are lost, and not the goroutine that makes sound.
const writePatience = 5 * time.Millisecond

// write is for one goroutine at a time.
func (w *wire) write(b []byte, to netip.AddrPort) error {
	if w.fast != nil {
		if err := w.fast.write(b, to); err != errWait && err != errOddAddress {
			return err
		}
	}
	if err := w.conn.SetWriteDeadline(time.Now().Add(writePatience)); err != nil {
		return err
	}
	if w.udp != nil {
		_, err := w.udp.WriteToUDPAddrPort(b, to)
		return err
	}
	if w.peer != to || w.peerUDP == nil {
		w.peer, w.peerUDP = to, net.UDPAddrFromAddrPort(to)
	}
	_, err := w.conn.WriteTo(b, w.peerUDP)
	return err
}
