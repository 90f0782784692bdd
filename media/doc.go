// Package media carries the sound of calls: RTP on one side, the earpiece and
// the microphone of a handset on the other.
//
// A [Session] is one call's RTP and lives as long as the call. An [Endpoint] is
// one handset's sound and lives as long as the handset is plugged in. Which
// call a handset hears and speaks to, and what tones, is a [Plan], set as a
// whole; so a call can be parked, moved to another handset or held without
// either end knowing of the other.
//
//	         48 kHz, 10 ms                     8 kHz              packets
//	mic ──► Endpoint ── Push ──► Session: down ──► encoder ──────► RTP
//	ear ◄── mix, fade ◄─ Pull ── Session: up ◄── jitter buffer ◄── RTP
//	          ▲                                   decoder
//	          └ tones, beeps
//
// The sound port's clock drives everything: its callback pulls and pushes one
// period of 10 ms, and the packets leave from within it. There is one more
// goroutine for each session, which reads the socket, and one for each
// endpoint, which opens and closes the port. Nothing else runs, and nothing
// runs at all while no handset is in use. In a call nothing is allocated for a
// packet or a period.
//
// Delay, from mouth to ear without the ports' own: the period in which the
// microphone is read (10 ms), filling the packet (20 ms less that), two
// resamplers (2 ms each), and the wait in the jitter buffer, which without
// jitter is at most 13 ms (see jitterBuffer).
//
// RTCP is not spoken yet; the odd port above the RTP port is left for it.
package media
