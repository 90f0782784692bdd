package ua

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/phone/ua/uatest"
)

// stranger's INVITE number i, as it comes from address from.
func strangersInvite(i int, from, to string) []byte {
	body := crlfs(testSDP)
	return []byte(fmt.Sprintf("INVITE sip:100@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%d\r\nFrom: <sip:x@%s>;tag=%d\r\nTo: <sip:100@%s>\r\n"+
		"Call-ID: %d\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:x@%s>\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s",
		to, from, i, from, i, to, i, from, len(body), body))
}

// TestFloodOfInvites: a thousand INVITEs a second for half a minute, first from
// one address, then from fifty thousand. They get at most one answer each and
// few at all, nothing of them is kept, the account stays registered, and a call
// of its server's gets through.
func TestFloodOfInvites(t *testing.T) {
	for name, sources := range map[string]int{"one source": 1, "50 000 sources": 50000} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				n := uatest.NewNetwork(uatest.Faults{})
				r := newRegistrar(t, n)
				r.set(func() { r.granted = 30 })
				p := member(t, n, "10.0.0.1", "alice", "secret-a")
				registered(p)
				b := member(t, n, "10.0.0.2", "bob", "secret-b")
				registered(b)
				bound, _ := r.bound("alice")
				to := netip.MustParseAddrPort(bound.addr)
				answered := 0
				n.SetFilter(func(k uatest.Packet) bool {
					if k.From == to && k.To.Addr() != r.addr.Addr() {
						answered++
					}
					return true
				})
				called := ""
				for second := range 30 {
					for i := range 100 { // ten at a time
						for j := range 10 {
							k := second*1000 + i*10 + j
							from := netip.AddrFrom4([4]byte{198, 18 + byte(k%sources>>16), byte(k % sources >> 8), byte(k % sources)})
							n.Inject(uatest.Packet{From: netip.AddrPortFrom(from, 5060), To: to, Data: strangersInvite(k, from.String(), bound.addr)})
						}
						time.Sleep(10 * time.Millisecond)
					}
					if second == 15 {
						b.Dial("1", "", "alice", lm)
						called = expect[Incoming](p).Call
						p.Answer(called, lm)
						expect[Answered](p)
						for {
							if _, ok := waitAny(b).(Answered); ok {
								break
							}
						}
					}
				}
				b.HangUp("1")
				if e := expect[Ended](p); e.Call != called || !e.Remote {
					t.Errorf("%+v", e)
				}
				p.quietFor(time.Minute) // and no word of a registration lost
				synctest.Wait()
				if most := strangerRate * 32; answered == 0 || answered > most {
					t.Errorf("%d answers to 30 000 requests, want at most %d", answered, most)
				}
				if size := p.stack.layer.Pool("udp").Size(); size > 2*maxSources+10 {
					t.Errorf("sipgo keeps %d addresses", size)
				}
				p.Agent.mu.Lock()
				defer p.Agent.mu.Unlock()
				if len(p.calls)+len(p.dialogs) > 1 { // the answered call's, until its last transaction has ended
					t.Errorf("%d calls, %d dialogs", len(p.calls), len(p.dialogs))
				}
			})
		})
	}
}

// BenchmarkFlood sends 150 INVITEs in 150 ms each time, over real sockets and
// from fresh addresses of 127.0.0.0/8: with 200 times, 1 000 a second for 30 s.
// The target: less than 20 MB more.
func BenchmarkFlood(b *testing.B) {
	for name, spoofed := range map[string]bool{"one source": false, "spoofed sources": true} {
		b.Run(name, func(b *testing.B) {
			a, err := New(Config{Listen: []string{"udp:127.0.0.1:0"}, Accounts: []Account{{Name: "x", URI: "sip:x@127.0.0.1:9"}}})
			if err != nil {
				b.Fatal(err)
			}
			if err := a.Start(b.Context()); err != nil {
				b.Fatal(err)
			}
			defer a.Close(b.Context())
			var to net.Addr
			for _, so := range a.stack.udp {
				to = so.conn.LocalAddr()
			}
			one, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			defer one.Close()
			before := resident(b)
			for i := range b.N {
				for j := range 150 {
					c := one
					if spoofed {
						k := rand.Uint32()
						if c, err = net.ListenPacket("udp", fmt.Sprintf("127.%d.%d.%d:0", 1+k%200, byte(k>>8), 1+byte(k>>16)%250)); err != nil {
							b.Fatal(err)
						}
					}
					c.WriteTo(strangersInvite(i*150+j, c.LocalAddr().String(), to.String()), to)
					if spoofed {
						c.Close()
					}
					time.Sleep(time.Millisecond)
				}
			}
			runtime.GC()
			b.ReportMetric(resident(b)-before, "MB-more")
		})
	}
}

// resident is the memory of this process, MB.
func resident(b *testing.B) float64 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skip("no /proc")
	}
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); f[0] == "VmRSS:" {
			kb, _ := strconv.ParseFloat(f[1], 64)
			return kb / 1024
		}
	}
	return 0
}
