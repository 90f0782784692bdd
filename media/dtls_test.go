package media

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtcp"

	"offhook/media/codec"
	"offhook/media/internal/voice"
	"offhook/media/keying"
	"offhook/media/sound"
)

// identities are two certificates: those of the two ends, and a third one's.
var identities = sync.OnceValue(func() (ids [3]*keying.Identity) {
	for i := range ids {
		id, err := keying.NewIdentity()
		if err != nil {
			panic(err)
		}
		ids[i] = id
	}
	return ids
})

// keyedCall is a call of two sessions that agreed on DTLS; a is the client.
type keyedCall struct {
	a, b   *Session
	pa, pb Params
	ca, cb *memConn
	told   [2]chan error // ends of handshakes
}

// newKeyedCall makes the sessions; reports are sockets for RTCP, if they are to
// have some.
func newKeyedCall(t *testing.T, reports ...net.PacketConn) *keyedCall {
	k := &keyedCall{told: [2]chan error{make(chan error, 100), make(chan error, 100)}}
	k.ca, k.cb = memPair()
	ids := identities()
	var cfg [2]SessionConfig
	for i := range cfg {
		cfg[i] = SessionConfig{Identity: ids[i], OnKeyed: func(err error) { k.told[i] <- err }}
		if reports != nil {
			cfg[i].RTCP = reports[i]
		}
	}
	k.a, k.b = NewSession(k.ca, cfg[0]), NewSession(k.cb, cfg[1])
	k.pa, k.pb = params(codec.PCMU, k.cb.addr), params(codec.PCMU, k.ca.addr)
	k.pa.DTLS = keying.Association{Fingerprints: ids[1].Fingerprint(), Client: true}
	k.pb.DTLS = keying.Association{Fingerprints: ids[0].Fingerprint()}
	k.pa.RTCPMux, k.pb.RTCPMux = true, true
	a, b := k.a, k.b
	t.Cleanup(func() { a.Close(); b.Close() })
	return k
}

// tap lists what a socket sends to another, and where to.
func tap(from, to *memConn) func() []datagram {
	var mu sync.Mutex // guards list: sound, reports and handshakes leave from goroutines of their own
	var list []datagram
	from.setDeliver(func(p []byte, at, dest netip.AddrPort) {
		mu.Lock()
		defer mu.Unlock()
		list = append(list, datagram{bytes.Clone(p), dest}) // "from" is where to, here
		to.inject(p, at)
	})
	return func() []datagram {
		mu.Lock()
		defer mu.Unlock()
		return list
	}
}

// agree sets the parameters of both and waits for the keys.
func (k *keyedCall) agree(t *testing.T) {
	t.Helper()
	must(t, k.b.SetParams(k.pb))
	must(t, k.a.SetParams(k.pa))
	must(t, <-k.told[0])
	must(t, <-k.told[1])
}

// talk lets a speak for n periods, and gives what b hears.
func (k *keyedCall) talk(n int) (heard []int16) {
	mic := periods(n)
	run(n, func(i int) {
		k.a.Push(mic[i])
		synctest.Wait()
		var out [sound.Period]int16
		k.b.Pull(out[:])
		heard = append(heard, out[:]...)
	})
	return heard
}

func TestKeysOfAHandshakeEncryptACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeyedCall(t)
		wire := tap(k.ca, k.cb)
		k.agree(t)
		if heard := k.talk(200); voice.RMS(heard[len(heard)/2:]) < 500 {
			t.Error("nothing is heard")
		}
		x, y := k.a.Params().SRTP, k.b.Params().SRTP
		if x.Suite != "AEAD_AES_128_GCM" || x.Send != y.Receive || x.Receive != y.Send {
			t.Errorf("suites %q and %q", x.Suite, y.Suite)
		}
		for i, p := range wire() {
			if !keying.Is(p.b) && !isRTCP(p.b) && len(p.b) != headerBytes+160+16 {
				t.Fatalf("packet %d, of %d bytes, is plain", i, len(p.b))
			}
		}
		if st := k.b.Stats(); st.Forged+st.Lost+st.Strangers != 0 || st.Received == 0 {
			t.Errorf("%+v", st)
		}
		// The same parameters again, and a hold, keep the keys.
		for _, send := range []bool{true, false, true} {
			k.pa.Send = send
			must(t, k.a.SetParams(k.pa))
			must(t, k.b.SetParams(k.pb))
		}
		if k.a.Params().SRTP != x || len(k.told[0])+len(k.told[1]) != 0 {
			t.Error("the keys changed")
		}
		if heard := k.talk(100); voice.RMS(heard[len(heard)/2:]) < 500 {
			t.Error("nothing is heard after the hold")
		}
	})
}

