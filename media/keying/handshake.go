package keying

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/logging"
	"github.com/pion/srtp/v3"
)

const (
	// Limit is the time a handshake may take.
	Limit = 15 * time.Second
	// repeatEvery is how soon a flight is sent again that nothing answered.
	// Somebody waits to be heard, and many a peer does not listen yet when the
	// first comes: sooner than the second of RFC 6347 section 4.2.4.1, and
	// without growing, since Limit is near.
	repeatEvery = 250 * time.Millisecond
	// grace is how long a handshake may go on after a refusal that anyone
	// could have sent.
	grace = 2 * time.Second
	// maxDatagrams bounds what one association takes in, before and after its
	// handshake, which needs a dozen.
	maxDatagrams = 400
	// maxTries bounds how often a handshake begins anew.
	maxTries = 8
)

// Association is what offer and answer settled of a DTLS association. It is
// comparable: another value asks for a new association (RFC 8842 section 3).
// The zero value is none.
type Association struct {
	Fingerprints string // the peer's certificate fits one of them: values of a=fingerprint, with commas between
	ID           string // the peer's a=tls-id, "" when it has none
	Client       bool   // we begin the handshake: we are a=setup:active
}

// Secret is a master key with its salt. It never prints.
type Secret string

// String hides the key.
func (Secret) String() string { return "[redacted]" }

// GoString hides the key.
func (Secret) GoString() string { return "[redacted]" }

// LogValue hides the key.
func (Secret) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// Keys are what a handshake yields.
type Keys struct {
	Suite         string // by its name in SDP: "AEAD_AES_128_GCM"
	Send, Receive Secret
}

// profiles are the protection profiles we take (RFC 5764 section 4.1.2, RFC
// 7714 section 14.2), the preferred first.
var profiles = []struct {
	id      dtls.SRTPProtectionProfile
	profile srtp.ProtectionProfile
	suite   string
}{
	{dtls.SRTP_AEAD_AES_128_GCM, srtp.ProtectionProfileAeadAes128Gcm, "AEAD_AES_128_GCM"},
	{dtls.SRTP_AEAD_AES_256_GCM, srtp.ProtectionProfileAeadAes256Gcm, "AEAD_AES_256_GCM"},
	{dtls.SRTP_AES128_CM_HMAC_SHA1_80, srtp.ProtectionProfileAes128CmHmacSha1_80, "AES_CM_128_HMAC_SHA1_80"},
}

// Handshake is one DTLS association. Its goroutine carries it out; Packet and
// Close may be called by any other.
type Handshake struct {
	id          *Identity
	association Association
	peer        []fingerprint
	send        func([]byte)
	done        func(Keys, error)
	// ours is the random of a client, but for the time of day in it: the same in
	// every try, so that the answer to an earlier one fits.
	ours     [randomSize - 4]byte
	cancel   context.CancelCauseFunc
	limited  context.Context // ends at Limit as well
	heard    atomic.Int32    // datagrams taken in
	doubted  atomic.Bool     // grace has begun
	mismatch atomic.Bool
	finished atomic.Bool

	mu      sync.Mutex // guards everything below
	current *try
	tries   int
	random  [randomSize]byte // of the ClientHello that current answers
	heardOf bool             // random is valid
	conn    *dtls.Conn       // of current, once it is keyed
	renewal renewal
}

// try is one run of the DTLS library. There is another one when it fails, and a
// server has one for each hello: a client that begins anew means it, and the
// library would mix what belongs to two hellos.
type try struct {
	pipe   *pipe
	ctx    context.Context
	cancel context.CancelFunc
}

// Start begins a handshake. send is called with each datagram to send, by
// goroutines of the handshake, one at a time as a rule; it must not block and
// must not keep the datagram. done is called by a goroutine of the handshake,
// once with the keys or with the reason why there are none, and again whenever
// a client has said hello anew and there are newer keys; not after Close as a
// rule, but the two may cross.
func Start(id *Identity, a Association, send func([]byte), done func(Keys, error)) (*Handshake, error) {
	return start(id, a, send, done, 0)
}

