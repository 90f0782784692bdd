package uatest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	"offhook/phone/ua/locate"
)

// Faults is what the network does to UDP packets. The zero value delivers
// every packet at once and in order.
type Faults struct {
	Seed      uint64
	Loss      float64       // probability that a packet vanishes, 0..1
	LossRun   int           // at most this many in a row between two sockets in one direction; 0: no limit
	Duplicate float64       // probability that it arrives twice
	Delay     time.Duration // every packet takes this long
	Jitter    time.Duration // plus up to this long, evenly spread: packets overtake each other
}

// Packet is a UDP packet on its way.
type Packet struct {
	From, To netip.AddrPort
	Data     []byte
}

// Network joins hosts. Safe for concurrent use.
type Network struct {
	mu      sync.Mutex
	faults  Faults
	rand    *rand.Rand
	lost    map[[2]netip.AddrPort]int // packets lost in a row, from one socket to another
	filter  func(Packet) bool
	packets map[netip.AddrPort]*packetConn
	streams map[netip.AddrPort]*listener
	names   map[string][]netip.Addr
	port    uint16
	dead    map[netip.Addr]bool
	records map[recordKey][]locate.Record
	deaf    bool
	nats    map[netip.Addr]*nat // by inside address
	routers map[netip.Addr]*nat // by public address
}

// NewNetwork makes a network without hosts.
func NewNetwork(f Faults) *Network {
	return &Network{
		faults: f, rand: rand.New(rand.NewPCG(f.Seed, 1)), port: 40000, lost: map[[2]netip.AddrPort]int{},
		packets: map[netip.AddrPort]*packetConn{}, streams: map[netip.AddrPort]*listener{},
		names: map[string][]netip.Addr{}, dead: map[netip.Addr]bool{}, records: map[recordKey][]locate.Record{},
		nats: map[netip.Addr]*nat{}, routers: map[netip.Addr]*nat{},
	}
}

// SetFaults changes what happens to packets from now on; the seed is not used
// again.
func (n *Network) SetFaults(f Faults) {
	n.mu.Lock()
	n.faults = f
	n.mu.Unlock()
}

// SetFilter has pass asked about each UDP packet before the faults; false
// drops it. pass is called one packet at a time and must not call the Network.
func (n *Network) SetFilter(pass func(Packet) bool) {
	n.mu.Lock()
	n.filter = pass
	n.mu.Unlock()
}

// SetName makes a host name known to every host; no addresses forgets it.
func (n *Network) SetName(name string, addrs ...netip.Addr) {
	n.mu.Lock()
	n.names[name] = addrs
	n.mu.Unlock()
}

// SetDead cuts a host off (or back on): nothing reaches or leaves it, and new
// TCP connections to it hang.
func (n *Network) SetDead(addr netip.Addr, dead bool) {
	n.mu.Lock()
	n.dead[addr] = dead
	n.mu.Unlock()
}

// Host is the network seen from one address. It is a ua.Network.
func (n *Network) Host(addr string) *Host { return &Host{n, netip.MustParseAddr(addr)} }

// Host is one machine of a Network.
type Host struct {
	net  *Network
	addr netip.Addr // guarded by net.mu
}

// Addr is the host's address.
func (h *Host) Addr() netip.Addr {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	return h.addr
}

// Move gives the host another address. What is open at the old one is as if
// cut off.
func (h *Host) Move(to netip.Addr) {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	h.net.dead[h.addr] = true
	h.addr = to
}

func (h *Host) listenAddr(addr string, taken func(netip.AddrPort) bool) (netip.AddrPort, error) {
	ap, err := netip.ParseAddrPort(addr)
	if err != nil {
		return ap, err
	}
	if ap.Addr().IsUnspecified() {
		ap = netip.AddrPortFrom(h.addr, ap.Port())
	}
	if ap.Addr() != h.addr {
		return ap, syscall.EADDRNOTAVAIL
	}
	if ap.Port() != 0 {
		if taken(ap) {
			return ap, syscall.EADDRINUSE
		}
		return ap, nil
	}
	for {
		h.net.port++
		if h.net.port < 40000 {
			h.net.port = 40000
		}
		if ap = netip.AddrPortFrom(h.addr, h.net.port); !taken(ap) {
			return ap, nil
		}
	}
}

// ListenPacket opens a UDP socket; port 0 takes a free one.
func (h *Host) ListenPacket(_ context.Context, addr string) (net.PacketConn, error) {
	n := h.net
	n.mu.Lock()
	defer n.mu.Unlock()
	ap, err := h.listenAddr(addr, func(a netip.AddrPort) bool { return n.packets[a] != nil })
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: "udp", Addr: net.UDPAddrFromAddrPort(ap), Err: err}
	}
	c := newPacketConn(n, ap)
	n.packets[ap] = c
	return c, nil
}