// A peer that does not share the port has another handshake for its reports.
func TestReportsOnAPortOfTheirOwnHaveKeysOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ra, rb := newMemConn("192.0.2.1:4001"), newMemConn("192.0.2.2:5001")
		k := newKeyedCall(t, ra, rb)
		a, b := k.a, k.b
		sent, back := tap(ra, rb), tap(rb, ra)
		k.pa.RTCPMux, k.pb.RTCPMux = false, false
		k.pa.RTCP, k.pb.RTCP = rb.addr, ra.addr
		k.agree(t)
		k.talk(600)
		if n := a.Stats().Reports; n == 0 {
			t.Error("no report came on what is sent")
		}
		a.Close()
		synctest.Wait()
		b.rx.mu.Lock()
		left := b.rx.far.left
		b.rx.mu.Unlock()
		if !left {
			t.Error("the goodbye was not understood")
		}
		shaken := 0
		for _, d := range append(sent(), back()...) {
			if keying.Is(d.b) {
				shaken++
			} else if _, err := rtcp.Unmarshal(d.b); err == nil {
				t.Fatalf("a plain report: %x", d.b)
			}
		}
		if shaken < 4 {
			t.Errorf("%d datagrams of DTLS", shaken)
		}
	})
}

// Until the keys are there neither side sends sound, or takes what comes.
func TestNothingGoesPlainlyBeforeTheKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeyedCall(t)
		k.ca.setDeliver(func(p []byte, _, _ netip.AddrPort) {
			if !keying.Is(p) {
				t.Errorf("sent before there are keys: %x", p)
			}
		})
		must(t, k.a.SetParams(k.pa))
		for i := range 20 {
			b := appendRTP(nil, header{sequence: uint16(i), timestamp: uint32(160 * i), ssrc: 1})
			k.ca.inject(append(b, make([]byte, 160)...), k.cb.addr)
		}
		run(300, func(int) {
			var out [sound.Period]int16
			k.a.Push(periods(1)[0])
			out[0] = 1
			if k.a.Pull(out[:]); out != [sound.Period]int16{} {
				t.Fatal("sound is heard before there are keys")
			}
			k.a.KeepAlive()
		})
		if st := k.a.Stats(); st.Received+st.Sent != 0 {
			t.Errorf("%+v", st)
		}
		// The other side comes late, and the sound begins.
		k.ca.setDeliver(func(p []byte, from, _ netip.AddrPort) { k.cb.inject(p, from) })
		k.agree(t)
		if heard := k.talk(200); voice.RMS(heard[len(heard)/2:]) < 500 {
			t.Error("nothing is heard")
		}
	})
}

func TestACertificateThatWasNotAnnouncedEndsInAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeyedCall(t)
		k.pb.DTLS.Fingerprints = identities()[2].Fingerprint()
		must(t, k.b.SetParams(k.pb))
		must(t, k.a.SetParams(k.pa))
		err := <-k.told[1]
		if !errors.Is(err, ErrKeying) || !errors.Is(err, keying.ErrFingerprint) {
			t.Error(err)
		}
		k.talk(50)
		if st := k.b.Stats(); st.Received+st.Sent != 0 || k.b.Params().SRTP.Suite != "" {
			t.Errorf("%+v", st)
		}
	})
}

// A client that is faster than the description on its way through the servers
// does not wait for its second try.
func TestAHelloBeforeTheDescriptionIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeyedCall(t)
		said := tap(k.ca, k.cb)
		must(t, k.a.SetParams(k.pa))
		synctest.Wait()
		for range 50 {
			k.cb.inject(said()[0].b, netip.MustParseAddrPort("203.0.113.9:666"))
		}
		time.Sleep(100 * time.Millisecond)
		began := time.Now()
		must(t, k.b.SetParams(k.pb))
		must(t, <-k.told[0])
		must(t, <-k.told[1])
		if took := time.Since(began); took > 50*time.Millisecond {
			t.Errorf("the keys came after %v", took)
		}
		if st := k.b.Stats(); st.Strangers != 1 {
			t.Errorf("%d datagrams of strangers", st.Strangers)
		}
	})
}

func TestStrangersHandshakesAreNotHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeyedCall(t)
		said, answered := tap(k.ca, k.cb), tap(k.cb, k.ca)
		must(t, k.b.SetParams(k.pb))
		flood := func() {
			hello := []byte{22, 0xfe, 0xff, 0, 0}
			if list := said(); len(list) > 0 {
				hello = list[0].b
			}
			for i := range 200 {
				from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), 4000)
				k.cb.inject(hello, from)
			}
			synctest.Wait()
		}
		flood()
		must(t, k.a.SetParams(k.pa))
		synctest.Wait()
		flood()
		must(t, <-k.told[0])
		must(t, <-k.told[1])
		flood()
		if heard := k.talk(200); voice.RMS(heard[len(heard)/2:]) < 500 {
			t.Error("nothing is heard")
		}
		for _, d := range answered() {
			if d.from != k.ca.addr {
				t.Fatalf("%v was answered", d.from)
			}
		}
		if st := k.b.Stats(); st.Strangers < 400 {
			t.Errorf("%d datagrams of strangers", st.Strangers)
		}
	})
}

