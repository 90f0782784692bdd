package ua

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/locate"
	"offhook/phone/ua/netwatch"
)

// Errors that callers decide on.
var (
	ErrClosed         = errors.New("the SIP agent is closed")
	ErrUnknownCall    = errors.New("no such call")
	ErrUnknownAccount = errors.New("no such account")
	ErrState          = errors.New("the call is not in a state for that")
	ErrBadTarget      = errors.New("this is no address that can be called")
)

// Agent is a SIP user agent. Its methods may be called from any goroutine,
// the event handler included, and never wait for the network (Start and Close
// apart).
type Agent struct {
	cfg      Config
	log      *slog.Logger
	ctx      context.Context // ends with Close
	cancel   context.CancelFunc
	stack    *stack
	events   serial
	tracer   tracer
	accounts []*account

	mu      sync.Mutex // guards the rest
	calls   map[string]*call
	dialogs map[dialogKey]*call
	open    map[*account]bool // not unregistered yet
	busy    map[*call]bool    // owe something to their peers
	idle    chan struct{}     // closed when Close has nothing to wait for; nil before
	started bool
	closed  bool
	watched bool // the network is the machine's; never changed
}

// dialogKey finds the call of a request or response.
type dialogKey struct{ callID, localTag string }

// maxRinging bounds how many calls may wait for an answer.
const maxRinging = 32

// New checks cfg. Nothing is opened before Start.
func New(cfg Config) (*Agent, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = "Offhook"
	}
	if !printable(cfg.UserAgent) || len(cfg.UserAgent) > 64 {
		return nil, fmt.Errorf("user agent %q: at most 64 printable characters", cut(cfg.UserAgent))
	}
	if len(cfg.Codecs) == 0 {
		cfg.Codecs = []string{"PCMU", "PCMA", "G729"}
	}
	watched := cfg.Network == nil
	if watched {
		cfg.Network = systemNetwork{&locate.System{}, cfg.DSCP}
	}
	if cfg.Instance == "" {
		cfg.Instance = uuid()
	}
	if !printable(cfg.Instance) || strings.ContainsAny(cfg.Instance, "\"<> ") || len(cfg.Instance) > 64 {
		return nil, fmt.Errorf("instance %q is no UUID", cut(cfg.Instance))
	}
	if cfg.Handler == nil {
		cfg.Handler = func(Event) {}
	}
	a := &Agent{
		cfg: cfg, log: cfg.Logger, watched: watched,
		calls: map[string]*call{}, dialogs: map[dialogKey]*call{},
		open: map[*account]bool{}, busy: map[*call]bool{},
	}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	a.events.log = a.log
	a.tracer.also = cfg.Trace
	names := map[string]bool{}
	for _, c := range cfg.Accounts {
		acc, err := newAccount(a, c)
		if err != nil {
			return nil, err
		}
		if names[c.Name] {
			return nil, fmt.Errorf("two accounts have the name %q", c.Name)
		}
		for _, codec := range c.Codecs {
			if codec != strings.ToUpper(codec) {
				return nil, fmt.Errorf("account %q: codec %q: write codec names in capitals, like PCMU", c.Name, codec)
			}
		}
		names[c.Name] = true
		a.accounts = append(a.accounts, acc)
	}
	for _, l := range cfg.Listen {
		transport, _, err := parseListen(l)
		if err != nil {
			return nil, err
		}
		if transport == "tls" && cfg.Certificate == nil {
			return nil, fmt.Errorf("listen entry %q: TLS needs a certificate and its key; add tls_cert and tls_key beside listen", l)
		}
	}
	return a, nil
}

