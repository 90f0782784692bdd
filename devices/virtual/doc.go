// Package virtual is an emulated USB phone: a report descriptor of our own
// making, the firmware behind it, and fingers to press its keys.
//
//	Lift, Press, PressMute ─► firmware ─► input reports ─► hid.Device.Read
//	State, Await ◄─ lights, ringer, display ◄─ output reports ◄─ hid.Device.Write
//
// Its bytes go through the same parser and the same driver as those of a real
// phone. The emulation knows nothing of either: it builds input reports and reads
// output reports with its own table of bit positions, written down beside the
// descriptor by hand, so that each side checks the other. What State shows of
// lights and display is only what arrived in output reports.
//
// A [Profile] chooses the descriptor and the manners: whether the phone answers
// GET_REPORT, sends a report when opened, acknowledges a hook that the host
// changed, or stalls writes.
//
// Phones with protocols of their own are firmware in Go (maker_*.go), written from
// what their sources say and not from the drivers, which check them and are checked
// by them. What would damage a real one they answer by a panic.
//
// [Synthesize] makes a profile of usages alone, for devices of which no more is
// known; [Replay] one of a recording (package record), which says again what the
// device said.
//
// All methods of Phone may be called from any goroutine. One mutex guards the
// firmware; it is not held while a write stalls.
package virtual
