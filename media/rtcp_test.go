package media

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtcp"

	"offhook/media/codec"
)

// reported makes two sessions talk for a while through a network that takes
// 40 ms there and back loses a tenth of what a says.
func reported(t *testing.T, d time.Duration, change func(a, b *SessionConfig, pa, pb *Params)) (sa, sb Stats) {
	t.Helper()
	ca, cb := memPair()
	ca.setDeliver(badNetwork(cb, rand.New(rand.NewPCG(1, 2)), 0.1, 0, 30*time.Millisecond, 0))
	cb.setDeliver(badNetwork(ca, rand.New(rand.NewPCG(1, 3)), 0, 0, 30*time.Millisecond, 0))
	a, b := SessionConfig{Rand: rand.New(rand.NewPCG(5, 5))}, SessionConfig{Rand: rand.New(rand.NewPCG(6, 6))}
	pa, pb := params(codec.PCMU, cb.addr), params(codec.PCMU, ca.addr)
	change(&a, &b, &pa, &pb)
	sessionA, sessionB := NewSession(ca, a), NewSession(cb, b)
	must(t, sessionA.SetParams(pa))
	must(t, sessionB.SetParams(pb))
	mic := periods(300)
	run(int(d/(10*time.Millisecond)), func(i int) {
		sessionA.Push(mic[i%300])
		sessionB.Push(mic[i%300])
		drain(sessionA)
		drain(sessionB)
	})
	sa, sb = sessionA.Stats(), sessionB.Stats()
	sessionA.Close()
	time.Sleep(time.Second)
	sessionB.rx.mu.Lock()
	if !sessionB.rx.far.left {
		t.Error("no goodbye was heard")
	}
	sessionB.rx.mu.Unlock()
	sessionB.Close()
	return sa, sb
}

func drain(s *Session) {
	var out [480]int16
	s.Pull(out[:])
}

func check(t *testing.T, sa, sb Stats) {
	t.Helper()
	for name, st := range map[string]Stats{"a": sa, "b": sb} {
		if st.Reports < 2 || (st.RoundTrip-60*time.Millisecond).Abs() > 2*time.Millisecond {
			t.Errorf("%s: %d reports, a round trip of %v", name, st.Reports, st.RoundTrip)
		}
	}
	if sa.RemoteLoss < 0.02 || sa.RemoteLoss > 0.25 || sa.RemoteLost < 20 || sa.RemoteLost > 160 {
		t.Errorf("a hears of %.2f lost, %d packets; b counts %d", sa.RemoteLoss, sa.RemoteLost, sb.Lost)
	}
	if sb.RemoteLoss != 0 || sb.RemoteLost != 0 {
		t.Errorf("b hears of %.2f lost, %d packets", sb.RemoteLoss, sb.RemoteLost)
	}
	if sa.Rating.R < 90 || sb.Rating.R > 75 || sb.Rating.MOS > 3.8 || sb.Delay < 50*time.Millisecond || sb.Delay > 120*time.Millisecond {
		t.Errorf("ratings %+v and %+v, delay %v", sa.Rating, sb.Rating, sb.Delay)
	}
}

func TestReportsOnTheSharedPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sa, sb := reported(t, 16*time.Second, func(_, _ *SessionConfig, pa, pb *Params) { pa.RTCPMux, pb.RTCPMux = true, true })
		check(t, sa, sb)
	})
}

func TestReportsOnAPortOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ra, rb := newMemConn("192.0.2.1:4001"), newMemConn("192.0.2.2:5001")
		ra.setDeliver(badNetwork(rb, rand.New(rand.NewPCG(1, 4)), 0, 0, 30*time.Millisecond, 0))
		rb.setDeliver(badNetwork(ra, rand.New(rand.NewPCG(1, 5)), 0, 0, 30*time.Millisecond, 0))
		sa, sb := reported(t, 16*time.Second, func(a, b *SessionConfig, pa, pb *Params) {
			a.RTCP, b.RTCP = ra, rb
			pa.RTCP, pb.RTCP = rb.addr, ra.addr
		})
		check(t, sa, sb)
	})
}

