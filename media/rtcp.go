package media

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/pion/rtcp"
)

// ntpEpoch is what NTP counts from (RFC 3550 section 4).
var ntpEpoch = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)

// ntp is a time as a fixed-point number of seconds with 32 bits after the point.
func ntp(t time.Time) uint64 {
	d := t.Sub(ntpEpoch)
	sec := uint64(d / time.Second)
	return sec<<32 | uint64(d%time.Second)<<32/uint64(time.Second)
}

// middle is the 32 bits in the middle of an NTP time: units of 1/65536 s.
func middle(t uint64) uint32 { return uint32(t >> 16) }

// isRTCP tells RTCP from RTP on a port that both share (RFC 5761 section 4).
func isRTCP(b []byte) bool { return len(b) >= 8 && b[0]>>6 == 2 && b[1] >= 192 && b[1] <= 223 }

// Bounds of a compound packet that is read.
const (
	maxCompound = 16
	maxBlocks   = 32
)

// far is what the other side has reported, and what was learned from it. The
// receiver's lock guards it.
type far struct {
	sr        uint32    // middle of the NTP time of its last sender report; 0: none yet
	srAt      time.Time // when that came
	rtt       time.Duration
	loss      float64       // share of our packets it lost lately
	lost      int64         // of all
	jitter    time.Duration // of our packets when they get there
	reports   uint64
	compounds uint64 // packets of RTCP, whatever they say
	sent      uint32 // packets it says to have sent
	highest   uint32 // of the sequence numbers of ours that it knows, wraps counted
	left      bool   // it has said goodbye
	malformed uint64
}

var errNotRTCP = errors.New("not an RTCP packet")

// read takes a decrypted compound packet of the peer. ours and theirs are the
// SSRCs of the two streams, clock is the RTP clock of ours; what is said of
// other streams is not heeded.
func (f *far) read(b []byte, ours, theirs uint32, clock int, now time.Time) error {
	if !isRTCP(b) {
		return errNotRTCP
	}
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		return fmt.Errorf("%w: %w", errNotRTCP, err)
	}
	f.compounds++
	for _, p := range packets[:min(len(packets), maxCompound)] {
		switch p := p.(type) {
		case *rtcp.SenderReport:
			if p.SSRC == theirs || theirs == 0 { // nothing of its stream may ever have come
				f.sent = p.PacketCount
			}
			if p.SSRC == theirs {
				f.sr, f.srAt = middle(p.NTPTime), now
			}
			f.blocks(p.Reports, ours, clock, now)
		case *rtcp.ReceiverReport:
			f.blocks(p.Reports, ours, clock, now)
		case *rtcp.Goodbye:
			for _, s := range p.Sources[:min(len(p.Sources), maxBlocks)] {
				f.left = f.left || s == theirs
			}
		}
	}
	return nil
}

func (f *far) blocks(reports []rtcp.ReceptionReport, ours uint32, clock int, now time.Time) {
	for _, r := range reports[:min(len(reports), maxBlocks)] {
		if r.SSRC != ours {
			continue
		}
		f.reports++
		f.highest = r.LastSequenceNumber
		f.loss = float64(r.FractionLost) / 256
		f.lost = int64(int32(r.TotalLost<<8) >> 8)
		f.jitter = time.Duration(float64(r.Jitter) / float64(clock) * float64(time.Second))
		if r.LastSenderReport == 0 {
			continue
		}
		// Section 6.4.1: what lies between our report and this, less what the
		// other side kept it.
		took := int32(middle(ntp(now)) - r.LastSenderReport - r.Delay)
		if took >= 0 && took < 30<<16 {
			f.rtt = time.Duration(took) * time.Second / 65536
		}
	}
}

// report is all that one of our compound packets says.
type report struct {
	ssrc           uint32
	cname          string
	sends          bool // packets went out lately: a sender report
	now            time.Time
	rtpTime        uint32
	packets, bytes uint32
	reception      *rtcp.ReceptionReport // nil: nothing was heard
	metrics        *rtcp.VoIPMetricsReportBlock
	bye            bool
}

// marshal writes a compound packet (RFC 3550 section 6.1).
func (r *report) marshal() ([]byte, error) {
	var blocks []rtcp.ReceptionReport
	if r.reception != nil {
		blocks = append(blocks, *r.reception)
	}
	var first rtcp.Packet = &rtcp.ReceiverReport{SSRC: r.ssrc, Reports: blocks}
	if r.sends {
		first = &rtcp.SenderReport{SSRC: r.ssrc, NTPTime: ntp(r.now), RTPTime: r.rtpTime,
			PacketCount: r.packets, OctetCount: r.bytes, Reports: blocks}
	}
	all := []rtcp.Packet{first, rtcp.NewCNAMESourceDescription(r.ssrc, r.cname)}
	if r.metrics != nil {
		all = append(all, &rtcp.ExtendedReport{SenderSSRC: r.ssrc, Reports: []rtcp.ReportBlock{r.metrics}})
	}
	if r.bye {
		all = append(all, &rtcp.Goodbye{Sources: []uint32{r.ssrc}})
	}
	b, err := rtcp.Marshal(all)
	if err != nil {
		return nil, fmt.Errorf("write RTCP: %w", err)
	}
	return b, nil
}

// metrics is the block of RFC 3611 section 4.7. 127 stands for what is not
// measured.
func metrics(ssrc uint32, s Stats) *rtcp.VoIPMetricsReportBlock {
	share := func(x float64) uint8 { return uint8(max(0, min(math.Round(x*256), 255))) }
	ms := func(d time.Duration) uint16 { return uint16(max(0, min(d.Milliseconds(), math.MaxUint16))) }
	total := float64(max(1, s.Received+s.Lost))
	return &rtcp.VoIPMetricsReportBlock{
		SSRC:           ssrc,
		LossRate:       share(float64(s.Lost) / total),
		DiscardRate:    share(float64(s.Late+s.Discarded) / total),
		BurstDensity:   share(s.Burst.BurstDensity),
		GapDensity:     share(s.Burst.GapDensity),
		BurstDuration:  ms(s.Burst.BurstLength),
		GapDuration:    ms(s.Burst.GapLength),
		RoundTripDelay: ms(s.RoundTrip),
		EndSystemDelay: ms(s.PlayoutDelay + portDelay),
		SignalLevel:    127, NoiseLevel: 127, RERL: 127, Gmin: gmin,
		RFactor: uint8(math.Round(s.Rating.hundred())), ExtRFactor: 127,
		MOSLQ: uint8(math.Round(rate(s.Codec, s.notPlayed(), 1, 0).MOS * 10)), MOSCQ: uint8(math.Round(s.Rating.MOS * 10)),
		RXConfig:  0x80 | 0x30, // enhanced concealment, an adaptive buffer
		JBNominal: ms(s.PlayoutDelay), JBMaximum: ms(max(s.PlayoutDelay, s.Buffered)), JBAbsMax: maxBuffered / 8,
	}
}
