package media

import (
	"encoding/binary"
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

// hostile is a receiver in a call, and the clean stream of its peer. It lives in
// a synctest bubble: the receiver asks for the time.
type hostile struct {
	r    receiver
	c    codec.Codec
	peer netip.AddrPort
	e    codec.Encoder
	pcm  []int16
	h    header
}

func newHostile(c codec.Codec) *hostile {
	x := &hostile{c: c, peer: netip.MustParseAddrPort("192.0.2.2:5000"), h: header{ssrc: 77, payloadType: c.PayloadType()}}
	x.r.init(true)
	p := params(c, x.peer)
	p.PTime = 20 * time.Millisecond
	if _, err := x.r.set(p, c); err != nil {
		panic(err)
	}
	x.e, _ = c.NewEncoder(codec.Options{})
	x.pcm = hostileVoice()[c.SampleRate()]
	return x
}

// hostileVoice is what the peer says, by the sample rate.
var hostileVoice = sync.OnceValue(func() map[int][]int16 {
	m := map[int][]int16{}
	for _, rate := range []int{8000, 16000, 48000} {
		m[rate] = voice.Make(3*rate, rate, 3)
	}
	return m
})

// talk lets the peer speak for n packets, with disturb called before each, and
// returns what is heard.
func (x *hostile) talk(n int, disturb func()) (heard []int16) {
	frame := x.c.SampleRate() / 50
	for i := range n {
		if disturb != nil {
			disturb()
		}
		b := appendRTP(nil, x.h)
		for at := 0; at < frame; at += x.e.Frame() {
			b, _ = x.e.Encode(b, x.pcm[(i*frame+at)%(len(x.pcm)-frame):][:x.e.Frame()])
		}
		x.h.sequence++
		x.h.timestamp += uint32(x.c.ClockRate() / 50)
		x.r.packet(b, x.peer, time.Now())
		for range 2 {
			var out [sound.Period]int16
			x.r.pull(out[:])
			heard = append(heard, out[:]...)
			time.Sleep(10 * time.Millisecond)
		}
	}
	return heard
}

func TestAFloodOfForgedPacketsIsNotHeard(t *testing.T) {
	synctest.Test(t, testFlood)
}

func testFlood(t *testing.T) {
	for _, c := range codec.List() {
		calm, flooded := newHostile(c), newHostile(c)
		want := calm.talk(150, nil)
		rnd := rand.New(rand.NewPCG(4, 4))
		got := flooded.talk(150, func() {
			for i := range 20 {
				b := appendRTP(nil, header{ssrc: rnd.Uint32(), payloadType: c.PayloadType(), sequence: uint16(rnd.Uint32()), timestamp: rnd.Uint32()})
				for range 160 {
					b = append(b, byte(rnd.Uint32()))
				}
				flooded.r.packet(b, netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), uint16(rnd.Uint32())), time.Now())
			}
		})
		// Two encoders of Opus, which calculates with floating point, need not agree to the last bit.
		if dB, lag := voice.SNR(want, got, 0); dB < 60 && c.Name() != "OPUS" || dB < 20 {
			t.Errorf("%s: heard under the flood as without it to %.0f dB, at a lag of %d", c.Name(), dB, lag)
		}
		if flooded.r.stats.strangers != 3000 {
			t.Errorf("%s: %d strangers were noticed", c.Name(), flooded.r.stats.strangers)
		}
	}
}

// The peer's own address, and any packets at all from it: no crash, bounded,
// and the call goes on.
func FuzzHostilePeer(f *testing.F) {
	for i, c := range codec.List() {
		x := newHostile(c)
		b := appendRTP(nil, x.h)
		b, _ = x.e.Encode(b, x.pcm[:x.e.Frame()])
		f.Add(uint8(i), append([]byte{byte(len(b)), 10}, b...))
	}
	f.Add(uint8(0), []byte{12, 0, 0x80, 13, 0, 1, 0, 0, 0, 0, 0, 0, 0, 77})
	hostileVoice() // made once, outside of any bubble
	f.Fuzz(func(t *testing.T, which uint8, in []byte) {
		synctest.Test(t, func(t *testing.T) { disturb(t, which, in) })
	})
}

func disturb(t *testing.T, which uint8, in []byte) {
	list := codec.List()
	x := newHostile(list[int(which)%len(list)])
	x.talk(5, nil)
	for len(in) >= 2 && len(in) < 5000 {
		n := min(int(in[0]), len(in)-2)
		time.Sleep(time.Duration(in[1]) * time.Millisecond)
		b := in[2 : 2+n]
		if n >= headerBytes && in[1]&1 == 0 { // near enough to the stream to be believed
			b = append([]byte(nil), b...)
			binary.BigEndian.PutUint16(b[2:], x.h.sequence+uint16(in[1]>>4))
			binary.BigEndian.PutUint32(b[8:], x.h.ssrc)
		}
		x.r.packet(b, x.peer, time.Now())
		in = in[2+n:]
		var out [sound.Period]int16
		x.r.pull(out[:])
	}
	if b := x.r.buffer; b.count > queueSize || b.buffered() > b.t(maxBuffered)+2*codec.MaxSamples {
		t.Fatalf("%d packets, %d samples are held", b.count, b.buffered())
	}
	x.h.ssrc = 78
	x.h.sequence += 1000
	if heard := x.talk(50, nil); voice.RMS(heard[len(heard)/2:]) < 300 {
		t.Errorf("the peer is not heard afterwards: RMS %.0f", voice.RMS(heard[len(heard)/2:]))
	}
}