func TestReportsAreEncryptedWithTheSound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sa, sb := reported(t, 16*time.Second, func(_, _ *SessionConfig, pa, pb *Params) {
			pa.RTCPMux, pb.RTCPMux = true, true
			pa.SRTP, pb.SRTP = keys("AES_CM_128_HMAC_SHA1_80")
		})
		check(t, sa, sb)
		if sa.Forged+sb.Forged > 0 {
			t.Errorf("%d and %d forged", sa.Forged, sb.Forged)
		}
	})
}

func TestReportsOfStrangersAreNotBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newMemConn("192.0.2.1:4000")
		s := NewSession(conn, SessionConfig{})
		defer s.Close()
		peer := netip.MustParseAddrPort("192.0.2.2:5000")
		p := params(codec.PCMU, peer)
		p.RTCPMux = true
		must(t, s.SetParams(p))
		ours, _ := s.tx.identity()
		bad, _ := rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: 9, Reports: []rtcp.ReceptionReport{{SSRC: ours, FractionLost: 255}}}})
		other, _ := rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: 9, Reports: []rtcp.ReceptionReport{{SSRC: ours + 1, FractionLost: 255}}}})
		conn.inject(bad, netip.MustParseAddrPort("203.0.113.9:5000"))
		conn.inject(bad, netip.MustParseAddrPort("192.0.2.2:5002"))
		conn.inject(other, peer)
		conn.inject(bad[:9], peer)
		synctest.Wait()
		if st := s.Stats(); st.Reports != 0 || st.RemoteLoss != 0 || st.Strangers != 2 {
			t.Errorf("%+v", st)
		}
		conn.inject(bad, peer)
		synctest.Wait()
		if st := s.Stats(); st.Reports != 1 || st.RemoteLoss < 0.9 {
			t.Errorf("the peer's own report: %+v", st)
		}
	})
}

func TestACompoundPacketOfOurs(t *testing.T) {
	r := report{
		ssrc: 7, cname: "nobody", sends: true, now: ntpEpoch.Add(1<<31*time.Second + time.Second/2), rtpTime: 8000, packets: 3, bytes: 480,
		reception: &rtcp.ReceptionReport{SSRC: 8, FractionLost: 25, TotalLost: 4, LastSequenceNumber: 70000},
		metrics:   metrics(8, Stats{Codec: "PCMU", Received: 90, Lost: 10, RoundTrip: 60 * time.Millisecond, Rating: Rating{R: 70.4, MOS: 3.6}}),
		bye:       true,
	}
	b, err := r.marshal()
	if err != nil {
		t.Fatal(err)
	}
	list, err := rtcp.Unmarshal(b)
	if err != nil || len(list) != 4 {
		t.Fatal(len(list), err)
	}
	sr := list[0].(*rtcp.SenderReport)
	if sr.NTPTime != 1<<63|1<<31 || sr.RTPTime != 8000 || sr.PacketCount != 3 || sr.OctetCount != 480 || sr.Reports[0].LastSequenceNumber != 70000 {
		t.Errorf("%+v", sr)
	}
	m := list[2].(*rtcp.ExtendedReport).Reports[0].(*rtcp.VoIPMetricsReportBlock)
	if m.LossRate != 26 || m.RoundTripDelay != 60 || m.RFactor != 70 || m.MOSCQ != 36 || m.Gmin != 16 {
		t.Errorf("%+v", m)
	}
}