// Start opens the configured sockets and begins to register. ctx bounds only
// Start. A registrar that cannot be reached is no error: it is tried again.
func (a *Agent) Start(ctx context.Context) error {
	a.mu.Lock()
	if a.closed || a.started {
		a.mu.Unlock()
		return ErrClosed
	}
	a.started = true
	a.mu.Unlock()
	a.stack = newStack(a.log, a.cfg.Network, a.tracer.add, a.received, a.stray, a.knows)
	a.stack.lost = func(k streamKey) {
		for _, acc := range a.accounts {
			acc.serial.post(func() { acc.connectionLost(k) })
		}
	}
	for _, l := range a.cfg.Listen {
		if err := a.stack.listen(ctx, l, a.cfg.Certificate); err != nil {
			a.cancel()
			a.stack.close()
			a.mu.Lock()
			a.closed = true
			a.mu.Unlock()
			return err
		}
	}
	for _, acc := range a.accounts {
		a.mu.Lock()
		a.open[acc] = true
		a.mu.Unlock()
		acc.serial.post(acc.register)
	}
	if a.watched {
		netwatch.Watch(a.ctx, a.log, a.changed)
	}
	return nil
}

// closePatience bounds how long Close waits for the other sides.
const closePatience = 4 * time.Second

// Close ends every call, unregisters and closes the sockets; it waits for the
// other sides no longer than ctx allows and never much more than 4 s. Events are
// delivered before it returns; none come after.
func (a *Agent) Close(ctx context.Context) error {
	a.mu.Lock()
	if a.closed {
		a.mu.Unlock()
		return nil
	}
	a.closed = true
	started := a.started
	idle := make(chan struct{})
	a.idle = idle
	var calls []*call
	for _, c := range a.calls {
		calls = append(calls, c)
	}
	a.mu.Unlock()
	if started {
		for _, c := range calls {
			c.serial.post(c.hangUp)
		}
		for _, acc := range a.accounts {
			acc.serial.post(acc.close)
		}
		a.checkIdle()
		t := time.NewTimer(closePatience)
		select {
		case <-idle:
		case <-ctx.Done():
		case <-t.C:
		}
		t.Stop()
		a.cancel()
		a.stack.close()
	}
	a.cancel()
	done := make(chan struct{})
	a.events.post(func() { close(done) })
	select {
	case <-done:
	case <-ctx.Done():
	}
	return nil
}

// checkIdle ends the wait of Close when every call and account is through.
func (a *Agent) checkIdle() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.idle != nil && len(a.busy) == 0 && len(a.open) == 0 {
		close(a.idle)
		a.idle = nil
	}
}

func (a *Agent) accountClosed(acc *account) {
	a.mu.Lock()
	delete(a.open, acc)
	a.mu.Unlock()
	a.checkIdle()
}

func (a *Agent) emit(e Event) { a.events.post(func() { a.cfg.Handler(e) }) }

// account finds an account by name; the empty name is the first.
func (a *Agent) account(name string) *account {
	for _, acc := range a.accounts {
		if acc.cfg.Name == name || name == "" {
			return acc
		}
	}
	return nil
}

// received takes a request in its turn, before anything may wait for it. tx is
// nil for an ACK.
func (a *Agent) received(req *sip.Request, tx *sip.ServerTx) {
	defer func() {
		if v := recover(); v != nil {
			a.log.Error("a SIP request could not be handled; this is a defect in Offhook, please report it",
				"method", cut(string(req.Method)), "panic", v, "stack", string(debug.Stack()))
			if tx != nil {
				tx.Respond(sip.NewResponseFromRequest(req, 500, reasonPhrase(500), nil))
			}
		}
	}()
	a.route(req, tx)
}

// stray gets responses whose transaction is gone: a 200 that is sent again
// half a minute later still wants its ACK.
func (a *Agent) stray(res *sip.Response) {
	cseq, from, id := res.CSeq(), res.From(), res.CallID()
	if cseq == nil || from == nil || id == nil || cseq.MethodName != sip.INVITE || !res.IsSuccess() {
		return
	}
	a.mu.Lock()
	c := a.dialogs[dialogKey{string(*id), from.Params.GetOr("tag", "")}]
	a.mu.Unlock()
	if c != nil {
		c.serial.offer(func() { c.strayAnswer(res) })
	}
}
