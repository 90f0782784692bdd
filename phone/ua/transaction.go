package ua

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"

	"github.com/emiago/sipgo/sip"
)

// transactions finds the transaction (RFC 3261 section 17) that a message
// belongs to. The state machines and their timers are sipgo's; its transaction
// layer is not used, since that gives each message to a goroutine of its own
// and does not say when it is done with it. Everything that is received is
// handled in the turn of its Call-ID; see intake.
type transactions struct {
	log *slog.Logger // for sipgo

	mu      sync.Mutex // guards the rest
	clients map[string]*clientTx
	servers map[string]*sip.ServerTx
}

// clientTx is the transaction of a request of ours.
type clientTx struct {
	*sip.ClientTx
	req *sip.Request
	// on takes each response, in the turn of the Call-ID.
	on func(*sip.Response)
	// Both belong to the turns of the Call-ID.
	refused bool // an INVITE that has its final response
	lost    bool // its connection has ended
}

var errConnectionEnded = fmt.Errorf("the connection was closed: %w", sip.ErrTransactionTransport)

func newTransactions(log *slog.Logger) *transactions {
	return &transactions{log: log, clients: map[string]*clientTx{}, servers: map[string]*sip.ServerTx{}}
}

// begin makes the transaction of a request of ours; Init sends it.
func (ts *transactions) begin(req *sip.Request, conn sip.Connection, on func(*sip.Response)) (*clientTx, error) {
	key, err := sip.ClientTxKeyMake(req)
	if err != nil {
		return nil, err
	}
	tx := &clientTx{ClientTx: sip.NewClientTx(key, req, conn, ts.log), req: req, on: on}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.clients[key] != nil {
		return nil, fmt.Errorf("the branch of a %s is in use", req.Method)
	}
	ts.clients[key] = tx
	tx.OnTerminate(func(string, error) {
		ts.mu.Lock()
		delete(ts.clients, key)
		ts.mu.Unlock()
	})
	if req.IsInvite() {
		tx.OnRetransmission(on)
	}
	return tx, nil
}

