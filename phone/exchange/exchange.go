package exchange

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// ErrNotLoopback is returned by New for a listen address that other machines
// could reach.
var ErrNotLoopback = errors.New("the local exchange only listens on loopback")

// Network opens the exchange's packet connections; *net.ListenConfig is one.
type Network interface {
	ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error)
}

// Config says where and for whom an exchange works.
type Config struct {
	Listen  string            // UDP "address:port", loopback; empty = "127.0.0.1:0"
	Domain  string            // realm of digest challenges; empty = "offhook.local". Any host name in a request is taken as ours
	Users   map[string]string // user to password: only these may register, with digest; nil = anyone on this machine
	Logger  *slog.Logger      // nil = discard
	Network Network           // nil = real sockets
}

// Limits. They are far above what the phones of one computer need.
const (
	maxMessage      = 16 << 10 // bytes
	maxTransactions = 1024     // server and client, each
	maxCalls        = 32       // calls with the exchange itself
	maxRequests     = 200      // per second and source, burst twice that
	maxRequestsAll  = 1000     // per second, all sources
	maxSources      = 256
)

// Exchange is one running exchange. Its exported methods may be called from
// any goroutine.
type Exchange struct {
	cfg    Config
	log    *slog.Logger
	net    Network
	listen string
	ip     netip.Addr // our address, unmapped

	mu      sync.Mutex // guards started, closed and addr
	started bool
	closed  bool
	addr    netip.AddrPort

	quit    chan struct{} // closed by Close
	packets chan packet
	posts   chan func() // work for the loop from echo goroutines
	workers sync.WaitGroup
	conn    net.PacketConn

	// Owned by the loop goroutine.
	timers    timerQueue
	servers   map[string]*serverTx
	clients   map[string]*clientTx
	registrar *registrar
	guard     *guard
	limiter   *limiter
	calls     map[string]*call
	ringBacks map[string]*ringBack
}

type packet struct {
	data []byte
	from netip.AddrPort
}

// New checks the configuration; it opens nothing.
func New(cfg Config) (*Exchange, error) {
	listen := cfg.Listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, fmt.Errorf("exchange: listen address %q: %w (give address:port, as in 127.0.0.1:5060)", listen, err)
	}
	if strings.EqualFold(host, "localhost") {
		host = "127.0.0.1"
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.Unmap().IsLoopback() {
		return nil, fmt.Errorf("exchange: cannot listen on %q: %w; use 127.0.0.1 or [::1], or give the phone an account at a real server", listen, ErrNotLoopback)
	}
	e := &Exchange{
		cfg: cfg, log: cfg.Logger, net: cfg.Network,
		listen: net.JoinHostPort(ip.Unmap().String(), port), ip: ip.Unmap(),
		quit: make(chan struct{}), packets: make(chan packet), posts: make(chan func()),
		servers: map[string]*serverTx{}, clients: map[string]*clientTx{},
		calls: map[string]*call{}, ringBacks: map[string]*ringBack{},
		registrar: newRegistrar(), limiter: newLimiter(),
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	if e.net == nil {
		e.net = new(net.ListenConfig)
	}
	realm := cfg.Domain
	if realm == "" {
		realm = "offhook.local"
	}
	if cfg.Users != nil {
		e.guard = newGuard(realm, cfg.Users)
	}
	return e, nil
}

// Start opens the socket and serves until Close is called or ctx ends.
func (e *Exchange) Start(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.started || e.closed {
		return errors.New("exchange: already started")
	}
	conn, err := e.net.ListenPacket(ctx, "udp", e.listen)
	if err != nil {
		return fmt.Errorf("exchange: listen on %s: %w", e.listen, err)
	}
	addr, ok := addrPortOf(conn.LocalAddr())
	if !ok || !addr.Addr().IsLoopback() {
		conn.Close()
		return fmt.Errorf("exchange: listen on %s gave %v: %w", e.listen, conn.LocalAddr(), ErrNotLoopback)
	}
	e.conn, e.addr, e.started = conn, addr, true
	e.workers.Add(2)
	go func() {
		defer e.workers.Done()
		e.read()
	}()
	go func() {
		defer e.workers.Done()
		e.loop(ctx)
		conn.Close()
	}()
	return nil
}

// Addr is the address the exchange listens on; zero before Start.
func (e *Exchange) Addr() netip.AddrPort {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.addr
}

// Close says BYE to calls with the exchange, stops it, and returns when all
// its goroutines have ended. It may be called more than once.
func (e *Exchange) Close() error {
	e.mu.Lock()
	if !e.closed {
		e.closed = true
		close(e.quit)
	}
	e.mu.Unlock()
	e.workers.Wait()
	return nil
}

func (e *Exchange) read() {
	buf := make([]byte, maxMessage+1)
	for {
		n, from, err := e.conn.ReadFrom(buf)
		if err != nil {
			if errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) {
				return
			}
			select { // an ICMP error of an earlier write is no reason to stop
			case <-e.quit:
				return
			default:
				e.log.Debug("exchange: read", "err", err)
				continue
			}
		}
		source, ok := addrPortOf(from)
		if !ok || n > maxMessage {
			continue
		}
		select {
		case e.packets <- packet{append([]byte(nil), buf[:n]...), source}:
		case <-e.quit:
			return
		}
	}
}

