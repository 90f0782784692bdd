package phone

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"offhook/devices"
	"offhook/devices/profile"
	"offhook/hid"
	"offhook/media"
	"offhook/media/codec"
	"offhook/media/keying"
	"offhook/phone/control"
	"offhook/phone/desk"
	"offhook/phone/exchange"
	"offhook/phone/ua"
)

// Config makes a Phone.
type Config struct {
	Version string
	Logger  *slog.Logger // nil: nothing is logged

	// Accounts are the SIP accounts. With none the phone brings up a local exchange on loopback and is its extension
	// LocalExtension, so that a first start has a dial tone and somebody to call.
	Accounts    []ua.Account
	Listen      []string // "udp:127.0.0.1:5060"; empty: ephemeral
	DirectCalls bool
	// Certificate is what the phone shows to who comes to a "tls:" of Listen.
	Certificate *tls.Certificate
	DSCP        int // code point of SIP packets, 0–63
	AudioDSCP   int // code point of RTP, 0–63
	// RTPTimeout ends a call of which nothing is heard for so long though it should; 0: never. It is judged every 5 s.
	RTPTimeout time.Duration
	Instance   string // a UUID that stays; see ua.Config
	RTPLow     uint16 // port range of RTP, inclusive; 0: 16384–16484
	RTPHigh    uint16

	// Profiles is what is known of the devices that AttachVirtual opens; nil: what the program knows.
	Profiles *profile.Table
	// Models is what the user says of devices that AttachVirtual opens and that their numbers do not tell.
	Models []devices.Model

	// Endpoint is how every handset sounds: its tones, ringer and signal path. Its logger and callbacks are the phone's.
	Endpoint media.EndpointConfig
	// Speakerphones: devices that call themselves so are cleaned of echo and noise besides.
	Speakerphones bool

	// Line says what a device is connected to; nil: the line of all.
	Line func(hid.Info) desk.Line
	// Fallback says whether the conversation of a device that is unplugged goes on at another; nil: it is held.
	Fallback func(unplugged, other hid.Info) bool

	// AutoAnswer says by the name of an account whether it answers calls by itself: "off" (also when it is not named),
	// "on", or "intercom", when the account's server asks for it.
	AutoAnswer map[string]string

	Desk desk.Config
	DND  bool // start with do not disturb on

	// Trace gets every SIP message, secrets taken out; see ua.Config.
	Trace func(ua.TraceMessage)
	// Network is where the sockets of SIP come from; nil: the system.
	Network ua.Network
	// ListenRTP opens the socket of one call; nil: media.ListenRTP on every address.
	ListenRTP func(lo, hi uint16) (net.PacketConn, error)
}

// LocalExtension is the phone's number at the local exchange; EchoExtension answers with an echo, and
// RingMeExtension calls back.
const (
	LocalExtension  = "100"
	EchoExtension   = "600"
	RingMeExtension = "601"
	localAccount    = "local"
)

// ErrStopped is returned for what is asked of a phone that has ended.
var ErrStopped = errors.New("the phone has ended")

// Phone is the softphone. Make it with New, hand it devices with Attach or AttachVirtual, and Run it. Attach,
// AttachVirtual and the methods of control.Backend may be called by any goroutine, also before Run.
type Phone struct {
	cfg   Config
	log   *slog.Logger
	inbox *mailbox
	quit  chan struct{} // closed by the quit verb

	snapshot atomic.Pointer[snapshot]
	feeds    *hub

	// All below belongs to the goroutine of Run.
	state    desk.State
	agent    *ua.Agent
	local    *exchange.Exchange
	identity *keying.Identity // what calls show by DTLS; nil: no account encrypts
	accounts []*account
	calls    map[desk.CallID]*call
	handsets map[desk.HandsetID]*handset
	order    []desk.HandsetID // as they were attached
	timers   map[timerKey]*time.Timer
	outbox   []func() // events and answers to commands, which go out once the status tells of what they tell
	refusal  string   // what the state machine refused during the event at hand
	quitting bool     // quit is closed
	ending   bool     // nothing but closing things is done any more
}

var _ control.Backend = (*Phone)(nil)

// account is what is known of one SIP account.
type account struct {
	name, uri string
	codecs    []string
	registers bool // it is to register at all
	dtmf      string
	// autoAnswer is "off", "on" or "intercom".
	autoAnswer string
	state      ua.RegState
	code       int
	step       ua.Step
	server     string // where it is registered
	reason     string
	logged     string    // why it is not registered, as the log has it; empty: it is, for all the log says
	until      time.Time // when the registration lapses, zero when there is none
}

// New checks cfg and makes a phone that is not yet running.
func New(cfg Config) (*Phone, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.RTPLow == 0 {
		cfg.RTPLow, cfg.RTPHigh = 16384, 16484
	}
	cfg.Desk.Transfer = true
	if cfg.Desk.TransferTime == 0 {
		cfg.Desk.TransferTime = 4 * time.Minute // the user agent knows when to give up
	}
	if cfg.ListenRTP == nil {
		cfg.ListenRTP = listenEverywhere
	}
	p := &Phone{
		cfg:      cfg,
		log:      cfg.Logger,
		inbox:    newMailbox(),
		quit:     make(chan struct{}),
		feeds:    newHub(),
		state:    desk.New(cfg.Desk),
		calls:    map[desk.CallID]*call{},
		handsets: map[desk.HandsetID]*handset{},
		timers:   map[timerKey]*time.Timer{},
	}
	if cfg.DND {
		p.state, _ = desk.Next(p.state, desk.CmdDND{On: true})
	}
	p.snapshot.Store(p.snap())
	return p, nil
}

