package media

import (
	"bytes"
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

func TestSpeechGoesThroughACall(t *testing.T) {
	want := map[string]float64{"PCMU": 15, "PCMA": 15, "G729": 3, "G722": 15, "L16": 15, "OPUS": 5, "GSM": 8}
	for _, c := range codec.List() {
		ptimes := []time.Duration{20}
		if c.Name() == "PCMU" || c.Name() == "OPUS" { // packets of many frames, and frames of many lengths
			ptimes = []time.Duration{10, 20, 30, 60}
		}
		for _, ptime := range ptimes {
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
