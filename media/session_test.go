package media

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"offhook/media/codec"
	"offhook/media/internal/voice"
	"offhook/media/sound"
)

// sent is a packet that a session sent, and when.
type sent struct {
	at      time.Duration
	h       header
	payload []byte
}

// record makes a socket keep what it sends.
func record(c *memConn) *[]sent {
	list, start := new([]sent), time.Now()
	c.setDeliver(func(b []byte, _, _ netip.AddrPort) {
		h, payload, err := parseRTP(b)
		if err != nil {
			panic(err)
		}
		*list = append(*list, sent{time.Since(start), h, bytes.Clone(payload)})
	})
	return list
}

func params(c codec.Codec, remote netip.AddrPort) Params {
	return Params{Remote: remote, Codec: c.Name(), PayloadType: c.PayloadType(), EventPayloadType: 101, Send: true, Receive: true}
}

// spoken is three seconds of speech at 48 kHz.
var spoken = sync.OnceValue(func() []int16 { return voice.Make(3*sound.Rate, sound.Rate, 1) })

// periods is sound at 48 kHz in n pieces of a period, which are only to be
// read. It repeats itself after three seconds.
func periods(n int) [][]int16 {
	x := spoken()
	list := make([][]int16, n)
	for i := range list {
		list[i] = x[i*sound.Period%len(x):][:sound.Period]
	}
	return list
}

// run calls f once for each of n periods of 10 ms.
func run(n int, f func(i int)) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for i := range n {
		<-tick.C
		f(i)
	}
}

// must fails a test on an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// call makes two sessions that talk through their sockets.
func call(t *testing.T, c codec.Codec, change func(*Params)) (a, b *Session, ca, cb *memConn) {
	t.Helper()
	ca, cb = memPair()
	a, b = NewSession(ca, SessionConfig{}), NewSession(cb, SessionConfig{})
	pa, pb := params(c, cb.addr), params(c, ca.addr)
	if change != nil {
		change(&pa)
		change(&pb)
	}
	must(t, a.SetParams(pa))
	must(t, b.SetParams(pb))
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b, ca, cb
}

func TestSpeechGoesThroughACall(t *testing.T) {
	want := map[string]float64{"PCMU": 15, "PCMA": 15, "G729": 3, "G722": 15, "L16": 15, "OPUS": 5, "GSM": 8}
	for _, c := range codec.List() {
		for _, ptime := range []time.Duration{10, 20, 30, 60} {
			synctest.Test(t, func(t *testing.T) {
				a, b, _, _ := call(t, c, func(p *Params) { p.PTime = ptime * time.Millisecond })
				mic := periods(300)
				var heard, said []int16
				run(300, func(i int) {
					a.Push(mic[i])
					said = append(said, mic[i]...)
					var out [sound.Period]int16
					b.Pull(out[:])
					heard = append(heard, out[:]...)
					synctest.Wait()
				})
				// Compare at 8 kHz, where the call is; the last second, when the delay stands still.
				narrow := func(x []int16) (y []int16) {
					r := mustResampler(sound.Rate, codecRate)
					y = make([]int16, len(x)*codecRate/sound.Rate)
					r.Process(y, x)
					return y
				}
				s, h := narrow(said), narrow(heard)
				dB, lag := voice.SNR(s[16000:22000], h[16000:], 1600)
				t.Logf("%s, %d ms: %.1f dB, %.1f ms behind", c.Name(), ptime, dB, float64(lag)/8)
				if dB < want[c.Name()] {
					t.Errorf("%s, ptime %d: %.1f dB", c.Name(), ptime, dB)
				}
				if st := b.Stats(); st.Late+st.Lost+st.Duplicates+st.Malformed+st.Strangers != 0 {
					t.Errorf("%s: %+v", c.Name(), st)
				}
			})
		}
	}
}

func TestFromMicrophoneToEarIn60ms(t *testing.T) {
	for phase := time.Duration(0); phase < 10*time.Millisecond; phase += 2500 * time.Microsecond {
		synctest.Test(t, func(t *testing.T) {
			a, b, _, _ := call(t, codec.PCMU, nil)
			var out []int16
			go func() { // the other handset's clock stands elsewhere
				time.Sleep(phase)
				run(400, func(int) {
					var p [sound.Period]int16
					b.Pull(p[:])
					out = append(out, p[:]...)
				})
			}()
			click := make([]int16, sound.Period)
			for i := range click[:48] {
				click[i] = 20000
			}
			silence := make([]int16, sound.Period)
			run(400, func(i int) {
				if i == 350 {
					a.Push(click)
				} else {
					a.Push(silence)
				}
			})
			time.Sleep(time.Second)
			synctest.Wait()
			at := -1
			for i, s := range out {
				if s > 3000 {
					at = i
					break
				}
			}
			// The click was spoken one period before the period was pushed.
			spoken := 350 * sound.Period
			heard := at + sound.Period + int(phase*sound.Rate/time.Second)
			delay := time.Duration(heard-spoken) * time.Second / sound.Rate
			t.Logf("phase %v: %v", phase, delay)
			if at < 0 || delay > 50*time.Millisecond { // 10 ms are left for the port
				t.Errorf("phase %v: the click is heard after %v", phase, delay)
			}
		})
	}
}

