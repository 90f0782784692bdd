package ua

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/emiago/sipgo/sip"
)

// sipgo has process-wide settings. Two of them are set here, once, before any
// goroutine of sipgo can run; its timers are left alone.
func init() {
	// sipgo refuses UDP messages above UDPMTUSize-200 bytes. A response has no
	// other way to go, and for requests we choose the transport ourselves
	// (stack.request), so the refusal would only lose messages.
	sip.UDPMTUSize = 64 << 10
	// Some of its types cannot be given a logger. What they say (connection
	// counts, messages that did not parse, whole) is not for a log.
	sip.SetDefaultLogger(slog.New(slog.DiscardHandler))
}

// maxDatagramRequest is the size above which a request goes by TCP when the
// peer takes it (RFC 3261 section 18.1.1).
const maxDatagramRequest = 1300

// flow is a way to a peer: transport and both addresses.
type flow struct {
	transport     string // "udp" or "tcp"
	local, remote netip.AddrPort
	socket        sip.Addr // UDP: sipgo's name of the socket
}

func (f flow) valid() bool { return f.remote.IsValid() }

// stack is sipgo's transport and transaction layers with our sockets under
// and our order of messages over them.
type stack struct {
	log     *slog.Logger
	net     Network
	tracer  func(TraceMessage)
	intake  *intake
	layer   *sip.TransportLayer
	tx      *sip.TransactionLayer
	dialled *handover
	// lost hears of a TCP connection that ended.
	lost    func(remote netip.AddrPort)
	refused refusals
	door    *door

	readers sync.WaitGroup // sipgo's reading loops

	mu        sync.Mutex // guards the rest
	udp       map[netip.Addr]*socket
	tcp       map[netip.AddrPort]*streamConn // by remote address
	closers   []func() error
	listeners []netip.AddrPort // TCP
	accepted  []*streamConn    // in the order they came
	closed    bool
}

// socket is a UDP socket of ours.
type socket struct {
	conn net.PacketConn
	port uint16
	name sip.Addr
}

func newStack(log *slog.Logger, network Network, tracer func(TraceMessage),
	request func(*sip.Request, *sip.ServerTx), stray func(*sip.Response), knows func([]byte) bool) *stack {
	s := &stack{
		log: log, net: network, tracer: tracer, intake: newIntake(), dialled: newHandover(),
		udp: map[netip.Addr]*socket{}, tcp: map[netip.AddrPort]*streamConn{},
		lost: func(netip.AddrPort) {}, refused: refusals{acks: map[string]*sip.Request{}}, door: newDoor(knows),
	}
	ql := quietLogger(log)
	// sipgo must never dial: we do, and hand over. A dial of its own can only
	// be the race of a connection that has just gone, and fails at once.
	tcp := &sip.TransportTCP{DialerCreate: func(net.Addr) net.Dialer { return net.Dialer{Deadline: time.Unix(1, 0)} }}
	s.layer = sip.NewTransportLayer(net.DefaultResolver, sip.NewParser(), nil,
		sip.WithTransportLayerLogger(ql),
		sip.WithTransportLayerTransports(sip.TransportsConfig{TCP: tcp}))
	// Handlers run in the order they were added: the intake sees a message
	// before the transaction layer does.
	s.layer.OnMessage(s.receive)
	s.tx = sip.NewTransactionLayer(s.layer,
		sip.WithTransactionLayerLogger(ql),
		sip.WithTransactionLayerTerminateOnConnClose(),
		sip.WithTransactionLayerUnhandledResponseHandler(func(r *sip.Response) {
			if !s.refused.repeated(s, r) {
				stray(r)
			}
		}))
	s.tx.OnRequest(request)
	s.readers.Go(func() { s.layer.ServeTCP(s.dialled) })
	return s
}

