package keying

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// outcome is what a handshake told of its end.
type outcome struct {
	keys Keys
	err  error
	at   time.Duration
}

// end is one side of a handshake.
type end struct {
	*Handshake
	told chan outcome
}

// network carries datagrams between the two ends; lose may be nil.
type network struct {
	mu   sync.Mutex // guards everything below
	ends [2]*Handshake
	lose func(from int, nth int, b []byte) bool
	sent [2]int
	all  [][]byte
}

func (n *network) sender(from int) func([]byte) {
	return func(b []byte) {
		n.mu.Lock()
		defer n.mu.Unlock()
		b = bytes.Clone(b)
		n.sent[from]++
		n.all = append(n.all, b)
		to := n.ends[1-from]
		if to == nil || n.lose != nil && n.lose(from, n.sent[from], b) {
			return
		}
		time.AfterFunc(5*time.Millisecond, func() { to.Packet(b) }) // as the network does: some time later
	}
}

// counts is how many datagrams each end has sent.
func (n *network) counts() [2]int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.sent
}

// datagrams are all that were sent.
func (n *network) datagrams() [][]byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.all)
}

// shake begins the handshake of a client, ends[0], and a server.
func shake(t *testing.T, n *network, client, server *Identity, ofServer, ofClient string) (ends [2]end) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	began := time.Now()
	for i, a := range []Association{{Fingerprints: ofServer, Client: true}, {Fingerprints: ofClient}} {
		ends[i].told = make(chan outcome, 2)
		h, err := Start([]*Identity{client, server}[i], a, n.sender(i), func(k Keys, err error) {
			ends[i].told <- outcome{k, err, time.Since(began)}
		})
		if err != nil {
			t.Fatal(err)
		}
		ends[i].Handshake, n.ends[i] = h, h
		t.Cleanup(h.Close)
	}
	return ends
}

func identity(t *testing.T) *Identity {
	t.Helper()
	id, err := NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestBothEndsGetTheSameKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := identity(t), identity(t)
		n := &network{}
		// A peer may show one of several certificates.
		ends := shake(t, n, a, b, a.Fingerprint()+", "+b.Fingerprint(), a.Fingerprint())
		x, y := <-ends[0].told, <-ends[1].told
		if x.err != nil || y.err != nil {
			t.Fatal(x.err, y.err)
		}
		if x.keys.Suite != "AEAD_AES_128_GCM" || y.keys.Suite != x.keys.Suite {
			t.Errorf("suites %q and %q", x.keys.Suite, y.keys.Suite)
		}
		if x.keys.Send != y.keys.Receive || x.keys.Receive != y.keys.Send || x.keys.Send == x.keys.Receive || len(x.keys.Send) != 28 {
			t.Error("the keys do not agree")
		}
		if x.at > time.Second {
			t.Errorf("it took %v", x.at)
		}
		synctest.Wait()
		for _, raw := range n.all {
			if !Is(raw) || bytes.Contains(raw, []byte(x.keys.Send)) {
				t.Fatalf("on the wire: %x", raw)
			}
		}
		// What is idle says nothing; the end is told to the peer.
		sent := n.counts()
		time.Sleep(time.Hour)
		if now := n.counts(); now != sent {
			t.Errorf("%v datagrams, then %v", sent, now)
		}
		ends[0].Close()
		synctest.Wait()
		if n.counts()[0] == sent[0] {
			t.Error("the peer is not told of the end")
		}
	})
}

func TestKeysNeverPrint(t *testing.T) {
	k := Keys{"AEAD_AES_128_GCM", "sesame", "simsim"}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("keys", "keys", k, "one", k.Send)
	if text := fmt.Sprintf("%v %+v %#v %s", k, k, k, log.String()); strings.Contains(text, "sesame") || strings.Contains(text, "simsim") {
		t.Error(text)
	}
}

func TestAWrongCertificateGivesNoKeys(t *testing.T) {
	for name, wrong := range map[string]int{"of the server": 0, "of the client": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b, other := identity(t), identity(t), identity(t)
				expect := [2]string{b.Fingerprint(), a.Fingerprint()}
				expect[wrong] = other.Fingerprint()
				ends := shake(t, &network{}, a, b, expect[0], expect[1])
				if o := <-ends[wrong].told; !errors.Is(o.err, ErrFingerprint) || o.keys != (Keys{}) {
					t.Errorf("%v", o.err)
				}
				// The client has its keys before the server has judged it, or is refused.
				if o := <-ends[1-wrong].told; wrong == 0 && o.err == nil {
					t.Error("the server has keys")
				}
			})
		})
	}
}