func TestTheEModelGivesWhatG107Does(t *testing.T) {
	for _, tt := range []struct {
		codec string
		loss  float64
		delay time.Duration
		r     float64
		mos   float64
	}{
		{"PCMU", 0, 0, 93.2, 4.41},
		{"PCMU", 0, 100 * time.Millisecond, 93.2, 4.41},
		{"PCMU", 0, 400 * time.Millisecond, 68.9, 3.56}, // Idd alone is 24.3
		{"G729", 0, 0, 82.2, 4.11},
		{"G729", 0.05, 0, 64.7, 3.34},
		{"GSM", 0, 0, 67.2, 3.46},
		{"PCMU", 1, 0, 17.3, 1.22},
		{"L16", 0, 0, 129, 4.50},
		{"OPUS", 0, 0, 128, 4.494},
		{"G722", 0, 0, 116, 4.337},
		{"G722", 0, 400 * time.Millisecond, 91.7, 3.65},
		{"G722", 0.02, 0, 92.2, 3.67},
		{"OPUS", 1, 10 * time.Second, 0, 1},
	} {
		got := rate(tt.codec, tt.loss, 1, tt.delay)
		if math.Abs(got.R-tt.r) > 1 || math.Abs(got.MOS-tt.mos) > 0.05 {
			t.Errorf("%s, %.0f %% lost, %v: %.1f, %.2f; want %.1f, %.2f", tt.codec, 100*tt.loss, tt.delay, got.R, got.MOS, tt.r, tt.mos)
		}
	}
	if g711, g722 := rate("PCMU", 0, 1, 0), rate("G722", 0, 1, 0); g711.Scale != Narrowband || g722.Scale != Wideband || g711.Scale.String() == g722.Scale.String() {
		t.Errorf("G.711 is rated as %v, G.722 as %v", g711.Scale, g722.Scale)
	}
	// On the wire R has a hundred parts, whatever the scale.
	if m := metrics(1, Stats{Codec: "OPUS", Received: 1, Rating: rate("OPUS", 0, 1, 0)}); m.RFactor != 99 || m.MOSCQ != 45 {
		t.Errorf("reported: R %d, MOS %d", m.RFactor, m.MOSCQ)
	}
	st := Stats{Received: 95, Lost: 5, Recovered: 4}
	if got := st.notPlayed(); math.Abs(got-0.01) > 1e-9 {
		t.Errorf("of 5 lost packets 4 were played from copies: %.3f not played", got)
	}
	if one, three := rate("PCMU", 0.05, 1, 0), rate("PCMU", 0.05, 3, 0); three.R >= one.R {
		t.Errorf("bursts are rated %.1f, single losses %.1f", three.R, one.R)
	}
}

func TestLossesInBurstsAreToldFromSingleOnes(t *testing.T) {
	count := func(pattern string) (l lossRuns) {
		for _, c := range pattern {
			if c == 'x' {
				l.miss()
			} else {
				l.came()
			}
		}
		return l
	}
	calm := strings.Repeat(".", 100)
	single := count(strings.Repeat(strings.Repeat(".", 99)+"x", 10)).measure(20 * time.Millisecond)
	if single.BurstLength != 0 || math.Abs(single.GapDensity-0.01) > 0.001 || single.Longest != 1 {
		t.Errorf("single losses: %+v", single)
	}
	burst := count(calm + "xxx.xx" + calm + "x.xxxx" + calm).measure(20 * time.Millisecond)
	if burst.BurstLength < 80*time.Millisecond || burst.BurstLength > 160*time.Millisecond || burst.BurstDensity < 0.6 || burst.GapDensity != 0 || burst.Longest != 4 {
		t.Errorf("bursts: %+v", burst)
	}
	if burst.GapLength < 2*time.Second || burst.GapLength > 4*time.Second {
		t.Errorf("gaps between bursts: %v", burst.GapLength)
	}
	if r := burstRatio(count(calm+"xxx"+calm), 3, 203); math.Abs(r-2.95) > 0.1 {
		t.Errorf("three lost in a row: a ratio of %.2f", r)
	}
}

// Any bytes as RTCP: no crash, and nothing that can't be.
func FuzzRTCP(f *testing.F) {
	r := report{ssrc: 7, cname: "x", sends: true, reception: &rtcp.ReceptionReport{SSRC: 1}, metrics: metrics(8, Stats{}), bye: true}
	b, _ := r.marshal()
	f.Add(b)
	f.Add([]byte{0x80, 201, 0, 1, 0, 0, 0, 1})
	f.Add([]byte{0x81, 207, 0, 9, 0, 0, 0, 1, 7, 0, 0, 8})
	f.Fuzz(func(t *testing.T, b []byte) {
		var far far
		now := ntpEpoch.Add(1 << 31 * time.Second)
		far.read(b, 1, 7, 8000, now)
		if far.loss < 0 || far.loss > 1 || far.rtt < 0 || far.rtt > time.Minute || far.jitter < 0 {
			t.Fatalf("%+v", far)
		}
	})
}
