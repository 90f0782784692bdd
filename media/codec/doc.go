// Package codec turns frames of 16-bit sound into RTP payloads and back.
//
// A [Codec] is a description without state; [Codec.NewEncoder] and
// [Codec.NewDecoder] make the two halves, each owned by one goroutine at a
// time. A half keeps state from frame to frame, so a stream wants its own.
//
// Encoders work in frames of [Encoder.Frame] samples: 10 ms, with GSM 20, with
// Opus a whole packet. How frames are laid together in a payload is the
// decoder's knowledge (it is given whole payloads), while the packetizer asks
// the encoder for one frame at a time and is told whether that frame ends the
// packet ([SID]) or is not sent at all ([Nothing]), which happens only with
// discontinuous transmission.
//
//	name   sound    RTP clock        packets         concealment
//	PCMU   8 kHz    8000   static 0  10 to 60 ms     Concealer
//	PCMA   8 kHz    8000   static 8  10 to 60 ms     Concealer
//	G722   16 kHz   8000   static 9  10 to 60 ms     Concealer
//	G729   8 kHz    8000   static 18 10 to 60 ms     its own; Annex B
//	GSM    8 kHz    8000   static 3  20, 40, 60 ms   Concealer
//	L16    16 kHz   16000  dynamic   10 to 30 ms     Concealer
//	OPUS   48 kHz   48000  dynamic   10 20 40 60 ms  its own; FEC, DTX
//
// [ComfortNoise] is the decoder of RFC 3389, whose packets come between those
// of a codec without silence descriptions of its own. [ComfortNoiseSender] is the
// other half: it tells pauses from speech ([VoiceActivity]), and describes them.
//
//	sound ──Encode──► frame, frame │ payload ──Decode──► sound
//	                               │ (lost)  ──Conceal─► sound that hides the gap
//
// The package also has the RFC 4733 telephone events, which travel in the same
// RTP stream with a payload type of their own: [Event], [EventSender],
// [EventReceiver].
package codec