func TestLostDatagramsAreSentAgain(t *testing.T) {
	// Any one of the first flights lost, and all of them twice.
	for lost := range 12 {
		synctest.Test(t, func(t *testing.T) {
			a, b := identity(t), identity(t)
			n := &network{lose: func(from, nth int, _ []byte) bool { return nth == lost/2+1 && from == lost%2 }}
			if lost == 11 {
				n.lose = func(_, nth int, _ []byte) bool { return nth <= 2 }
			}
			ends := shake(t, n, a, b, b.Fingerprint(), a.Fingerprint())
			for i := range ends {
				if o := <-ends[i].told; o.err != nil || o.at > 3*time.Second {
					t.Errorf("%d lost: %v after %v", lost, o.err, o.at)
				}
			}
		})
	}
}

// A client that begins anew, or a forged hello before its own: the last one
// counts.
func TestAnotherHelloBeginsAnew(t *testing.T) {
	for late := range 2 { // before it has keys
		synctest.Test(t, func(t *testing.T) {
			a, b := identity(t), identity(t)
			first := &network{}
			ends := shake(t, first, a, b, b.Fingerprint(), a.Fingerprint())
			// The first client is seen no more after some milliseconds, and another takes its place.
			time.Sleep(time.Duration(1+5*late) * time.Millisecond)
			ends[0].Close()
			<-ends[0].told
			told := make(chan outcome, 1)
			first.mu.Lock()
			client, err := Start(a, Association{Fingerprints: b.Fingerprint(), Client: true}, first.sender(0), func(k Keys, err error) { told <- outcome{k, err, 0} })
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			first.ends[0] = client
			first.mu.Unlock()
			x, y := <-told, <-ends[1].told
			if x.err != nil || y.err != nil || x.keys.Send != y.keys.Receive {
				t.Errorf("after %d: %v, %v", late, x.err, y.err)
			}
		})
	}
}

func TestNobodyAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := identity(t), identity(t)
		n := &network{lose: func(int, int, []byte) bool { return true }}
		ends := shake(t, n, a, b, b.Fingerprint(), a.Fingerprint())
		for i := range ends {
			o := <-ends[i].told
			if o.err == nil || o.at != Limit || !strings.Contains(o.err.Error(), "nothing came from the other side") {
				t.Errorf("%v after %v", o.err, o.at)
			}
		}
		if sent := n.counts(); sent[0] < 50 || sent[0] > 70 || sent[1] != 0 {
			t.Errorf("%v datagrams were sent", sent)
		}
	})
}

func TestAForgedAlertDoesNotEndAHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := identity(t), identity(t)
		ends := shake(t, &network{}, a, b, b.Fingerprint(), a.Fingerprint())
		for i := range ends {
			ends[i].Packet(record(recordAlert, 0, 2, 40))
			ends[i].Packet(record(recordData, 0, 1, 2, 3))
			ends[i].Packet(record(recordChangeCipherSpec, 0, 9))
		}
		for i := range ends {
			if o := <-ends[i].told; o.err != nil {
				t.Error(o.err)
			}
		}
	})
}

func TestARefusalIsToldByName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := identity(t)
		told := make(chan outcome, 1)
		h, err := Start(a, Association{Fingerprints: a.Fingerprint(), Client: true}, func([]byte) {}, func(k Keys, err error) { told <- outcome{k, err, 0} })
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		h.Packet(record(recordAlert, 0, 2, 71))
		began := time.Now()
		if o := <-told; o.err == nil || !strings.Contains(o.err.Error(), "insufficient_security") || time.Since(began) != grace {
			t.Errorf("%v after %v", o.err, time.Since(began))
		}
	})
}

func TestAFloodIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := identity(t), identity(t)
		n := &network{}
		ends := shake(t, n, a, b, b.Fingerprint(), a.Fingerprint())
		<-ends[0].told
		<-ends[1].told
		synctest.Wait()
		hello, sent := n.all[0], n.counts()
		for range 100000 {
			ends[1].Packet(hello)
		}
		time.Sleep(time.Minute)
		if more := n.counts()[1] - sent[1]; more > 3*maxDatagrams {
			t.Errorf("100000 repeated ClientHellos were answered with %d datagrams", more)
		}
	})
}

func TestFingerprintsThatCannotBe(t *testing.T) {
	id := identity(t)
	many := strings.Repeat(id.Fingerprint()+",", maxFingerprints) + id.Fingerprint()
	for _, text := range []string{"", "sha-1 00", "md5 00:11", "sha-256", "sha-256 00:11", "sha-256 " + strings.Repeat("zz:", 31) + "zz", many} {
		if _, err := Start(id, Association{Fingerprints: text}, func([]byte) {}, func(Keys, error) {}); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	for _, text := range []string{strings.ToLower(id.Fingerprint()), "SHA-256" + id.Fingerprint()[7:], "sha-512 " + strings.Repeat("00:", 63) + "00"} {
		if _, err := parseFingerprints(text); err != nil {
			t.Error(err)
		}
	}
}
