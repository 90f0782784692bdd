// Package devices turns USB phones, handsets and headsets into one vocabulary:
// what a person does becomes an [Event], what the phone wants shown becomes
// [Indicators]. One driver serves every device whose report descriptor uses the
// telephony usages of the HID Usage Tables (page 0B); nothing in it knows a
// report ID or a bit position beforehand. Phones with a protocol of their own,
// known by their numbers (families), have a driver each; of a chip that is in many
// things the user says what it is ([Model]). What a descriptor leaves out or
// says wrongly is in the tables of the package profile, every fact with its source.
//
//	hid.Device ── Read ──► reader ──► driver: layout, hook, mute, keypad ──► Events()
//	           ◄─ Write ── writer ◄── driver ◄── latest Indicators ◄──────── Show()
//
// A driver is the protocol and nothing else: no I/O, no goroutine, no clock, no
// lock. It gets reports and the wanted state, and gives events and the reports to be
// written. One whose phone has to be talked to though nothing changes (asked for its
// keys, kept awake, rung in a cadence) says when it is due and what it says then;
// the writer sleeps until then. No driver and nothing else of this program can send what
// is known to damage a device: see [Guard].
//
// # Goroutines
//
// Each open [Device] owns one reader and one writer. Show hands the wanted state
// over and returns; a write that stalls (USB gives up after five seconds) delays
// the lights of that one device and nothing else. The state of hook and mute,
// which both goroutines touch, is guarded by one mutex that is never held over
// I/O.
//
// A profile that the user wrote comes first, then a driver of the device's own, then
// what this program knows of it and its descriptor.
//
// # Too many reports
//
// What a person can do is bounded: 256 events at once, then 64 a second. Of a device
// that says more, the last report of each ID is kept and taken when it is time, so
// that a hook that is a state ends up right; see flood.go.
//
// # The hook
//
//	                report: level, differs from held
//	    ┌────────────────────────────────────────────┐
//	    │  relative or momentary: a press             ▼
//	ON-HOOK                                        OFF-HOOK
//	    ▲                                             │
//	    └────────────────────────────────────────────┘
//	       Show writes Off-Hook (not for a cradle): held follows, no event
//
// The device and the program both may change it, so the driver holds one state
// and compares: a level equal to it is an acknowledgement and silent, a level
// that differs is a press. A relative or momentary hook has no level to compare;
// there, one press within 500 ms of our own Off-Hook write that changed the state
// is the device's echo of it, once.
//
// A handset without a cradle (KeyedHandset) has a green and a red key for it. Green
// is lifting, red putting down, and like a headset's button they do not bind the
// program: green while off-hook is the send key, red while a call rings declines.
//
// # Opening
//
// The driver asks for the input report. A device that cannot be asked is taken
// as on-hook, unless it sends a report by itself within 150 ms: that one is
// the baseline and makes no event. Open returns when the baseline is settled, so
// the first lift after it always gives an event.
package devices
