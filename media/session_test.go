package media

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"offhook/media/codec"
	"offhook/media/internal/voice"
	"offhook/media/sound"
)

func TestParametersThatCannotBeAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSession(newMemConn("192.0.2.1:4000"), SessionConfig{})
		good := params(codec.PCMU, netip.MustParseAddrPort("192.0.2.2:5000"))
		for name, spoil := range map[string]func(*Params){
			"codec":            func(p *Params) { p.Codec = "iLBC" },
			"5 ms":             func(p *Params) { p.PTime = 5 * time.Millisecond },
			"25 ms":            func(p *Params) { p.PTime = 25 * time.Millisecond },
			"70 ms":            func(p *Params) { p.PTime = 70 * time.Millisecond },
			"payload type":     func(p *Params) { p.PayloadType = 128 },
			"same type":        func(p *Params) { p.PayloadType, p.EventPayloadType = 101, 101 },
			"nowhere":          func(p *Params) { p.Remote = netip.AddrPort{} },
			"port 0":           func(p *Params) { p.Remote = netip.AddrPortFrom(p.Remote.Addr(), 0) },
			"event type range": func(p *Params) { p.EventPayloadType = 200 },
		} {
			p := good
			spoil(&p)
			if err := s.SetParams(p); err == nil {
				t.Errorf("%s: accepted", name)
			}
		}
		must(t, s.SetParams(good))
		held := good
		held.Remote, held.Send = netip.AddrPort{}, false // 0.0.0.0 holds are told like this
		must(t, s.SetParams(held))
		if got := s.Params(); got.PTime != 20*time.Millisecond {
			t.Errorf("default packet time %v", got.PTime)
		}
		s.Close()
		if err := s.SetParams(good); !errors.Is(err, ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	})
}

func TestPacketsGoBackToWhereTheyComeFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newMemConn("192.0.2.1:4000")
		agreed, nat := netip.MustParseAddrPort("10.0.0.5:5000"), netip.MustParseAddrPort("198.51.100.7:1025")
		var to []netip.AddrPort
		conn.setDeliver(func(_ []byte, _, dest netip.AddrPort) { to = append(to, dest) })
		s := NewSession(conn, SessionConfig{})
		defer s.Close()
		must(t, s.SetParams(params(codec.PCMU, agreed)))
		for i := range 5 {
			b := appendRTP(nil, header{sequence: uint16(i), timestamp: uint32(160 * i), ssrc: 1})
			conn.inject(append(b, make([]byte, 160)...), nat)
			conn.inject(append(b, make([]byte, 160)...), netip.MustParseAddrPort("203.0.113.9:666"))
		}
		synctest.Wait()
		run(4, func(int) { s.Push(nil) })
		if to[0] != agreed || to[len(to)-1] != nat {
			t.Errorf("sent to %v", to)
		}
		if st := s.Stats(); st.Received != 4 || st.Strangers != 6 {
			t.Errorf("%d received, %d of strangers", st.Received, st.Strangers)
		}
	})
}

func TestAPeerMaySwitchBetweenTheLawsOfG711(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newMemConn("192.0.2.1:4000")
		peer := netip.MustParseAddrPort("192.0.2.2:5000")
		s := NewSession(conn, SessionConfig{})
		defer s.Close()
		must(t, s.SetParams(params(codec.PCMU, peer)))
		pcm := voice.Make(8000, 8000, 9)
		e, _ := codec.PCMA.NewEncoder(codec.Options{})
		var heard []int16
		run(100, func(i int) {
			if i%2 == 0 {
				b := appendRTP(nil, header{payloadType: 8, sequence: uint16(i / 2), timestamp: uint32(80 * i), ssrc: 1})
				b, _ = e.Encode(b, pcm[i*80:][:160])
				conn.inject(b, peer)
			}
			synctest.Wait()
			var out [sound.Period]int16
			s.Pull(out[:])
			heard = append(heard, out[:]...)
		})
		if got, want := voice.RMS(heard[24000:]), voice.RMS(pcm[4000:]); got < want/2 || got > want*2 {
			t.Errorf("heard with an RMS of %.0f, spoken with %.0f", got, want)
		}
	})
}

func TestHostilePacketsDoNoHarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, _, cb := call(t, codec.PCMU, nil)
		rnd := rand.New(rand.NewPCG(4, 4))
		mic := periods(300)
		var heard []int16
		run(300, func(i int) {
			a.Push(mic[i])
			for range 20 {
				junk := make([]byte, rnd.IntN(1600))
				for k := range junk {
					junk[k] = byte(rnd.Uint32())
				}
				from := netip.MustParseAddrPort("203.0.113.9:666")
				if rnd.IntN(2) == 0 {
					from = netip.MustParseAddrPort("192.0.2.1:4000") // forged
					if len(junk) > 12 {
						junk[0] = 0 // but not RTP
					}
				} else if len(junk) > 12 {
					junk[0], junk[1] = 0x80, 0
				}
				cb.inject(junk, from)
			}
			synctest.Wait()
			var out [sound.Period]int16
			b.Pull(out[:])
			heard = append(heard, out[:]...)
		})
		st := b.Stats()
		if st.Lost+st.Late+st.StreamResets != 0 || st.Strangers == 0 || st.Malformed == 0 {
			t.Errorf("%+v", st)
		}
		if voice.RMS(heard[48000:]) < 500 {
			t.Error("the call is not heard")
		}
	})
}

func TestCloseEndsTheReaderAndIsIdempotent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // a goroutine left over fails the bubble
		a, b, _, _ := call(t, codec.PCMU, nil)
		must(t, a.Close())
		must(t, a.Close())
		out := make([]int16, sound.Period)
		out[0] = 1
		if a.Pull(out); out[0] != 0 {
			t.Error("a closed session gives sound")
		}
		a.Push(out)
		must(t, b.Close())
	})
}

func TestCallbacksTellOfTheFirstPackets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca, cb := memPair()
		var sentAt, heardAt []time.Time
		a := NewSession(ca, SessionConfig{OnFirstRTP: func(at time.Time) { sentAt = append(sentAt, at) }})
		b := NewSession(cb, SessionConfig{OnFirstHeard: func(at time.Time) { heardAt = append(heardAt, at) }})
		defer a.Close()
		defer b.Close()
		must(t, b.SetParams(params(codec.PCMU, ca.addr)))
		time.Sleep(time.Second)
		answered := time.Now()
		must(t, a.SetParams(params(codec.PCMU, cb.addr)))
		run(10, func(int) { a.Push(nil) })
		synctest.Wait()
		if len(sentAt) != 1 || len(heardAt) != 1 || sentAt[0].Sub(answered) > 40*time.Millisecond {
			t.Errorf("sent %v, heard %v, answered %v", sentAt, heardAt, answered)
		}
	})
}
