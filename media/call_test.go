package media

import (
	"bytes"
	"net/netip"
	"sync"
	"testing"
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
