// Package codec turns frames of 16-bit sound into RTP payloads and back.
//
// A [Codec] is a description without state; [Codec.NewEncoder] and
// [Codec.NewDecoder] make the two halves, each owned by one goroutine at a
// time. A half keeps state from frame to frame, so a stream wants its own.
//
// Everything works in frames of [Codec.FrameSamples] samples (10 ms). A packet
// of 20 ms is two frames; how frames are laid together in a payload is the
// decoder's knowledge (it is given whole payloads), while the packetizer asks
// the encoder for one frame at a time and is told whether that frame ends the
// packet ([SID]) or is not sent at all ([Nothing]), which happens only with
// discontinuous transmission.
//
//	sound ──Encode──► frame, frame │ payload ──Decode──► sound
//	                               │ (lost)  ──Conceal─► sound that hides the gap
//
// The package also has the RFC 4733 telephone events, which travel in the same
// RTP stream with a payload type of their own: [Event], [EventSender],
// [EventReceiver].
package codec
