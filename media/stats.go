package media

import "time"

// Stats is a snapshot of a session. Counts are since its beginning.
type Stats struct {
	Codec           string
	Sent, SentBytes uint64 // RTP packets and their bytes, headers included
	SendErrors      uint64 // packets the system refused
	DigitsSent      uint64
	Received        uint64 // packets accepted from the peer
	ReceivedBytes   uint64
	DigitsReceived  uint64
	Lost            uint64 // never came
	Late            uint64 // came after their time
	Duplicates      uint64
	Reordered       uint64
	Discarded       uint64        // of an impossible size or sequence, or more than the buffer takes
	Strangers       uint64        // from an address that is not the peer's
	Malformed       uint64        // not RTP
	Forged          uint64        // SRTP: without the key, or seen before
	UnknownPayload  uint64        // of a payload type that was not agreed
	StreamResets    uint64        // the peer began another stream
	Jitter          time.Duration // interarrival jitter (RFC 3550 section 6.4.1)
	Concealed       time.Duration // sound made up
	Cut, Pasted     time.Duration // sound taken out of and put into the stream to move the delay
	Cuts, Pastes    uint64        // how many times
	Recovered       uint64        // lost packets that were played from the copy in a later one
	Buffered        time.Duration // sound in the jitter buffer now
	PlayoutDelay    time.Duration // how long before their time packets arrive, mean
	Burst           BurstLoss

	// What the peer reports by RTCP, zero before it has.
	RoundTrip    time.Duration
	RemoteLoss   float64       // share of our packets it lost lately, 0 to 1
	RemoteLost   int64         // packets of ours it lost
	RemoteJitter time.Duration // of our packets there
	Reports      uint64        // of its reports that told of our stream
	PeerReports  uint64        // packets of RTCP that came from it, whatever they told
	PeerSent     uint64        // RTP packets it says to have sent
	PeerHighest  uint64        // highest sequence number of ours that it knows, wraps counted; one that stays is one of a stream that does not arrive

	Delay  time.Duration // from the other mouth to this ear, as far as it is known: half the round trip, packet, buffer
	Rating Rating        // of what is heard here
}

// notPlayed is the share of packets that were lost, if no copy stood in for them,
// or came too late.
func (st *Stats) notPlayed() float64 {
	total := st.Received + st.Lost
	if total == 0 {
		return 0
	}
	return min(1, float64(st.Lost+st.Late-min(st.Recovered, st.Lost+st.Late))/float64(total))
}

// Stats may be called at any time.
func (s *Session) Stats() Stats {
	var st Stats
	s.tx.mu.Lock()
	t := s.tx.stats
	p := s.tx.params
	s.tx.mu.Unlock()
	st.Codec = p.Codec
	st.Sent, st.SentBytes, st.SendErrors, st.DigitsSent = t.packets, t.bytes, t.errors, t.digits

	s.rx.mu.Lock()
	defer s.rx.mu.Unlock()
	r, b := s.rx.stats, s.rx.buffer
	j := b.stats
	st.Received, st.ReceivedBytes, st.DigitsReceived = r.packets, r.bytes, r.events+r.tones
	st.Strangers, st.Malformed, st.UnknownPayload = r.strangers, r.malformed, r.unknown
	st.Forged = r.forged
	st.Lost, st.Late, st.Duplicates, st.Reordered = b.stream.lost(), j.late, j.duplicate, j.reordered
	st.Discarded, st.StreamResets = j.dropped, j.resets
	st.Cuts, st.Pastes, st.Recovered = j.cuts, j.pastes, j.recovered
	st.Concealed, st.Cut, st.Pasted = duration(j.concealed), duration(j.cut), duration(j.pasted)
	if b.started {
		st.Buffered = duration(uint64(b.buffered() / b.k))
	}
	st.Jitter = s.rx.jitter.estimate()
	st.RoundTrip, st.RemoteLoss, st.RemoteLost = s.rx.far.rtt, s.rx.far.loss, s.rx.far.lost
	st.RemoteJitter, st.Reports = s.rx.far.jitter, s.rx.far.reports
	st.PeerReports, st.PeerSent, st.PeerHighest = s.rx.far.compounds, uint64(s.rx.far.sent), uint64(s.rx.far.highest)
	st.Burst = b.runs.measure(p.PTime)
	st.PlayoutDelay = duration(uint64(max(0, b.slack.mean()) / b.k))
	st.Delay = st.RoundTrip/2 + p.PTime + st.PlayoutDelay + portDelay
	st.Rating = rate(p.Codec, st.notPlayed(), burstRatio(b.runs, st.Lost, st.Received+st.Lost), st.Delay)
	return st
}

// duration turns samples at 8 kHz into time.
func duration(samples uint64) time.Duration {
	return time.Duration(samples) * (time.Second / codecRate)
}
