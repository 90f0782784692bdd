// Package learn finds out what the controls of an unknown device are: it asks a
// person to use one after the other, looks at which bits of the reports change, and
// writes a profile (package profile) that drives the device from then on.
//
//	resting ── a while without a touch ──► asking ◄── Skip, Settled ──┐
//	  bits that change by themselves         │  a report differs      │
//	  are not looked at any more             ▼                        │
//	                                      hearing ────────────────────┘
//
// A [Session] is pure: it is told of reports, and that nothing has come for a while.
// It knows no device and no clock; one goroutine uses it.
//
// What a press changes is found in three steps. Level controls first: a bit that
// stays as it is until the handset is put down. Then, of the bytes in which a press
// differs from rest, the one that has a value of its own for the most controls.
// Last, a control whose bit nobody else uses is that bit, and all others are values
// of the bits that any of them changes.
package learn