func (s *stack) receive(msg sip.Message) {
	if s.tracer != nil && strings.EqualFold(msg.Transport(), "TCP") {
		remote, _ := netip.ParseAddrPort(msg.Source())
		s.tracer(TraceMessage{Time: time.Now(), Direction: Received, Remote: remote.String(), Transport: "tcp", Text: redact(msg.String())})
	}
	s.intake.receive(msg)
}

func (s *stack) trace(d Direction, transport string, local, remote net.Addr, data []byte) {
	s.tracer(TraceMessage{Time: time.Now(), Direction: d, Transport: transport,
		Local: addrPort(local).String(), Remote: addrPort(remote).String(), Text: redact(string(data))})
}

func (s *stack) traceFunc() func(Direction, string, net.Addr, net.Addr, []byte) {
	if s.tracer == nil {
		return nil
	}
	return s.trace
}

// listen opens a configured entry, "udp:127.0.0.1:5060".
func (s *stack) listen(ctx context.Context, entry string) error {
	transport, addr, err := parseListen(entry)
	if err != nil {
		return err
	}
	if transport == "tcp" {
		l, err := s.net.Listen(ctx, addr)
		if err != nil {
			return listenError(entry, err)
		}
		s.mu.Lock()
		s.closers = append(s.closers, l.Close)
		s.listeners = append(s.listeners, addrPort(l.Addr()))
		s.mu.Unlock()
		s.readers.Go(func() { s.layer.ServeTCP(acceptor{l, s.welcome}) })
		return nil
	}
	_, err = s.openUDP(ctx, addr)
	return listenError(entry, err)
}

func parseListen(entry string) (transport, addr string, err error) {
	transport, addr, _ = strings.Cut(entry, ":")
	ap, err := netip.ParseAddrPort(addr)
	if err != nil || transport != "udp" && transport != "tcp" || ap.Addr().Zone() != "" {
		return "", "", fmt.Errorf(`listen entry %q: write it as "udp:ADDRESS:PORT" or "tcp:ADDRESS:PORT", for example "udp:192.0.2.7:5060"`, entry)
	}
	return transport, addr, nil
}

func listenError(entry string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("listen on %s: the port is in use; end the other program that has it (ss -lpn shows which), or choose another port: %w", entry, err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("listen on %s: this machine does not have that address: %w", entry, err)
	}
	return fmt.Errorf("listen on %s: %w", entry, err)
}

// openUDP opens a socket and gives it to sipgo.
func (s *stack) openUDP(ctx context.Context, addr string) (*socket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.openUDPLocked(ctx, addr)
}

func (s *stack) openUDPLocked(ctx context.Context, addr string) (*socket, error) {
	if s.closed {
		return nil, ErrClosed
	}
	pc, err := s.net.ListenPacket(ctx, addr)
	if err != nil {
		return nil, err
	}
	local := addrPort(pc.LocalAddr())
	if s.udp[local.Addr()] != nil {
		// Two sockets on one address would confuse sipgo about which one a
		// peer was talking to.
		pc.Close()
		return nil, fmt.Errorf("a second UDP port on %v: one per address is enough", local.Addr())
	}
	// sipgo finds the socket again by this very text.
	host, port, err := sip.ParseAddr(pc.LocalAddr().String())
	if err != nil {
		pc.Close()
		return nil, err
	}
	so := &socket{conn: pc, port: local.Port(), name: sip.Addr{IP: net.ParseIP(host), Port: port, Hostname: host}}
	ready := make(chan struct{})
	c := &packetConn{PacketConn: pc, door: s.door, trace: s.traceFunc(), ready: func() { close(ready) }}
	s.readers.Go(func() { s.layer.ServeUDP(c) })
	<-ready
	s.udp[local.Addr()] = so
	s.closers = append(s.closers, pc.Close)
	return so, nil
}