// start is Start for an association that was renewed so often.
func start(id *Identity, a Association, send func([]byte), done func(Keys, error), renewals int) (*Handshake, error) {
	peer, err := parseFingerprints(a.Fingerprints)
	if err != nil {
		return nil, fmt.Errorf("begin DTLS: %w", err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	h := &Handshake{id: id, association: a, peer: peer, send: send, done: done, cancel: cancel}
	h.renewal.begun = renewals
	rand.Read(h.ours[:])
	var stop context.CancelFunc
	h.limited, stop = context.WithTimeoutCause(ctx, Limit, errTimeout)
	h.next()
	go h.run(ctx, stop)
	return h, nil
}

// next makes a new try the current one. h.mu is held, but by Start.
func (h *Handshake) next() {
	t := &try{pipe: newPipe(h.send)}
	t.ctx, t.cancel = context.WithCancel(h.limited)
	if h.current != nil {
		h.current.cancel() // run goes on with this one
	}
	h.current = t
	h.tries++
}

// connect hands a try to the library.
func (h *Handshake) connect(t *try) (*dtls.Conn, error) {
	shared := []dtls.Option{
		dtls.WithCertificates(h.id.certificate),
		dtls.WithFlightInterval(repeatEvery),
		dtls.WithDisableRetransmitBackoff(true),
		dtls.WithInsecureSkipVerify(true), // in place of an authority there is the fingerprint
		dtls.WithVerifyPeerCertificate(h.verify),
		// The library would write to the standard error as the environment says.
		dtls.WithLoggerFactory(&logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled}),
	}
	var ids []dtls.SRTPProtectionProfile
	for _, p := range profiles {
		ids = append(ids, p.id)
	}
	shared = append(shared, dtls.WithSRTPProtectionProfiles(ids...))
	if h.association.Client {
		options := []dtls.ClientOption{dtls.WithHelloRandomBytesGenerator(func() [randomSize - 4]byte { return h.ours })}
		for _, o := range shared {
			options = append(options, o)
		}
		return dtls.ClientWithOptions(t.pipe, peerAddr{}, options...)
	}
	options := []dtls.ServerOption{
		dtls.WithClientAuth(dtls.RequireAnyClientCert),
		// Who may say hello is known from the signalling, so no cookie has to
		// prove it (RFC 6347 section 4.2.1), and the call is heard sooner.
		dtls.WithInsecureSkipVerifyHello(true),
	}
	for _, o := range shared {
		options = append(options, o)
	}
	return dtls.ServerWithOptions(t.pipe, peerAddr{}, options...)
}

// verify judges the certificate of the peer, which comes first of a list.
func (h *Handshake) verify(raw [][]byte, _ [][]*x509.Certificate) error {
	if len(raw) == 0 || !matches(h.peer, raw[0]) {
		h.mismatch.Store(true)
		return ErrFingerprint
	}
	return nil
}

// Packet takes a datagram of the peer. It does not block; what is too much is
// dropped.
func (h *Handshake) Packet(b []byte) {
	if h.heard.Load() >= maxDatagrams {
		return
	}
	h.heard.Add(1)
	kept, told := sift(nil, b)
	if told.seen {
		h.doubt(fmt.Errorf("the other side refused it (alert %d %s)", told.description, alerts[told.description]))
	}
	if len(kept) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := h.renew(kept); s != nil {
		s.Packet(b)
		return
	}
	if random, ok := hello(kept); ok && !h.association.Client && !h.finished.Load() {
		if h.heardOf && random != h.random && h.tries < maxTries {
			h.next()
		}
		h.random, h.heardOf = random, true
	}
	// A full queue loses the datagram, as the network might.
	_, _ = h.current.pipe.Write(kept)
}

// doubt ends the handshake with an error after a grace: what anyone could have
// sent, or brought about by a forged datagram, does not stop one that is well.
func (h *Handshake) doubt(err error) {
	if !h.finished.Load() && h.doubted.CompareAndSwap(false, true) {
		time.AfterFunc(grace, func() {
			if !h.finished.Load() {
				h.cancel(err)
			}
		})
	}
}

// run is the goroutine of the association. It ends some time after Close.
func (h *Handshake) run(ctx context.Context, stop func()) {
	defer h.cancel(nil)
	defer stop()
	for {
		h.mu.Lock()
		t := h.current
		h.mu.Unlock()
		conn, err := h.connect(t)
		if err == nil {
			err = conn.HandshakeContext(t.ctx)
		}
		h.mu.Lock()
		if err != nil && t == h.current && !h.mismatch.Load() && h.limited.Err() == nil && h.tries < maxTries {
			h.doubt(err)
			h.next()
		}
		if t != h.current {
			h.mu.Unlock()
			closeConn(conn)
			continue
		}
		var keys Keys
		if err == nil {
			keys, err = h.export(conn)
		} else {
			err = h.explain(err)
		}
		if err == nil {
			h.conn = conn
			h.finished.Store(true)
		}
		h.mu.Unlock()
		h.done(keys, err)
		if err == nil {
			listen(ctx, t, conn)
		}
		closeConn(conn)
		return
	}
}

// closeConn closes a connection; it may be nil.
func closeConn(conn *dtls.Conn) {
	if conn != nil {
		// Nobody waits for what the library has to say at the end.
		_ = conn.Close()
	}
}

var errTimeout = fmt.Errorf("it did not come to its end in %v", Limit)

// explain says why a handshake failed.
func (h *Handshake) explain(err error) error {
	cause := context.Cause(h.limited)
	switch {
	case h.mismatch.Load():
		err = ErrFingerprint
	case cause != nil && h.heard.Load() == 0 && errors.Is(cause, errTimeout):
		err = fmt.Errorf("nothing came from the other side for %v", Limit)
	case cause != nil:
		err = cause
	}
	return fmt.Errorf("DTLS handshake: %w", err)
}

// export derives the keys (RFC 5764 section 4.2).
func (h *Handshake) export(conn *dtls.Conn) (Keys, error) {
	state, ok := conn.ConnectionState()
	id, agreed := conn.SelectedSRTPProtectionProfile()
	if !ok || len(state.PeerCertificates) == 0 || !matches(h.peer, state.PeerCertificates[0]) {
		return Keys{}, fmt.Errorf("DTLS handshake: %w", ErrFingerprint)
	}
	for _, p := range profiles {
		if !agreed || p.id != id {
			continue
		}
		c := srtp.Config{Profile: p.profile}
		if err := c.ExtractSessionKeysFromDTLS(&state, h.association.Client); err != nil {
			return Keys{}, fmt.Errorf("DTLS handshake: derive the SRTP keys: %w", err)
		}
		return Keys{
			Suite:   p.suite,
			Send:    Secret(c.Keys.LocalMasterKey) + Secret(c.Keys.LocalMasterSalt),
			Receive: Secret(c.Keys.RemoteMasterKey) + Secret(c.Keys.RemoteMasterSalt),
		}, nil
	}
	return Keys{}, errors.New("DTLS handshake: the other side does not do SRTP (no use_srtp extension)")
}

// listen lets the library answer what is repeated, till the association is
// closed. Data has no place here.
func listen(ctx context.Context, t *try, conn *dtls.Conn) {
	stop := context.AfterFunc(ctx, func() { t.pipe.Close() })
	defer stop()
	buf := make([]byte, maxDatagram)
	for {
		if _, err := conn.Read(buf); errors.Is(err, io.EOF) || ctx.Err() != nil {
			return
		}
	}
}

// Close ends the association. A peer that has keys is told. It does not wait.
func (h *Handshake) Close() {
	h.mu.Lock()
	conn, successor := h.conn, h.renewal.successor
	h.mu.Unlock()
	if successor != nil {
		successor.Close()
	}
	closeConn(conn)
	h.cancel(errors.New("the call ended"))
}
