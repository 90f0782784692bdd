package media

import (
	"errors"
	"net/netip"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"offhook/media/codec"
	"offhook/media/sound"
)

// A flood of keys is work for whoever is told of them.
func TestAFloodOfKeysIsBounded(t *testing.T) {
	var r receiver
	r.init(false)
	defer r.close()
	peer := netip.MustParseAddrPort("192.0.2.2:5000")
	if _, err := r.set(params(codec.PCMU, peer), codec.PCMU); err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1000, 0)
	digits := 0
	for i := range 20000 { // in two seconds
		h := header{payloadType: 101, marker: true, sequence: uint16(i), timestamp: uint32(i) * 400, ssrc: 1}
		b := codec.Event{Code: uint8(i % 10), Duration: 160}.Append(appendRTP(nil, h))
		if r.packet(b, peer, now).digit != 0 {
			digits++
		}
		now = now.Add(100 * time.Microsecond)
	}
	if digits < 2*digitsMost || digits > 3*digitsMost {
		t.Errorf("%d keys in two seconds", digits)
	}
}

// complaining is a socket whose reads fail so many times, as they do on some
// systems while nobody takes our packets.
type complaining struct {
	*memConn
	left int
}

func (c *complaining) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	if c.left > 0 {
		c.left--
		return 0, netip.AddrPort{}, errors.New("connection refused")
	}
	return c.memConn.ReadFromUDPAddrPort(b)
}

func TestReadingGoesOnAfterAnyNumberOfErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca, cb := memPair()
		a, b := NewSession(&complaining{ca, 500}, SessionConfig{}), NewSession(cb, SessionConfig{})
		defer a.Close()
		defer b.Close()
		must(t, a.SetParams(params(codec.PCMU, cb.addr)))
		must(t, b.SetParams(params(codec.PCMU, ca.addr)))
		begin := time.Now()
		run(1100, func(i int) {
			b.Push(periods(100)[i%100])
			drain(a)
		})
		if st := a.Stats(); st.Received < 40 {
			t.Errorf("%d packets received in %v after the errors", st.Received, time.Since(begin))
		}
	})
}

// stuck is a socket of a network that stands still: a write waits for its
// deadline.
type stuck struct {
	*memConn
	deadline time.Time
}

func (c *stuck) SetWriteDeadline(at time.Time) error { c.deadline = at; return nil }

func (c *stuck) WriteToUDPAddrPort([]byte, netip.AddrPort) (int, error) {
	if c.deadline.IsZero() {
		select {} // for ever
	}
	time.Sleep(time.Until(c.deadline))
	return 0, errors.New("i/o timeout")
}

func TestANetworkThatStandsStillDoesNotHoldSoundUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSession(&stuck{memConn: newMemConn("192.0.2.1:4000")}, SessionConfig{})
		defer s.Close()
		must(t, s.SetParams(params(codec.PCMU, netip.MustParseAddrPort("192.0.2.2:5000"))))
		for range 20 {
			begin := time.Now()
			s.Push(make([]int16, sound.Period))
			if took := time.Since(begin); took > 5*time.Millisecond {
				t.Fatalf("a period took %v", took)
			}
		}
		if st := s.Stats(); st.SendErrors < 10 || st.Sent != 0 {
			t.Errorf("%d errors, %d sent", st.SendErrors, st.Sent)
		}
	})
}

func TestASlowDiskDoesNotHoldSoundUpWhenARecordingBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _, _, _ := call(t, codec.PCMU, nil)
		a.Play(spoken(), nil) // so that the port's goroutine needs the lock
		a.openRecording = func(path string) (*Recording, error) {
			time.Sleep(time.Minute)
			return newRecording(path)
		}
		path := filepath.Join(t.TempDir(), "x.wav")
		began := make(chan error, 1)
		go func() { began <- a.Record(path, false) }()
		synctest.Wait()
		begin := time.Now()
		a.Push(nil)
		drain(a)
		if err := a.Record(path+"2", false); !errors.Is(err, ErrRecording) {
			t.Errorf("a second recording while the first one opens: %v", err)
		}
		if took := time.Since(begin); took > 0 {
			t.Errorf("a period took %v", took)
		}
		must(t, <-began)
		if got := a.Recording(); got != path {
			t.Errorf("records to %q", got)
		}
		if _, err := a.StopRecording(); err != nil {
			t.Error(err)
		}
		// A call that ends meanwhile leaves no recording behind.
		go func() { began <- a.Record(filepath.Join(t.TempDir(), "y.wav"), false) }()
		synctest.Wait()
		a.Close()
		if err := <-began; !errors.Is(err, ErrClosed) || a.Recording() != "" {
			t.Errorf("%v, and it records to %q", err, a.Recording())
		}
	})
}

// A pause that begins in the middle of a packet is described at its end.
func TestAPauseIsDescribedAtOnce(t *testing.T) {
	for odd := range 2 {
		synctest.Test(t, func(t *testing.T) {
			ca, cb := memPair()
			list := record(ca)
			a := NewSession(ca, SessionConfig{})
			defer a.Close()
			p := params(codec.PCMU, cb.addr)
			p.ComfortNoisePayloadType = 13
			must(t, a.SetParams(p))
			mic, quiet := periods(100), make([]int16, sound.Period)
			run(100+odd, func(i int) { a.Push(mic[i%100]) })
			run(100, func(int) { a.Push(quiet) })
			last := time.Duration(-1)
			for _, s := range *list {
				if s.h.payloadType == 13 {
					if s.at-last > 30*time.Millisecond {
						t.Errorf("odd %d: %v after the last packet of speech", odd, s.at-last)
					}
					return
				}
				last = s.at
			}
			t.Error("no description")
		})
	}
}