func (e *Exchange) loop(ctx context.Context) {
	wake := time.NewTimer(time.Hour)
	defer wake.Stop()
	for {
		next := time.Hour
		if at, ok := e.timers.next(); ok {
			next = time.Until(at)
		}
		wake.Reset(next)
		select {
		case p := <-e.packets:
			e.receive(p)
		case f := <-e.posts:
			f()
		case <-wake.C:
			e.timers.run(time.Now())
		case <-ctx.Done():
			e.mu.Lock()
			if !e.closed {
				e.closed = true
				close(e.quit)
			}
			e.mu.Unlock()
		case <-e.quit:
			for _, c := range e.calls {
				e.endCall(c, true, "exchange closes")
			}
			return
		}
	}
}

// post runs f in the loop; it gives up when the exchange closes.
func (e *Exchange) post(f func()) {
	select {
	case e.posts <- f:
	case <-e.quit:
	}
}

func (e *Exchange) send(data []byte, to netip.AddrPort) {
	// to is a loopback address, or one that a packet came from; and since the
	// socket is bound to loopback, the kernel only lets packets of this
	// machine in, whatever address of its own their sender was bound to.
	if _, err := e.conn.WriteTo(data, net.UDPAddrFromAddrPort(to)); err != nil {
		e.log.Debug("exchange: send", "to", to, "err", err)
	}
}

func (e *Exchange) receive(p packet) {
	if len(strings.TrimRight(string(p.data), "\r\n\x00")) == 0 {
		return // keep-alive (RFC 5626 section 3.5.1)
	}
	msg, err := parse(p.data)
	if err != nil {
		if e.limiter.allow(p.from, time.Now()) {
			e.log.Debug("exchange: unreadable message", "from", p.from, "bytes", len(p.data))
			if res := refuseRaw(p.data, sip.StatusBadRequest, "Bad Request"); res != nil {
				e.send(res, p.from)
			}
		}
		return
	}
	switch m := msg.(type) {
	case *sip.Request:
		e.receiveRequest(m, p.from)
	case *sip.Response:
		e.receiveResponse(m, p.from)
	}
}

func addrPortOf(a net.Addr) (netip.AddrPort, bool) {
	if u, ok := a.(*net.UDPAddr); ok {
		ap := u.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), ap.IsValid()
	}
	ap, err := netip.ParseAddrPort(a.String())
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), err == nil
}

// token makes an unguessable token for tags, branches and Call-IDs.
func token() string { return strings.ToLower(rand.Text()) }
