package ua

import (
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
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

// stack is sipgo's transport layer and state machines of transactions, with our
// sockets under and our order of messages over them.
type stack struct {
	log    *slog.Logger
	net    Network
	tracer func(TraceMessage)
	intake *intake
	layer  *sip.TransportLayer
	tx     *transactions
	handle func(*sip.Request, *sip.ServerTx) // takes requests; the transaction is nil for an ACK
	stray  func(*sip.Response)               // takes responses whose transaction is gone
	// dialled and dialledTLS take the connections that we open.
	dialled, dialledTLS *handover
	// lost hears of a connection that ended.
	lost    func(streamKey)
	refused refusals
	noTCP   refusers
	stun    stunning
	door    *door

	readers sync.WaitGroup // sipgo's reading loops

	mu        sync.Mutex // guards the rest
	udp       map[netip.Addr]*socket
	streams   map[streamKey]*streamConn
	dialling  map[streamKey]chan struct{} // closed when somebody's attempt has ended
	seen      map[seenKey]netip.AddrPort  // our ends as others see them, where that differs
	closers   []func() error
	listeners []netip.AddrPort // TCP
	accepted  []*streamConn    // in the order they came
	closed    bool
}

func newStack(log *slog.Logger, network Network, tracer func(TraceMessage),
	handle func(*sip.Request, *sip.ServerTx), stray func(*sip.Response), knows func([]byte) bool) *stack {
	s := &stack{
		log: log, net: network, tracer: tracer, intake: newIntake(log), handle: handle, stray: stray, dialled: newHandover(), dialledTLS: newHandover(),
		udp: map[netip.Addr]*socket{}, streams: map[streamKey]*streamConn{}, dialling: map[streamKey]chan struct{}{}, seen: map[seenKey]netip.AddrPort{},
		lost: func(streamKey) {}, refused: refusals{acks: map[string]*sip.Request{}}, door: newDoor(knows),
	}
	ql := quietLogger(log)
	// sipgo must never dial: we do, and hand over. A dial of its own can only
	// be the race of a connection that has just gone, and fails at once.
	never := func(net.Addr) net.Dialer { return net.Dialer{Deadline: time.Unix(1, 0)} }
	s.layer = sip.NewTransportLayer(net.DefaultResolver, sip.NewParser(), nil,
		sip.WithTransportLayerLogger(ql),
		sip.WithTransportLayerTransports(sip.TransportsConfig{
			TCP: &sip.TransportTCP{DialerCreate: never},
			TLS: &sip.TransportTLS{TransportTCP: &sip.TransportTCP{DialerCreate: never}},
		}))
	s.tx = newTransactions(ql)
	s.layer.OnMessage(s.receive)
	s.readers.Go(func() { s.layer.ServeTCP(s.dialled) })
	s.readers.Go(func() { s.layer.ServeTLS(s.dialledTLS) })
	return s
}

// receive takes each message, parsed, from the goroutine that read it.
func (s *stack) receive(msg sip.Message) {
	if t := strings.ToLower(msg.Transport()); s.tracer != nil && t != "udp" {
		local := netip.AddrPort{}
		if c := s.stream(t, source(msg)); c != nil {
			local = addrPort(c.LocalAddr())
		}
		s.tracer(TraceMessage{Time: time.Now(), Direction: Received, Local: local.String(), Remote: source(msg).String(), Transport: t, Text: redact(msg.String())})
	}
	taken := true
	switch m := msg.(type) {
	case *sip.Request:
		// Now, since sipgo may forget where it has read this.
		conn, err := s.layer.GetConnection(m.Transport(), m.Source())
		if err != nil {
			s.log.Debug("the connection that a request came by is gone", "from", m.Source(), "error", err)
			return
		}
		s.intake.mark(m)
		if taken = s.intake.message(callIDIn(m), func() { s.requested(m, conn) }); !taken {
			conn.TryClose()
		}
	case *sip.Response:
		taken = s.intake.message(callIDIn(m), func() { s.responded(m) })
	}
	if !taken {
		s.log.Debug("too many SIP messages wait; one is dropped", "from", msg.Source())
	}
}

func (s *stack) trace(at time.Time, d Direction, transport string, local, remote net.Addr, data []byte) {
	s.tracer(TraceMessage{Time: at, Direction: d, Transport: transport,
		Local: addrPort(local).String(), Remote: addrPort(remote).String(), Text: redact(string(data))})
}

func (s *stack) traceFunc() func(time.Time, Direction, string, net.Addr, net.Addr, []byte) {
	if s.tracer == nil {
		return nil
	}
	return s.trace
}

func (s *stack) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
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
	for _, c := range s.streams {
		conns = append(conns, c)
	}
	s.mu.Unlock()
	s.tx.close()
	s.dialled.Close()
	s.dialledTLS.Close()
	for _, c := range closers {
		c()
	}
	for _, c := range conns {
		c.Close()
	}
	s.readers.Wait()
	// sipgo's layer needs no closing: its pool is emptied by the readers.
}