// listenEverywhere opens the socket of a call's sound for both families; where there is no IPv6, for IPv4.
func listenEverywhere(lo, hi uint16) (net.PacketConn, error) {
	conn, err := media.ListenRTP(netip.IPv6Unspecified(), lo, hi)
	if err != nil && !errors.Is(err, media.ErrNoPort) {
		return media.ListenRTP(netip.IPv4Unspecified(), lo, hi)
	}
	return conn, err
}

// Run is the phone's goroutine. It returns when ctx ends or a client says quit, after the calls are ended, the accounts
// unregistered and the lights put out; or at once, with the reason, when SIP can't be brought up.
func (p *Phone) Run(ctx context.Context) error {
	if err := p.startSIP(ctx); err != nil {
		p.stop()
		return err
	}
	for {
		select {
		case <-ctx.Done():
			p.stop()
			return nil
		case <-p.quit:
			p.stop()
			return nil
		case <-p.inbox.ready:
			p.drain()
		}
	}
}

// drain handles all messages that wait, then makes the result visible.
func (p *Phone) drain() {
	for _, f := range p.inbox.take() {
		f()
	}
	p.publish()
}

// publish shows readers of the status what has become, and only then tells those who listen: who asks for the status
// because of an event, or after a command, must find in it what he was told.
func (p *Phone) publish() {
	p.snapshot.Store(p.snap())
	for _, f := range p.outbox {
		f()
	}
	clear(p.outbox)
	p.outbox = p.outbox[:0]
}

// stop ends everything. Handsets and SIP take their time, each on its own account: a device that takes no reports a
// second, a server that does not answer four.
func (p *Phone) stop() {
	p.ending = true
	for _, t := range p.timers {
		t.Stop()
	}
	for _, f := range p.inbox.close() {
		f() // closes what was being attached, and answers those who wait
	}
	var closing sync.WaitGroup
	for _, id := range p.order {
		closing.Go(p.handsets[id].close)
	}
	if p.agent != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
		if err := p.agent.Close(ctx); err != nil {
			p.log.Warn("ending SIP", "error", err)
		}
		cancel()
	}
	closing.Wait()
	if p.local != nil {
		p.local.Close()
	}
	for _, c := range p.state.Calls() {
		p.send(callEvent(c, control.CallEnded))
	}
	for id, c := range p.calls {
		c.close()
		delete(p.calls, id)
	}
	p.state = desk.New(p.cfg.Desk)
	p.publish()
	p.feeds.close()
}

// feed gives one event to the state machine and carries out what follows. SIP comes first, since somebody waits at the
// other end of it; then lights and sound; then those who watch.
func (p *Phone) feed(e desk.Event) {
	if p.ending {
		return
	}
	before := p.state
	next, actions := desk.Next(before, e)
	p.state = next
	for _, a := range actions {
		p.carryOut(a)
	}
	for _, id := range p.order {
		p.handsets[id].show(p)
	}
	p.announce(before, next)
}

// later posts an event for the state machine: what comes out of carrying out an action must not be handled inside it.
func (p *Phone) later(e desk.Event) { p.inbox.post(func() { p.feed(e) }) }

// startSIP brings up the local exchange, when there is no account, and the user agent.
func (p *Phone) startSIP(ctx context.Context) error {
	accounts := p.cfg.Accounts
	if len(accounts) == 0 {
		xc := exchange.Config{Listen: "127.0.0.1:0", Logger: p.log}
		if p.cfg.Network != nil {
			xc.Network = exchangeNetwork{p.cfg.Network}
		}
		x, err := exchange.New(xc)
		if err != nil {
			return fmt.Errorf("starting the local exchange: %w", err)
		}
		// It outlives ctx: the agent unregisters there when ctx has ended.
		if err := x.Start(context.WithoutCancel(ctx)); err != nil {
			return fmt.Errorf("starting the local exchange: %w", err)
		}
		p.local = x
		accounts = []ua.Account{{
			Name:      localAccount,
			URI:       "sip:" + LocalExtension + "@" + x.Addr().String(),
			Transport: "udp",
			Register:  true,
			Expires:   time.Hour,
		}}
	}
	for _, a := range accounts {
		p.accounts = append(p.accounts, &account{name: a.Name, uri: a.URI, codecs: a.Codecs, registers: a.Register,
			dtmf: a.DTMF, autoAnswer: p.cfg.AutoAnswer[a.Name]})
	}
	p.snapshot.Store(p.snap())
	var err error
	if p.identity, err = certify(accounts); err != nil {
		return fmt.Errorf("setting up SIP: %w", err)
	}
	agent, err := ua.New(ua.Config{
		Accounts:    accounts,
		Listen:      p.cfg.Listen,
		DirectCalls: p.cfg.DirectCalls,
		Certificate: p.cfg.Certificate,
		Codecs:      codec.Names(),
		UserAgent:   "Offhook/" + p.cfg.Version,
		Logger:      p.log,
		Handler:     func(e ua.Event) { p.inbox.post(func() { p.fromSIP(e) }) },
		Trace:       p.cfg.Trace,
		DSCP:        p.cfg.DSCP,
		Instance:    p.cfg.Instance,
		Fingerprint: p.fingerprint(),
		Network:     p.cfg.Network,
	})
	if err != nil {
		return fmt.Errorf("setting up SIP: %w", err)
	}
	p.agent = agent
	if err := agent.Start(ctx); err != nil {
		return fmt.Errorf("starting SIP: %w", err)
	}
	return nil
}

// exchangeNetwork gives the exchange the sockets of the user agent's network.
type exchangeNetwork struct{ ua.Network }

func (n exchangeNetwork) ListenPacket(ctx context.Context, _, address string) (net.PacketConn, error) {
	return n.Network.ListenPacket(ctx, address)
}