func TestPacketsAreOnTime(t *testing.T) {
	for _, ptime := range []time.Duration{10, 20, 30, 40, 60} {
		synctest.Test(t, func(t *testing.T) {
			conn := newMemConn("192.0.2.1:4000")
			list := record(conn)
			s := NewSession(conn, SessionConfig{Rand: rand.New(rand.NewPCG(1, 1))})
			defer s.Close()
			p := params(codec.PCMA, netip.MustParseAddrPort("192.0.2.2:5000"))
			p.PTime = ptime * time.Millisecond
			must(t, s.SetParams(p))
			if len(*list) != 1 || (*list)[0].at != 0 {
				t.Fatalf("%d packets at once, want one", len(*list))
			}
			mic := periods(120)
			run(120, func(i int) { s.Push(mic[i]) })
			if want := 1 + 1200/int(ptime); len(*list) != want {
				t.Errorf("ptime %d: %d packets, want %d", ptime, len(*list), want)
			}
			for i, p := range *list {
				if len(p.payload) != int(ptime)*8 || p.h.payloadType != 8 || p.h.ssrc != (*list)[0].h.ssrc {
					t.Fatalf("packet %d: %+v, %d bytes", i, p.h, len(p.payload))
				}
				if i == 0 {
					continue
				}
				q := (*list)[i-1]
				if p.h.sequence != q.h.sequence+1 {
					t.Errorf("packet %d: sequence %d after %d", i, p.h.sequence, q.h.sequence)
				}
				if d := p.h.timestamp - q.h.timestamp; d != uint32(ptime)*8 {
					t.Errorf("packet %d: timestamp moves by %d", i, d)
				}
				if p.h.marker {
					t.Errorf("packet %d has a marker", i)
				}
			}
			if !(*list)[0].h.marker {
				t.Error("the first packet has no marker")
			}
		})
	}
}

func TestMuteSendsTrueSilence(t *testing.T) {
	silence := map[string]byte{"PCMU": 0xff, "PCMA": 0xd5}
	for _, c := range []codec.Codec{codec.PCMU, codec.PCMA} {
		synctest.Test(t, func(t *testing.T) {
			conn := newMemConn("192.0.2.1:4000")
			list := record(conn)
			s := NewSession(conn, SessionConfig{})
			defer s.Close()
			must(t, s.SetParams(params(c, netip.MustParseAddrPort("192.0.2.2:5000"))))
			mic := periods(60)
			run(60, func(i int) {
				if i >= 20 && i < 40 {
					s.Push(nil)
				} else {
					s.Push(mic[i])
				}
			})
			all := bytes.Repeat([]byte{silence[c.Name()]}, 160)
			if len(*list) != 31 {
				t.Fatalf("%d packets", len(*list))
			}
			for i, p := range *list {
				// Packet 11 is the first muted; the filter still rings in its beginning.
				quiet := i == 0 || i >= 12 && i <= 20
				if got := bytes.Equal(p.payload, all); got != quiet && (quiet || i > 22 || i < 10) {
					t.Errorf("%s, packet %d: silence %v, want %v", c.Name(), i, got, quiet)
				}
				if i == 11 && !bytes.Equal(p.payload[80:], all[80:]) {
					t.Errorf("%s: the microphone is heard 10 ms after it was muted", c.Name())
				}
				if i > 0 && p.h.timestamp != (*list)[i-1].h.timestamp+160 {
					t.Errorf("%s, packet %d: the timestamps break", c.Name(), i)
				}
			}
		})
	}
}

func TestHoldSendsNothingAndTheTimestampGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newMemConn("192.0.2.1:4000")
		list := record(conn)
		s := NewSession(conn, SessionConfig{})
		defer s.Close()
		p := params(codec.PCMU, netip.MustParseAddrPort("192.0.2.2:5000"))
		must(t, s.SetParams(p))
		mic := periods(1000)
		run(21, func(i int) { s.Push(mic[i]) }) // an odd period is left over
		n := len(*list)
		p.Send, p.Receive = false, false
		must(t, s.SetParams(p))
		run(500, func(i int) { s.Push(mic[i]) })
		if len(*list) != n {
			t.Fatalf("%d packets sent on hold", len(*list)-n)
		}
		if err := s.SendDigit('1'); !errors.Is(err, ErrNotSending) {
			t.Errorf("a digit on hold: %v", err)
		}
		p.Send, p.Receive = true, true
		must(t, s.SetParams(p))
		run(20, func(i int) { s.Push(mic[600+i]) })
		before, after := (*list)[n-1], (*list)[n]
		if !after.h.marker || after.h.ssrc != before.h.ssrc || after.h.sequence != before.h.sequence+1 {
			t.Errorf("after the hold: %+v, before %+v", after.h, before.h)
		}
		wall := int32((after.at - before.at) / (time.Second / 8000))
		if d := int32(after.h.timestamp-before.h.timestamp) - wall; d < -160 || d > 160 {
			t.Errorf("the timestamp is %d samples off the wall clock", d)
		}
		if (*list)[n+1].h.marker || (*list)[n+1].h.timestamp != after.h.timestamp+160 {
			t.Errorf("then: %+v", (*list)[n+1].h)
		}
	})
}

