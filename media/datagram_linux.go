package media

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// datagrams reads and writes a UDP socket with system calls that the runtime does not watch. They never block, and
// to watch them a thread of its own would wake up several times for each packet, which costs more than the packet.
type datagrams struct {
	conn   syscall.RawConn
	family int // unix.AF_INET or AF_INET6

	// What one write is about, and how it went. Owned by the writer, as the next by the reader: conn calls functions
	// that are made once, since new ones would be allocated.
	out struct {
		to      netip.AddrPort
		address unix.RawSockaddrInet6 // or Inet4, of to
		length  uintptr
		b       []byte
		err     syscall.Errno
		do      func(fd uintptr) bool
	}
	in struct {
		b      []byte
		from   unix.RawSockaddrInet6 // or Inet4
		length uint32
		n      int
		err    syscall.Errno
		do     func(fd uintptr) bool
	}
}

// newDatagrams returns nil for what is no UDP socket of the system.
func newDatagrams(conn net.PacketConn) *datagrams {
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		return nil
	}
	d := &datagrams{}
	var err error
	if d.conn, err = udp.SyscallConn(); err != nil {
		return nil
	}
	if d.conn.Control(func(fd uintptr) { d.family, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN) }) != nil || err != nil {
		return nil
	}
	d.out.do, d.in.do = d.send, d.receive
	return d
}

// errWait means that the datagram would have to wait for room.
var errWait = errors.New("no room to send")

// write sends a datagram at once, or returns errWait, or errOddAddress for a receiver that it has no words for.
func (d *datagrams) write(b []byte, to netip.AddrPort) error {
	o := &d.out
	if to != o.to || o.length == 0 {
		if !d.address(to) {
			return errOddAddress
		}
		o.to = to
	}
	o.b = b
	if err := d.conn.Write(o.do); err != nil {
		return err
	}
	switch o.err {
	case 0:
		return nil
	case unix.EAGAIN, unix.ENOBUFS:
		return errWait
	}
	return os.NewSyscallError("sendto", o.err)
}

// address brings a receiver's into the form of the system.
func (d *datagrams) address(to netip.AddrPort) bool {
	o := &d.out
	ip, port := to.Addr(), networkOrder(to.Port())
	switch {
	case !ip.IsValid() || ip.Zone() != "":
		return false
	case d.family == unix.AF_INET6:
		o.address = unix.RawSockaddrInet6{Family: unix.AF_INET6, Port: port, Addr: ip.As16()}
		o.length = unix.SizeofSockaddrInet6
		return true
	case ip.Unmap().Is4():
		*(*unix.RawSockaddrInet4)(unsafe.Pointer(&o.address)) = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: port, Addr: ip.Unmap().As4()}
		o.length = unix.SizeofSockaddrInet4
		return true
	}
	return false
}

// networkOrder turns a port into what the system's addresses have, and back.
func networkOrder(port uint16) (n uint16) {
	*(*[2]byte)(unsafe.Pointer(&n)) = [2]byte{byte(port >> 8), byte(port)}
	return n
}

func (d *datagrams) send(fd uintptr) bool {
	o := &d.out
	for {
		_, _, o.err = unix.RawSyscall6(unix.SYS_SENDTO, fd, uintptr(unsafe.Pointer(unsafe.SliceData(o.b))), uintptr(len(o.b)),
			unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, uintptr(unsafe.Pointer(&o.address)), o.length)
		if o.err != unix.EINTR {
			return true
		}
	}
}

// read waits for a datagram. Of one that is longer than b it gives the beginning.
func (d *datagrams) read(b []byte) (int, netip.AddrPort, error) {
	i := &d.in
	i.b = b
	if err := d.conn.Read(i.do); err != nil {
		return 0, netip.AddrPort{}, err
	}
	if i.err != 0 {
		return 0, netip.AddrPort{}, os.NewSyscallError("recvfrom", i.err)
	}
	port := networkOrder(i.from.Port)
	switch i.from.Family {
	case unix.AF_INET6:
		return i.n, netip.AddrPortFrom(netip.AddrFrom16(i.from.Addr).Unmap(), port), nil
	case unix.AF_INET:
		return i.n, netip.AddrPortFrom(netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(&i.from)).Addr), port), nil
	}
	return i.n, netip.AddrPort{}, errOddAddress
}

func (d *datagrams) receive(fd uintptr) bool {
	i := &d.in
	for {
		i.length = unix.SizeofSockaddrInet6
		n, _, err := unix.RawSyscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(unsafe.SliceData(i.b))), uintptr(len(i.b)),
			unix.MSG_DONTWAIT, uintptr(unsafe.Pointer(&i.from)), uintptr(unsafe.Pointer(&i.length)))
		if i.n, i.err = int(n), err; err != unix.EINTR {
			return err != unix.EAGAIN
		}
	}
}