// flowTo finds (opening what must be opened) the way to remote. It may wait
// for a TCP connection.
func (s *stack) flowTo(ctx context.Context, transport string, remote netip.AddrPort) (flow, error) {
	remote = netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
	if transport == "tcp" {
		c, err := s.connect(ctx, remote)
		if err != nil {
			return flow{}, err
		}
		return flow{transport: "tcp", local: addrPort(c.LocalAddr()), remote: remote}, nil
	}
	local, err := s.net.LocalAddr(remote)
	if err != nil {
		return flow{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	so := s.udp[local]
	if so == nil {
		if local.Is4() {
			so = s.udp[netip.IPv4Unspecified()]
		}
		if so == nil {
			so = s.udp[netip.IPv6Unspecified()]
		}
	}
	if so == nil {
		if so, err = s.openUDPLocked(ctx, netip.AddrPortFrom(local, 0).String()); err != nil {
			return flow{}, fmt.Errorf("open a UDP port on %v: %w", local, err)
		}
	}
	return flow{transport: "udp", local: netip.AddrPortFrom(local, so.port), remote: remote, socket: so.name}, nil
}

// connected says whether there is a TCP connection with remote.
func (s *stack) connected(remote netip.AddrPort) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tcp[netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())] != nil
}

// connectTimeout bounds a TCP connection attempt.
const connectTimeout = 5 * time.Second

