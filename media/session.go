package media

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"offhook/media/codec"
	"offhook/media/keying"
	"offhook/media/sound"
)

// ErrClosed is returned by a session that was closed.
var ErrClosed = errors.New("media session is closed")

// ErrNotSending says that the call sends nothing now: it is on hold or nothing
// was agreed yet.
var ErrNotSending = errors.New("the call is on hold")

// ErrNoEvents says that the peer did not agree to telephone events.
var ErrNoEvents = errors.New("the peer takes no RFC 4733 digits")

const (
	codecRate   = 8000 // the unit of rates: those of all codecs are multiples of it
	digitLength = 100 * time.Millisecond
	digitQueue  = 64
	// ownEcho is how long the tones that we send may take to come back from the other end.
	ownEcho = time.Second
)

// SessionConfig configures a Session. Callbacks may be nil; they run on the
// session's reader or the sound port's goroutine and must return soon. They
// may call methods of the session, but none of an Endpoint.
type SessionConfig struct {
	Logger  *slog.Logger     // nil: discard
	OnEvent func(digit byte) // a key the peer pressed (RFC 4733), once each
	// OnTone hears of a key the peer pressed whose tones are in the sound (ITU-T
	// Q.23), once each, from within Pull: it must not block. After the first
	// OnEvent there are none. A key can be told both ways, when its tones begin
	// before its event does.
	OnTone       func(digit byte)
	OnFirstRTP   func(time.Time)  // the first packet was sent
	OnFirstHeard func(time.Time)  // the first packet of the peer came
	Rand         *rand.Rand       // nil: seeded by the system; used only inside NewSession
	RTCP         net.PacketConn   // the socket for RTCP where the peer does not share RTP's; owned by the session; may be nil
	Identity     *keying.Identity // what we show in DTLS handshakes; nil: Params.DTLS is refused
	OnKeyed      func(error)      // a DTLS handshake ended: nil, or an error that wraps ErrKeying; on a goroutine of its own
}

// Session is one call's RTP. It survives holds and changes of handset: the
// handset that has the call pulls and pushes, none has it while parked.
//
//	port's goroutine ─ Push ─► 48→8, 16 kHz ─► encoder ─► packets ──► conn
//	port's goroutine ◄ Pull ── 8, 16→48 kHz ◄─ jitter buffer ◄─ reader ◄─ conn
//
// All methods may be called from any goroutine. Push and Pull take a lock each
// that is otherwise held only for the moment it takes to store a packet or to
// change parameters; they do not allocate.
type Session struct {
	cfg        SessionConfig
	log        *slog.Logger
	wire       *wire
	port       uint16
	digits     chan byte
	closed     atomic.Bool
	setParams  sync.Mutex  // serialises SetParams, Close and the ends of handshakes; guards asked, codec and parts of dtls
	asked      Params      // what SetParams was called with last
	codec      codec.Codec // of asked
	dtls       dtlsState
	reportKeys reportKeys

	rx      receiver
	tx      sender
	reports reports
	extras  extras

	openRecording func(path string) (*Recording, error) // newRecording
}

// NewSession takes ownership of conn and starts reading from it. Nothing is
// sent or taken in before SetParams.
func NewSession(conn net.PacketConn, cfg SessionConfig) *Session {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	random := rand.Uint32
	if cfg.Rand != nil {
		random = cfg.Rand.Uint32
	}
	s := &Session{cfg: cfg, log: cfg.Logger, wire: newWire(conn), port: portOf(conn), digits: make(chan byte, digitQueue), openRecording: newRecording}
	s.dtls.wire = newWire(conn)
	if cfg.RTCP != nil {
		s.reportKeys.wire = newWire(cfg.RTCP)
	}
	s.rx.init(cfg.OnTone != nil)
	s.tx.init(random)
	s.reports.init(cfg.RTCP, random)
	go s.read()
	if cfg.RTCP != nil {
		go s.readReports()
	}
	return s
}

// LocalPort is the UDP port of the connection.
func (s *Session) LocalPort() uint16 { return s.port }

// SetParams applies what was agreed. The first time that sending is allowed, a
// packet of silence goes out at once: it opens the way through NATs before
// the microphone has delivered anything. Streams go on over changes: SSRC,
// sequence and timestamps stay.
//
// With p.DTLS nothing is sent or played until a handshake has yielded keys; it
// begins at once, unless the last one was for the same association and has not
// failed. SessionConfig.OnKeyed tells of its end.
func (s *Session) SetParams(p Params) error {
	c, err := p.check()
	if err != nil {
		return fmt.Errorf("set up call audio: %w", err)
	}
	s.setParams.Lock()
	defer s.setParams.Unlock()
	if s.closed.Load() {
		return ErrClosed
	}
	s.asked, s.codec = p, c
	return s.apply()
}

