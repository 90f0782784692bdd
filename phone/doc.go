// Package phone is the softphone: the one loop that owns lines, calls and handsets.
//
// What a desk phone does when a hook goes up or an INVITE comes in is decided by package desk, a pure state machine.
// This package feeds it and carries out what it orders:
//
//	devices.Event ──┐                        ┌─► ua: 180, 200, CANCEL, BYE…
//	ua.Event ───────┼─► mailbox ─► desk.Next ┼─► timers (come back as events)
//	control.Command ┤             (the loop) ├─► desk.Indicators ─► devices.Device.Show
//	timers ─────────┘                        ├─► desk.Audio      ─► media.Endpoint.Set
//	                                         └─► what changed    ─► control.Event
//
// Lights and sound are functions of the state: after every event they are computed anew for every handset and handed to
// the device's writer and to the handset's audio endpoint, which ignore what they already have. Nothing else sets a
// light or a tone.
//
// One goroutine, Run, owns all of it. Everything else posts to its mailbox and never waits for it, except the commands
// of the control socket, which wait for their answer.
package phone
