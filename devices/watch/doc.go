// Package watch finds the telephones that are plugged in, now and later, opens
// them and hands them over. It sleeps until the kernel or udev has something to
// say, and looks nowhere by itself but once at the start.
//
// A phone is a USB device with all of its HID interfaces, or what else has one. It
// goes through these states; removing it leads back to the beginning from all of
// them:
//
//	           plugged in             all its nodes are      no telephone
//	(unknown) ────────────► gathering ─ there, or 1 s ─► opening ──► left alone
//	                                                     ▲ │ │
//	                              permissions have       │ │ │ no permission
//	                              changed                │ │ └──► denied: nodes are watched
//	                                                     └─┼──────┘
//	                                                       │ open
//	                                                       ▼
//	                   waiting for sound ── card ready, or 2 s ──► handed over
//
// While the user is away from the seat (see [offhook/devices/seat]) all of them are
// let go and none is opened; what was handed over ends with [ErrAway]. The phones
// come back as new devices when the user does.
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
