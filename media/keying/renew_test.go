package keying

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"
)

// keyedEnds is a handshake that is through.
func keyedEnds(t *testing.T, n *network, a, b *Identity) (ends [2]end, keys Keys) {
	t.Helper()
	ends = shake(t, n, a, b, b.Fingerprint(), a.Fingerprint())
	x, y := <-ends[0].told, <-ends[1].told
	if x.err != nil || y.err != nil {
		t.Fatal(x.err, y.err)
	}
	synctest.Wait()
	return ends, y.keys
}

// A client that lost everything but its certificate says hello again.
func TestAClientThatBeginsAnewGetsNewKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := identity(t), identity(t)
		n := &network{}
		ends, old := keyedEnds(t, n, a, b)
		for range 3 { // and once more
			told := make(chan outcome, 1)
			n.mu.Lock()
			again, err := Start(a, Association{Fingerprints: b.Fingerprint(), Client: true}, n.sender(0), func(k Keys, err error) { told <- outcome{keys: k, err: err} })
			n.ends[0] = again
			n.mu.Unlock()
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			x, y := <-told, <-ends[1].told
			if x.err != nil || y.err != nil || x.keys.Send != y.keys.Receive || y.keys == old {
				t.Fatalf("%v, %v, the keys are new: %v", x.err, y.err, y.keys != old)
			}
			old = y.keys
		}
		// The end is told by the one that took over.
		synctest.Wait()
		sent := n.counts()
		ends[1].Close()
		synctest.Wait()
		if n.counts()[1] != sent[1]+1 {
			t.Errorf("%d goodbyes", n.counts()[1]-sent[1])
		}
	})
}

// A hello that somebody forged changes nothing, and does not keep the peer from
// meaning it later.
func TestAForgedHelloDoesNotChangeTheKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := identity(t), identity(t)
		n := &network{}
		ends, _ := keyedEnds(t, n, a, b)
		first := n.datagrams()[0]
		forged := bytes.Clone(first)
		sent := n.counts()
		for i := range 50 {
			forged[recordHeader+handshakeHeader+2+10] = byte(i)
			ends[1].Packet(forged)
			ends[1].Packet(first) // and a late copy of the first one
			time.Sleep(time.Second)
		}
		time.Sleep(time.Minute)
		if len(ends[1].told) != 0 {
			t.Error("something was told")
		}
		if more := n.counts()[1] - sent[1]; more > 1000 {
			t.Errorf("%d datagrams were sent", more)
		}
		for _, raw := range n.datagrams()[sent[0]+sent[1]:] {
			if raw[0] == recordAlert && raw[4] != 0 {
				t.Error("the peer is told of an end")
			}
		}
	})
}
