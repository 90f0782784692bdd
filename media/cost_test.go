package media

import (
	"net/netip"
	"testing"
	"time"

	"offhook/media/codec"
	"offhook/media/sound"
	"offhook/media/tone"
)

// loopback is a session that hears itself, pulled and pushed by an endpoint.
func loopback(tb testing.TB, c codec.Codec) (*Endpoint, *Session) {
	conn, err := ListenRTP(netip.MustParseAddr("127.0.0.1"), 0, 0)
	if err != nil {
		tb.Fatal(err)
	}
	s := NewSession(conn, SessionConfig{})
	self := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), s.LocalPort())
	if err := s.SetParams(params(c, self)); err != nil {
		tb.Fatal(err)
	}
	e := &Endpoint{}
	e.plan = Plan{Session: s, Play: true, Capture: true, Tone: tone.CallWaiting}
	tb.Cleanup(func() { s.Close() })
	return e, s
}

// One period of a call costs no allocation, packets sent and received
// included.
func TestAPeriodAllocatesNothing(t *testing.T) {
	for _, c := range codec.List() {
		e, s := loopback(t, c)
		mic := periods(64)
		ear := make([]int16, sound.Period)
		i := 0
		period := func() {
			if i == 100 {
				s.SendDigit('5')
			}
			e.process(mic[i%64], ear)
			i++
		}
		for range 50 {
			period()
		}
		if n := testing.AllocsPerRun(200, period); n != 0 {
			t.Errorf("%s: %v allocations a period", c.Name(), n)
		}
		// The reader is a goroutine of its own, which a busy machine may keep waiting.
		for until := time.Now().Add(30 * time.Second); s.Stats().Received == 0 && time.Now().Before(until); {
			time.Sleep(time.Millisecond)
		}
		if st := s.Stats(); st.Sent < 100 || st.Received == 0 {
			t.Errorf("%s: %+v", c.Name(), st)
		}
	}
}

// A packet taken in costs no allocation either, whatever it is.
func TestAPacketAllocatesNothing(t *testing.T) {
	var r receiver
	r.init(true)
	peer := netip.MustParseAddrPort("192.0.2.2:5000")
	if _, err := r.set(params(codec.PCMU, peer), codec.PCMU); err != nil {
		t.Fatal(err)
	}
	now, i := time.Unix(1000, 0), 0
	b := make([]byte, 0, 200)
	out := make([]int16, sound.Period)
	if n := testing.AllocsPerRun(500, func() {
		h := header{sequence: uint16(i), timestamp: uint32(160 * i), ssrc: 1}
		if i%7 == 3 {
			h.payloadType = 101
		}
		b = append(appendRTP(b[:0], h), out2bytes[:160]...)
		r.packet(b, peer, now)
		r.packet(b[:30], peer, now)
		r.packet(b[:9], peer, now)
		r.packet(b, netip.MustParseAddrPort("203.0.113.9:1"), now)
		r.pull(out)
		now = now.Add(20 * time.Millisecond)
		i++
	}); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

var out2bytes [160]byte

func BenchmarkPeriod(b *testing.B) {
	for _, c := range codec.List() {
		b.Run(c.Name(), func(b *testing.B) {
			e, _ := loopback(b, c)
			mic := periods(64)
			ear := make([]int16, sound.Period)
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				e.process(mic[i%64], ear)
				i++
			}
		})
	}
}