// A new fingerprint in a re-offer is a new peer: the old keys are worth nothing.
func TestANewFingerprintWantsANewHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeyedCall(t)
		k.agree(t)
		k.talk(100)
		old := k.b.Params().SRTP
		// The one behind a moves the call to another phone, with an address and a certificate of its own.
		cc := newMemConn("192.0.2.3:6000")
		cc.setDeliver(func(p []byte, from, _ netip.AddrPort) { k.cb.inject(p, from) })
		k.cb.setDeliver(func(p []byte, from, dest netip.AddrPort) {
			if dest == cc.addr {
				cc.inject(p, from)
			}
		})
		third := make(chan error, 1)
		c := NewSession(cc, SessionConfig{Identity: identities()[2], OnKeyed: func(err error) { third <- err }})
		defer c.Close()
		k.pb.Remote, k.pb.DTLS.Fingerprints = cc.addr, identities()[2].Fingerprint()
		must(t, k.b.SetParams(k.pb))
		if p := k.b.Params(); p.SRTP.Suite != "" {
			t.Error("the old keys are still used")
		}
		pc := k.pa
		must(t, c.SetParams(pc))
		must(t, <-third)
		must(t, <-k.told[1])
		if now := k.b.Params().SRTP; now == old || now.Suite == "" {
			t.Error("there are no new keys")
		}
		k.a = c
		if heard := k.talk(200); voice.RMS(heard[len(heard)/2:]) < 500 {
			t.Error("the new phone is not heard")
		}
	})
}

// The same peer that asks for another association is heard all the time.
func TestAnotherAssociationWithTheSamePeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeyedCall(t)
		k.agree(t)
		k.talk(100)
		old := k.a.Params().SRTP
		k.pa.DTLS.ID, k.pb.DTLS.ID = "two", "two"
		must(t, k.a.SetParams(k.pa))
		must(t, k.b.SetParams(k.pb))
		if k.a.Params().SRTP != old {
			t.Error("the keys are gone before there are new ones")
		}
		must(t, <-k.told[0])
		must(t, <-k.told[1])
		if now := k.a.Params().SRTP; now == old || now.Send != k.b.Params().SRTP.Receive {
			t.Error("no new keys")
		}
		if heard := k.talk(200); voice.RMS(heard[len(heard)/2:]) < 500 {
			t.Error("nothing is heard")
		}
	})
}

// A peer that starts again in the middle of a call, and says nothing of it but
// another hello, is heard again.
func TestAPeerThatStartsAgainIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeyedCall(t)
		k.agree(t)
		k.talk(100)
		old := k.b.Params().SRTP
		k.ca.setDeliver(nil) // its goodbye is lost
		k.a.Close()
		conn := newMemConn(k.ca.addr.String())
		conn.setDeliver(func(p []byte, from, _ netip.AddrPort) { k.cb.inject(p, from) })
		k.cb.setDeliver(func(p []byte, from, _ netip.AddrPort) { conn.inject(p, from) })
		k.a = NewSession(conn, SessionConfig{Identity: identities()[0], OnKeyed: func(err error) { k.told[0] <- err }})
		defer k.a.Close()
		must(t, k.a.SetParams(k.pa))
		must(t, <-k.told[0])
		must(t, <-k.told[1])
		if now := k.b.Params().SRTP; now == old || now.Receive != k.a.Params().SRTP.Send {
			t.Error("there are no new keys")
		}
		if heard := k.talk(200); voice.RMS(heard[len(heard)/2:]) < 500 {
			t.Error("nothing is heard")
		}
	})
}

// A handshake that nothing answers fails, and begins again when the parameters
// are set again: a call was answered that had early media before.
func TestAFailedHandshakeBeginsAgainWithTheParameters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeyedCall(t)
		must(t, k.a.SetParams(k.pa))
		if err := <-k.told[0]; !errors.Is(err, ErrKeying) || !strings.Contains(err.Error(), "nothing came") {
			t.Error(err)
		}
		k.agree(t)
	})
}

func TestHandshakesOfASessionAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeyedCall(t)
		var err error
		n := 0
		for ; err == nil && n < 100; n++ {
			k.pa.DTLS.ID = strings.Repeat("x", n)
			err = k.a.SetParams(k.pa)
		}
		if n != maxHandshakes+1 || !errors.Is(err, ErrKeying) {
			t.Errorf("%d handshakes were begun: %v", n, err)
		}
	})
}

func TestAHeldPeerWithoutAnAddressIsAskedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeyedCall(t)
		held := k.pa
		held.Remote, held.Send = netip.AddrPortFrom(netip.IPv4Unspecified(), 4000), false
		must(t, k.a.SetParams(held))
		time.Sleep(time.Minute)
		if len(k.told[0]) != 0 {
			t.Error("a handshake with nobody", <-k.told[0])
		}
		k.agree(t)
	})
}

func TestDTLSWithoutACertificateIsRefused(t *testing.T) {
	c, _ := memPair()
	s := NewSession(c, SessionConfig{})
	defer s.Close()
	p := params(codec.PCMU, netip.MustParseAddrPort("10.0.0.2:4000"))
	p.DTLS.Fingerprints = identities()[0].Fingerprint()
	if err := s.SetParams(p); !errors.Is(err, ErrKeying) {
		t.Error(err)
	}
}