// Listen opens a TCP listener; port 0 takes a free one.
func (h *Host) Listen(_ context.Context, addr string) (net.Listener, error) {
	n := h.net
	n.mu.Lock()
	defer n.mu.Unlock()
	ap, err := h.listenAddr(addr, func(a netip.AddrPort) bool { return n.streams[a] != nil })
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Addr: net.TCPAddrFromAddrPort(ap), Err: err}
	}
	l := &listener{net: n, addr: ap, backlog: make(chan net.Conn, 64), closed: make(chan struct{})}
	n.streams[ap] = l
	return l, nil
}

// Dial opens a TCP connection.
func (h *Host) Dial(ctx context.Context, local netip.Addr, addr string) (net.Conn, error) {
	n := h.net
	to, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	l, dead := n.streams[to], n.dead[to.Addr()] || n.dead[h.addr]
	n.port++
	from := netip.AddrPortFrom(h.addr, n.port)
	delay := n.faults.Delay
	var public netip.Addr
	if r := n.nats[h.addr]; r != nil {
		public = r.public
	}
	n.mu.Unlock()
	refused := &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(to), Err: syscall.ECONNREFUSED}
	if dead {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if l == nil {
		return nil, refused
	}
	if delay > 0 {
		select {
		case <-time.After(2 * delay):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	ours, theirs := newStream(n, from, to)
	if public.IsValid() {
		theirs.remote = netip.AddrPortFrom(public, from.Port()+10000)
	}
	select {
	case l.backlog <- theirs:
		return ours, nil
	case <-l.closed:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return nil, refused
}

// LocalAddr is the host's address: it has one.
func (h *Host) LocalAddr(netip.AddrPort) (netip.Addr, error) { return h.Addr(), nil }

// Query knows the names of SetName and the records of SetRecords.
func (h *Host) Query(_ context.Context, name string, t locate.Type) ([]locate.Record, error) {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	rs := slices.Clone(h.net.records[recordKey{name, t}])
	for _, a := range h.net.names[name] {
		if a.Is4() && t == locate.A || a.Is6() && t == locate.AAAA {
			rs = append(rs, locate.Record{TTL: time.Minute, Addr: a})
		}
	}
	if h.net.deaf {
		return nil, fmt.Errorf("%s: %w", name, locate.ErrNoAnswer)
	}
	if len(rs) == 0 {
		return nil, fmt.Errorf("%s: %w", name, locate.ErrNotFound)
	}
	return rs, nil
}

// recordKey is what SetRecords is told for.
type recordKey struct {
	name string
	t    locate.Type
}

// SetRecords gives a name records of type t; none takes them away.
func (n *Network) SetRecords(name string, t locate.Type, rs ...locate.Record) {
	n.mu.Lock()
	n.records[recordKey{name, t}] = rs
	n.mu.Unlock()
}

// SetDeaf has no name server answer any more, or again.
func (n *Network) SetDeaf(deaf bool) {
	n.mu.Lock()
	n.deaf = deaf
	n.mu.Unlock()
}

// send carries a packet to its socket, or not.
func (n *Network) send(p Packet) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if r := n.nats[p.From.Addr()]; r != nil {
		p.From = r.outward(p.From, p.To, time.Now())
	}
	if n.dead[p.From.Addr()] || n.dead[p.To.Addr()] || n.filter != nil && !n.filter(p) {
		return
	}
	copies := 1
	if n.rand.Float64() < n.faults.Duplicate {
		copies = 2
	}
	for range copies {
		if n.lose([2]netip.AddrPort{p.From, p.To}) {
			continue
		}
		d := n.faults.Delay
		if n.faults.Jitter > 0 {
			d += time.Duration(n.rand.Int64N(int64(n.faults.Jitter)))
		}
		if d == 0 {
			n.deliver(p)
			continue
		}
		time.AfterFunc(d, func() {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.deliver(p)
		})
	}
}

// lose decides on a packet of a way. It requires n.mu.
func (n *Network) lose(way [2]netip.AddrPort) bool {
	if n.rand.Float64() >= n.faults.Loss || n.faults.LossRun > 0 && n.lost[way] >= n.faults.LossRun {
		delete(n.lost, way)
		return false
	}
	if n.faults.LossRun > 0 {
		n.lost[way]++
	}
	return true
}

// deliver requires n.mu.
func (n *Network) deliver(p Packet) {
	if r := n.routers[p.To.Addr()]; r != nil {
		in, ok := r.inward(p.To, p.From, time.Now())
		if !ok {
			return
		}
		p.To = in
	}
	if c := n.packets[p.To]; c != nil {
		c.put(p)
	}
}

// Inject sends a packet from wherever it says, as who spoofs addresses does.
func (n *Network) Inject(p Packet) { n.send(p) }