// client gives the transaction that a response is for, nil when it is gone.
func (ts *transactions) client(res *sip.Response) *clientTx {
	key, err := sip.ClientTxKeyMake(res)
	if err != nil {
		return nil
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return ts.clients[key]
}

// server gives the transaction of a received request, as that of another method
// when one is given; nil when there is none.
func (ts *transactions) server(req *sip.Request, method sip.RequestMethod) (tx *sip.ServerTx, key string, err error) {
	if cseq := req.CSeq(); cseq != nil && method != "" {
		own := cseq.MethodName
		cseq.MethodName = method
		defer func() { cseq.MethodName = own }()
	}
	if key, err = sip.ServerTxKeyMake(req); err != nil {
		return nil, "", err
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return ts.servers[key], key, nil
}

// serve makes the transaction of a received request.
func (ts *transactions) serve(key string, req *sip.Request, conn sip.Connection) (*sip.ServerTx, error) {
	tx := sip.NewServerTx(key, req, conn, ts.log)
	if err := tx.Init(); err != nil {
		return nil, err
	}
	ts.mu.Lock()
	ts.servers[key] = tx
	ts.mu.Unlock()
	tx.OnTerminate(func(string, error) {
		ts.mu.Lock()
		if ts.servers[key] == tx {
			delete(ts.servers, key)
		}
		ts.mu.Unlock()
	})
	return tx, nil
}

// over gives the transactions that go over a connection.
func (ts *transactions) over(c net.Conn) (clients []*clientTx, servers []*sip.ServerTx) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for _, tx := range ts.clients {
		if carries(tx.Connection(), c) {
			clients = append(clients, tx)
		}
	}
	for _, tx := range ts.servers {
		if carries(tx.Connection(), c) {
			servers = append(servers, tx)
		}
	}
	return clients, servers
}

// carries says whether conn, as sipgo knows it, is c.
func carries(conn sip.Connection, c net.Conn) bool {
	if r, ok := conn.(*replyConn); ok {
		conn = r.Connection
	}
	t, ok := conn.(*sip.TCPConnection)
	return ok && t.Conn == c
}

// close ends all of them.
func (ts *transactions) close() {
	ts.mu.Lock()
	var all []interface{ Terminate() }
	for _, tx := range ts.clients {
		all = append(all, tx)
	}
	for _, tx := range ts.servers {
		all = append(all, tx)
	}
	ts.mu.Unlock()
	for _, tx := range all {
		tx.Terminate()
	}
}

// replyConn is the way that the responses to one request go.
type replyConn struct {
	sip.Connection
	to string
}

func (c *replyConn) WriteMsg(msg sip.Message) error {
	msg.SetDestination(c.to)
	return c.Connection.WriteMsg(msg)
}

// replyTo is where the responses to a request go (RFC 3261 section 18.2.2, RFC
// 3581 section 4): back on a connection; over UDP to the address the request is
// from, and to the port in its Via unless rport asks for that it is from.
func replyTo(req *sip.Request) string {
	from, via := source(req), req.Via()
	if sip.IsReliable(req.Transport()) || via == nil {
		return from.String()
	}
	if v, ok := via.Params.Get("rport"); ok && v == "" {
		return from.String()
	}
	port := uint16(sip.DefaultUdpPort)
	if via.Port > 0 && via.Port < 1<<16 {
		port = uint16(via.Port)
	}
	return netip.AddrPortFrom(from.Addr(), port).String()
}

// requested takes a received request in its turn. conn is where it came from.
func (s *stack) requested(req *sip.Request, conn sip.Connection) {
	reply := &replyConn{conn, replyTo(req)}
	drop := true
	defer func() {
		if drop { // no transaction has it now
			conn.TryClose()
		}
	}()
	if req.IsCancel() {
		// The INVITE's transaction sends 487, and tells the call.
		if tx, _, err := s.tx.server(req, sip.INVITE); err == nil && tx != nil {
			if err := reply.WriteMsg(sip.NewResponseFromRequest(req, 200, reasonPhrase(200), nil)); err != nil {
				s.log.Debug("a CANCEL could not be answered", "error", err)
			}
			tx.Receive(req)
			return
		}
	}
	tx, key, err := s.tx.server(req, "")
	switch {
	case err != nil: // it names no transaction
		if !req.IsAck() {
			reply.WriteMsg(sip.NewResponseFromRequest(req, 400, reasonPhrase(400), nil))
		}
	case tx != nil:
		if err := tx.Receive(req); err != nil {
			s.log.Debug("a request does not fit its transaction", "method", cut(string(req.Method)), "error", err)
		}
	case s.isClosed():
	case req.IsAck():
		s.handle(req, nil)
	default:
		if tx, err = s.tx.serve(key, req, reply); err != nil {
			s.log.Debug("a request begins no transaction", "error", err)
			return
		}
		drop = false
		s.handle(req, tx)
	}
}

// responded takes a received response in its turn.
func (s *stack) responded(res *sip.Response) {
	tx := s.tx.client(res)
	if tx == nil {
		if !s.refused.repeated(s, res) {
			s.stray(res)
		}
		return
	}
	// The state machine hands the response on, in a channel that nobody else
	// reads, or swallows it; then it is done with it.
	over := make(chan struct{})
	go func() {
		defer close(over)
		s.intake.guard(func() { tx.Receive(res) })
	}()
	select {
	case r := <-tx.Responses():
		<-over
		if tx.refused {
			return
		}
		tx.on(r)
		if tx.req.IsInvite() && r.StatusCode >= 300 {
			tx.refused = true
			s.refused.add(tx.req, r)
			tx.Terminate()
		}
	case <-over:
	}
}

// ended ends the transactions that went over a connection; what was read from
// it before has its turn first.
func (s *stack) ended(c net.Conn) {
	clients, servers := s.tx.over(c)
	for _, tx := range clients {
		s.intake.run(callIDIn(tx.req), func() {
			tx.lost = true
			tx.Terminate()
		})
	}
	for _, tx := range servers {
		s.intake.run(callIDIn(tx.Origin()), tx.Terminate)
	}
}

func callIDIn(m sip.Message) string {
	if id := m.CallID(); id != nil {
		return string(*id)
	}
	return ""
}

// transact sends req in a transaction of its own and returns when that is
// over. on gets each response, and then done, once, the error that ended it
// (nil for the refusal of an INVITE); both in turns of the Call-ID, so done
// comes last. sent, unless it is nil, is called when req is out.
func (s *stack) transact(ctx context.Context, req *sip.Request, sent func(), on func(*sip.Response), done func(error)) {
	if s.isClosed() {
		done(ErrClosed)
		return
	}
	conn, err := s.layer.ClientRequestConnection(ctx, req)
	if err != nil {
		done(fmt.Errorf("no way to send %s: %w", req.Method, err))
		return
	}
	tx, err := s.tx.begin(req, conn, on)
	if err != nil {
		conn.TryClose()
		done(err)
		return
	}
	// In its turn too: sipgo starts timers behind the sending, which a response
	// must find running to stop them.
	id := callIDIn(req)
	failed := make(chan error, 1)
	s.intake.run(id, func() {
		err := errors.New("the request could not be sent")
		defer func() { failed <- err }()
		if err = tx.Init(); err == nil && sent != nil {
			sent()
		}
	})
	if err = <-failed; err != nil {
		tx.Terminate()
		s.intake.run(id, func() { done(err) })
		return
	}
	select {
	case <-tx.Done():
	case <-ctx.Done():
		tx.Terminate()
		err = ctx.Err()
	}
	s.intake.run(id, func() {
		switch {
		case err != nil:
		case tx.lost:
			err = errConnectionEnded
		case !tx.refused:
			err = tx.Err()
		}
		done(err)
	})
}