// connect gives the TCP connection to remote, dialling when there is none.
func (s *stack) connect(ctx context.Context, remote netip.AddrPort) (*streamConn, error) {
	s.mu.Lock()
	c, closed := s.tcp[remote], s.closed
	s.mu.Unlock()
	if closed {
		return nil, ErrClosed
	}
	if c != nil {
		return c, nil
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	raw, err := s.net.Dial(ctx, netip.Addr{}, remote.String())
	if err != nil {
		return nil, fmt.Errorf("connect to %v: %w", remote, err)
	}
	c = s.adopt(raw, nil)
	if err := s.dialled.give(c); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// maxAccepted bounds the TCP connections that others keep open with us.
const maxAccepted = 64

// welcome takes a connection from outside. When there are too many, the oldest
// goes that never carried a word of ours, or else the oldest.
func (s *stack) welcome(raw net.Conn) net.Conn {
	c := s.adopt(raw, s.door)
	var out *streamConn
	s.mu.Lock()
	if s.accepted = append(s.accepted, c); len(s.accepted) > maxAccepted {
		out = s.accepted[max(0, slices.IndexFunc(s.accepted[:maxAccepted], func(c *streamConn) bool { return !c.known.Load() }))]
	}
	s.mu.Unlock()
	if out != nil {
		s.log.Debug("too many connections: one is closed", "peer", out.RemoteAddr())
		out.Close()
	}
	return c
}

// adopt wraps a connection and remembers it.
func (s *stack) adopt(raw net.Conn, d *door) *streamConn {
	c := &streamConn{Conn: raw, door: d, trace: s.traceFunc(), gone: make(chan struct{})}
	remote := addrPort(raw.RemoteAddr())
	c.closed = func(c *streamConn) {
		s.mu.Lock()
		if s.tcp[remote] == c {
			delete(s.tcp, remote)
		}
		s.accepted = slices.DeleteFunc(s.accepted, func(o *streamConn) bool { return o == c })
		closed := s.closed
		s.mu.Unlock()
		if !closed {
			s.lost(remote)
		}
	}
	s.mu.Lock()
	s.tcp[remote] = c
	s.mu.Unlock()
	return c
}

// address puts req on f: Via (a fresh one), destination, socket.
func (s *stack) address(req *sip.Request, f flow) {
	req.RemoveHeader("Via")
	via := &sip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: strings.ToUpper(f.transport),
		Host: f.local.Addr().String(), Port: int(f.local.Port())}
	via.Params.Add("branch", s.door.branch())
	via.Params.Add("rport", "") // RFC 3581
	req.PrependHeader(via)
	s.send(req, f)
}

// send sets where req goes without touching its Via.
func (s *stack) send(req *sip.Request, f flow) {
	req.SetTransport(strings.ToUpper(f.transport))
	req.SetDestination(f.remote.String())
	req.Laddr = f.socket // zero for TCP: sipgo finds the connection by the remote address
}

// write sends a request that is no transaction: an ACK.
func (s *stack) write(req *sip.Request) error {
	if s.isClosed() {
		return ErrClosed
	}
	return s.layer.WriteMsg(req)
}

func (s *stack) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// request sends req over f in a transaction of its own. The goroutine of the
// transaction calls on with each response and then done, once, with the error
// that ended it (nil or sipgo's). Responses to INVITE come in the order they
// were read. It may wait for a TCP connection, so don't call it from a
// serial; req belongs to the transaction from now on.
func (s *stack) request(ctx context.Context, req *sip.Request, f flow, on func(*sip.Response), done func(error)) {
	s.address(req, f)
	f = s.choose(ctx, req, f)
	if f.transport == "tcp" {
		if _, err := s.connect(ctx, f.remote); err != nil {
			done(err)
			return
		}
	}
	s.transact(ctx, req, on, done)
}

// choose moves a request that is too long for UDP to TCP, when the peer takes
// TCP, and gives the flow it then has.
func (s *stack) choose(ctx context.Context, req *sip.Request, f flow) flow {
	if f.transport != "udp" || len(req.String()) <= maxDatagramRequest {
		return f
	}
	t, err := s.flowTo(ctx, "tcp", f.remote)
	if err != nil {
		s.log.Debug("a request is too long for UDP and TCP is refused; UDP it is", "to", f.remote, "error", err)
		return f
	}
	s.address(req, t)
	return t
}

// cancel sends a CANCEL, which has the Via of its INVITE and goes where that
// went. Done is called once, at its final response: what is left then is the
// transaction's wait for stray repeats, which nobody needs to see the end of.
func (s *stack) cancel(ctx context.Context, req, invite *sip.Request, done func(error)) {
	req.SetTransport(invite.Transport())
	req.SetDestination(invite.Destination())
	req.Laddr = invite.Laddr
	var once sync.Once
	finish := func(err error) { once.Do(func() { done(err) }) }
	s.transact(ctx, req, func(r *sip.Response) {
		if r.StatusCode >= 200 {
			finish(nil)
		}
	}, finish)
}

func (s *stack) transact(ctx context.Context, req *sip.Request, on func(*sip.Response), done func(error)) {
	if s.isClosed() {
		done(ErrClosed)
		return
	}
	tx, err := s.tx.NewClientTransaction(ctx, req)
	if err != nil {
		done(err)
		return
	}
	deliver := on
	if req.IsInvite() {
		deliver = func(r *sip.Response) { s.intake.deliver(r, func() { on(r) }) }
		tx.OnRetransmission(deliver)
	}
	if err := tx.Init(); err != nil {
		tx.Terminate()
		done(err)
		return
	}
	told := make(chan struct{}) // closed when on has had the refusal; its turn may come later, on another goroutine
	refused := false
	for {
		select {
		case r := <-tx.Responses():
			if refused || !req.IsInvite() || r.StatusCode < 300 {
				deliver(r)
				continue
			}
			refused = true
			s.intake.deliver(r, func() {
				on(r)
				close(told)
			})
			s.refused.add(req, r)
			tx.Terminate()
		case <-tx.Done():
			if refused {
				<-told
			}
			done(tx.Err())
			return
		case <-ctx.Done():
			tx.Terminate()
			done(ctx.Err())
			return
		}
	}
}

// close closes the sockets, ends the transactions and waits for the sockets'
// readers.
func (s *stack) close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	closers := s.closers
	var conns []*streamConn
	for _, c := range s.tcp {
		conns = append(conns, c)
	}
	s.mu.Unlock()
	s.tx.Close()
	s.dialled.Close()
	for _, c := range closers {
		c()
	}
	for _, c := range conns {
		c.Close()
	}
	s.readers.Wait()
	// sipgo's layer needs no closing: its pool is emptied by the readers.
}
