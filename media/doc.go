// Package media carries the sound of calls: RTP on one side, the earpiece and
// the microphone of a handset on the other.
//
// A [Session] is one call's RTP and lives as long as the call. An [Endpoint] is
// one handset's sound and lives as long as the handset is plugged in. Which
// calls a handset hears and speaks to, and what tones, is a [Plan], set as a
// whole; so a call can be parked, moved to another handset, joined with others
// or held without either end knowing of the other.
//
//	         48 kHz, 10 ms               8, 16 or 48 kHz          packets
//	mic ──► Endpoint ── Push ──► Session: down ──► encoder ──────► RTP ─ SRTP
//	ear ◄── mix, fade ◄─ Pull ── Session: up ◄── jitter buffer ◄── RTP
//	          ▲                                   decoder
//	          └ tones, beeps, ringer
//
// The sound port's clock drives everything: its callback pulls and pushes one
// period of 10 ms, and the packets leave from within it. There is one more
// goroutine for each session, which reads the socket (two, when RTCP has a
// socket of its own), and one for each endpoint, which opens and closes the
// port. A timer in each session sends an RTCP report every 5 s. Nothing else
// runs, and nothing runs at all while there is no call. In a call nothing is
// allocated for a packet of sound or a period.
//
// Keys for SRTP come with the parameters or from a DTLS handshake on the RTP
// socket (package keying), whose goroutines sleep once there are keys.
//
// Delay, from mouth to ear without the ports' own: the period in which the
// microphone is read (10 ms), filling the packet (20 ms less that), two
// resamplers (at most 2 ms each; Opus adds 6.5 ms), and the wait in the jitter
// buffer, which without jitter is at most 13 ms (see jitterBuffer). Where
// packets get lost and Opus has copies of them in later ones, the buffer waits
// for a packet more.
//
// Figures of a call are in [Stats]: counts, bursts of loss (RFC 3611), what the
// peer reports, and a rating by the E-model of ITU-T G.107.
package media