func TestACallParkedWithoutAHandsetPicksUpItsTimeline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newMemConn("192.0.2.1:4000")
		list := record(conn)
		s := NewSession(conn, SessionConfig{})
		defer s.Close()
		must(t, s.SetParams(params(codec.PCMU, netip.MustParseAddrPort("192.0.2.2:5000"))))
		mic := periods(40)
		run(21, func(i int) { s.Push(mic[i]) })
		n := len(*list)
		time.Sleep(3 * time.Second)
		run(4, func(i int) { s.Push(mic[21+i]) })
		before, after := (*list)[n-1], (*list)[n]
		if d := int32(after.h.timestamp - before.h.timestamp); !after.h.marker || d < 3*8000 || d > 3*8000+480 {
			t.Errorf("marker %v, timestamp moved by %d", after.h.marker, d)
		}
	})
}

func TestDigitsReachTheOtherEndOnceInOrderThroughABadNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca, cb := memPair()
		ca.setDeliver(badNetwork(cb, rand.New(rand.NewPCG(3, 3)), 0.2, 0.2, 30*time.Millisecond, 30*time.Millisecond))
		var got []byte
		a := NewSession(ca, SessionConfig{})
		b := NewSession(cb, SessionConfig{OnEvent: func(d byte) { got = append(got, d) }})
		defer a.Close()
		defer b.Close()
		must(t, a.SetParams(params(codec.PCMU, cb.addr)))
		must(t, b.SetParams(params(codec.PCMU, ca.addr)))
		const typed = "0123456789*#ABCD5550"
		for _, d := range []byte(typed) {
			must(t, a.SendDigit(d))
		}
		mic := periods(500)
		run(500, func(i int) { a.Push(mic[i]) })
		synctest.Wait()
		if string(got) != typed {
			t.Errorf("got %q, want %q", got, typed)
		}
		if a.Stats().DigitsSent != uint64(len(typed)) || b.Stats().DigitsReceived != uint64(len(typed)) {
			t.Errorf("%+v, %+v", a.Stats(), b.Stats())
		}
	})
}

func TestADigitOnTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newMemConn("192.0.2.1:4000")
		list := record(conn)
		s := NewSession(conn, SessionConfig{})
		defer s.Close()
		must(t, s.SetParams(params(codec.PCMU, netip.MustParseAddrPort("192.0.2.2:5000"))))
		mic := periods(100)
		run(10, func(i int) { s.Push(mic[i]) })
		must(t, s.SendDigit('9'))
		run(40, func(i int) { s.Push(mic[10+i]) })
		var events []sent
		audio := 0
		for i, p := range *list {
			if i > 0 && p.h.sequence != (*list)[i-1].h.sequence+1 {
				t.Errorf("packet %d: sequence %d", i, p.h.sequence)
			}
			if p.h.payloadType == 101 {
				events = append(events, p)
			} else if audio++; i > 0 && len(events) > 0 && len(events) < 7 {
				t.Errorf("packet %d: sound within the digit", i)
			}
		}
		if len(events) != 7 || audio != 1+(500-140)/20 {
			t.Fatalf("%d event packets, %d of sound", len(events), audio)
		}
		want := [][]byte{{9, 10, 0, 160}, {9, 10, 1, 64}, {9, 10, 1, 224}, {9, 10, 2, 128}, {9, 138, 3, 32}, {9, 138, 3, 32}, {9, 138, 3, 32}}
		for i, e := range events {
			if !bytes.Equal(e.payload, want[i]) || e.h.timestamp != events[0].h.timestamp || e.h.marker != (i == 0) {
				t.Errorf("event packet %d: % d, %+v", i, e.payload, e.h)
			}
		}
		last := (*list)[len(*list)-1]
		if d := last.h.timestamp - (*list)[0].h.timestamp; d != 160+500*8-160 {
			t.Errorf("after the digit the timestamp has moved by %d", d)
		}
	})
}

func TestDigitsThatCannotBeSentSaySo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSession(newMemConn("192.0.2.1:4000"), SessionConfig{})
		p := params(codec.PCMU, netip.MustParseAddrPort("192.0.2.2:5000"))
		if err := s.SendDigit('1'); !errors.Is(err, ErrNotSending) {
			t.Errorf("before the answer: %v", err)
		}
		must(t, s.SetParams(p))
		if err := s.SendDigit('x'); err == nil {
			t.Error("x was taken for a key")
		}
		var err error
		for range digitQueue + 1 {
			err = s.SendDigit('1')
		}
		if err == nil {
			t.Error("the queue of digits has no end")
		}
		p.EventPayloadType = 0
		must(t, s.SetParams(p))
		if err := s.SendDigit('1'); !errors.Is(err, ErrNoEvents) {
			t.Errorf("without telephone-event: %v", err)
		}
		s.Close()
		if err := s.SendDigit('1'); !errors.Is(err, ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	})
}

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
