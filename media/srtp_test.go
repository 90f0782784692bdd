package media

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"offhook/media/codec"
)

// keys makes the parameters of two ends that agreed on a suite.
func keys(suite string) (a, b SRTP) {
	s := srtpSuites[suite]
	x, y := Secret(strings.Repeat("x", s.key+s.salt)), Secret(strings.Repeat("y", s.key+s.salt))
	return SRTP{suite, x, y}, SRTP{suite, y, x}
}

func TestEncryptedCallsAreHeardAndCannotBeReadOrForged(t *testing.T) {
	for suite := range srtpSuites {
		synctest.Test(t, func(t *testing.T) {
			ca, cb := memPair()
			a, b := NewSession(ca, SessionConfig{}), NewSession(cb, SessionConfig{})
			defer a.Close()
			defer b.Close()
			pa, pb := params(codec.PCMU, cb.addr), params(codec.PCMU, ca.addr)
			pa.SRTP, pb.SRTP = keys(suite)
			pb.Send = false
			var wire [][]byte
			ca.setDeliver(func(p []byte, from, _ netip.AddrPort) {
				wire = append(wire, bytes.Clone(p))
				cb.inject(p, from)
			})
			must(t, a.SetParams(pa))
			must(t, b.SetParams(pb))
			p := periods(20)
			run(20, func(i int) { a.Push(p[i]) })
			synctest.Wait()
			st := b.Stats()
			if st.Received < 9 || st.Forged != 0 {
				t.Fatalf("%s: %d received, %d forged", suite, st.Received, st.Forged)
			}
			if len(wire[3]) == headerBytes+160 {
				t.Errorf("%s: nothing was added to the packet", suite)
			}
			// The same again, one with a bit changed, and plain RTP.
			broken := bytes.Clone(wire[5])
			broken[20] ^= 1
			for _, x := range [][]byte{wire[5], broken, appendRTP(nil, header{sequence: 9, ssrc: 7}), {1, 2}, nil} {
				cb.inject(x, ca.addr)
			}
			synctest.Wait()
			if now := b.Stats(); now.Received != st.Received || now.Forged != 5 {
				t.Errorf("%s: %d of what was forged was taken, %d noticed", suite, now.Received-st.Received, now.Forged)
			}
			// A re-offer with the same keys goes on with the same stream.
			must(t, a.SetParams(pa))
			must(t, b.SetParams(pb))
			a.Push(p[0])
			a.Push(p[1])
			synctest.Wait()
			if now := b.Stats(); now.Received != st.Received+1 {
				t.Errorf("%s: after a re-offer %d packets, want %d", suite, now.Received, st.Received+1)
			}
		})
	}
}

func TestSRTPParametersThatCannotBe(t *testing.T) {
	c, _ := memPair()
	s := NewSession(c, SessionConfig{})
	defer s.Close()
	for _, x := range []SRTP{{Suite: "NONE", Send: "x", Receive: "x"}, {Suite: "AES_CM_128_HMAC_SHA1_80", Send: "x", Receive: "y"}} {
		p := params(codec.PCMU, netip.MustParseAddrPort("10.0.0.2:4000"))
		p.SRTP = x
		err := s.SetParams(p)
		if err == nil {
			t.Errorf("%v was taken", x.Suite)
		}
	}
}

func TestKeysAreNotPrinted(t *testing.T) {
	x, _ := keys("AES_CM_128_HMAC_SHA1_80")
	var out strings.Builder
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "params", Params{SRTP: x}, "key", x.Send)
	if text := fmt.Sprintf("%v %+v %#v %s", x, Params{SRTP: x}, x, out.String()); strings.Contains(text, "xxx") {
		t.Error(text)
	}
}

func TestAnEncryptedCallFollowsItsPeerThroughARouter(t *testing.T) {
	for _, encrypted := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			elsewhere := netip.MustParseAddrPort("198.51.100.7:1025")
			a, b, ca, cb := call(t, codec.PCMU, nil)
			pa, pb := params(codec.PCMU, cb.addr), params(codec.PCMU, ca.addr)
			if encrypted {
				pa.SRTP, pb.SRTP = keys("AES_CM_128_HMAC_SHA1_80")
			}
			must(t, a.SetParams(pa))
			must(t, b.SetParams(pb))
			p := periods(100)
			talk := func() {
				run(100, func(i int) {
					a.Push(p[i])
					b.Push(p[i])
					drain(b)
				})
				synctest.Wait()
			}
			talk()
			ca.setDeliver(func(x []byte, _, _ netip.AddrPort) { cb.inject(x, elsewhere) })
			back := 0
			cb.setDeliver(func(_ []byte, _, to netip.AddrPort) {
				if to == elsewhere {
					back++
				}
			})
			before := b.Stats()
			talk()
			st := b.Stats()
			if got := st.Received - before.Received; (got > 45) != encrypted || (back > 45) != encrypted {
				t.Errorf("encrypted %t: %d packets from the new address were taken, %d went there, %d were a stranger's", encrypted, got, back, st.Strangers)
			}
		})
	}
}
