// Package watch finds the telephones that are plugged in, now and later, opens
// them and hands them over. It sleeps until the kernel or udev has something to
// say, and looks nowhere by itself but once at the start.
//
// One interface of a device goes through these states; removing it leads back
// to the beginning from all of them:
//
//	           plugged in                  no telephone
//	(unknown) ────────────► opening ────────────────────────► left alone
//	                        ▲  │  │
//	       permissions have │  │  │ no permission
//	       changed          │  │  └──────► denied: its node is watched
//	                        └──┼─────────────┘
//	                           │ open
//	                           ▼
//	                   waiting for sound ── card ready, or 2 s ──► handed over
//
// A handset and its sound card are announced one after the other, in no certain
// order. A handset is handed over when its card is ready, so that lifting it
// gives a dial tone from the first moment; one whose card does not come is handed
// over without.
//
// What was handed over belongs to the receiver, who learns of the unplug from
// the device itself. Plugged in again, it is a new [devices.Device] with the same
// ID.
package watch