// apply makes what was asked for so. s.setParams is held.
func (s *Session) apply() error {
	p, c := s.asked, s.codec
	begin, err := s.agreeKeys(&p)
	if err != nil {
		return err
	}
	dest, err := s.rx.set(p, c)
	if err != nil {
		return fmt.Errorf("set up call audio: %w", err)
	}
	first, err := s.tx.set(p, c, dest, s.wire)
	if err != nil {
		return fmt.Errorf("set up call audio: %w", err)
	}
	if moved, ok := s.rx.moved(); ok { // the reader latched while we were between the two halves
		s.tx.redirect(moved)
	}
	s.reports.set(p, s.report)
	s.sentFirst(first)
	s.keyReports(p)
	if begin {
		return s.beginKeying(p.DTLS)
	}
	return nil
}

// Params returns what was set last.
func (s *Session) Params() Params {
	s.tx.mu.Lock()
	defer s.tx.mu.Unlock()
	return s.tx.params
}

// SendDigit queues a key: 0-9, *, #, A-D. Each is sent for 100 ms (RFC 4733)
// at the pace of Push.
func (s *Session) SendDigit(d byte) error {
	if _, ok := codec.EventCode(d); !ok {
		return fmt.Errorf("send digit %q: not a key of a telephone (0-9, *, #, A-D)", d)
	}
	p := s.Params()
	switch {
	case s.closed.Load():
		return fmt.Errorf("send digit %q: %w", d, ErrClosed)
	case !p.Send:
		return fmt.Errorf("send digit %q: %w", d, ErrNotSending)
	case p.EventPayloadType == 0 && !p.DigitsInBand:
		return fmt.Errorf("send digit %q: %w", d, ErrNoEvents)
	}
	select {
	case s.digits <- d:
		return nil
	default:
		return fmt.Errorf("send digit %q: %d digits wait already", d, digitQueue)
	}
}

// Pull fills out, one sound period at 48 kHz, with what the earpiece should
// hear of this call; silence when there is nothing.
func (s *Session) Pull(out []int16) {
	if len(out) != sound.Period {
		clear(out)
		return
	}
	if key := s.rx.pull(out); key != 0 && time.Since(time.Unix(0, s.tx.toned.Load())) > ownEcho {
		s.cfg.OnTone(key)
	}
	s.extras.incoming(out)
}

// Push takes one sound period from the microphone at 48 kHz; nil stands for a
// muted one, for which true silence is sent. Nothing is sent while the
// parameters forbid it.
func (s *Session) Push(in []int16) {
	if in != nil && len(in) != sound.Period {
		return
	}
	s.sentFirst(s.tx.push(s.extras.outgoing(in), s.digits, s.wire))
}

func (s *Session) sentFirst(first bool) {
	if first && s.cfg.OnFirstRTP != nil {
		s.cfg.OnFirstRTP(time.Now())
	}
}

// Close ends reading and sending and closes the connection. It does not wait
// for a callback that is running. Idempotent.
func (s *Session) Close() error {
	s.setParams.Lock()
	defer s.setParams.Unlock()
	if s.closed.Swap(true) {
		return nil
	}
	s.endReports()
	s.closeExtras()
	s.endKeying()
	err := s.wire.conn.Close()
	s.tx.close()
	s.rx.close()
	if err != nil {
		return fmt.Errorf("close media session: %w", err)
	}
	return nil
}

// A read that fails tells of an earlier packet as a rule, that nobody took it.
// After so many in a row the reader takes its time between two, and goes on: the
// peer may come back.
const (
	hastyReads = 50
	readPause  = 20 * time.Millisecond
)

// failed waits after so many failed reads in a row, if at all.
func (s *Session) failed(errs int, err error) {
	if errs == hastyReads {
		s.log.Warn("RTP: reading fails again and again", "err", err)
	}
	if errs >= hastyReads {
		time.Sleep(readPause)
	}
}

// read is the one reader of the connection. It ends when Close closes it.
func (s *Session) read() {
	buf := make([]byte, 2048) // more is cut off, and then refused for its size
	errs := 0
	for {
		n, from, err := s.wire.read(buf)
		switch {
		case s.closed.Load() || errors.Is(err, net.ErrClosed):
			return
		case errors.Is(err, errOddAddress):
			continue
		case err != nil: // an ICMP error of an earlier packet, perhaps
			errs++
			s.failed(errs, err)
			continue
		}
		errs = 0
		if keying.Is(buf[:n]) {
			s.handshakePacket(buf[:n], from)
			continue
		}
		if isRTCP(buf[:n]) {
			s.takeReport(buf[:n], from, true)
			continue
		}
		got := s.rx.packet(buf[:n], from, time.Now())
		if got.moved.IsValid() {
			s.tx.redirect(got.moved)
			s.log.Info("RTP: the peer sends from another address, answering there", "address", got.moved)
		}
		if got.first && s.cfg.OnFirstHeard != nil {
			s.cfg.OnFirstHeard(time.Now())
		}
		if got.digit != 0 && s.cfg.OnEvent != nil {
			s.cfg.OnEvent(got.digit)
		}
	}
}
