// Package sound is the sound port of a handset: one microphone and one
// earpiece, 48 kHz mono, in periods of 10 ms. Behind it is either a sound device
// or a pair of files paced in real time.
//
//	             Start                    device lost, helper dead
//	stopped ───────────────► running ─────────────────────────────► restarting
//	   ▲                      │   ▲                                     │
//	   └────────── Stop ──────┘   └──────────── sound is back ──────────┘
//
// While a port is running, Process is called once per period and never stops
// being called: when the device is lost the port keeps time by the clock, with
// silence at the microphone, until the device is back. A call survives that.
//
// # Devices
//
// Cards are reached through PortAudio, in a process of their own
// (offhook-sound): its stop call hangs for ever when a sound server dies, its
// list of devices is frozen when it starts, and its libraries crash and chatter.
// Such a process can be killed and started again within a fraction of a second.
//
//	offhook                                      offhook-sound
//	┌────────────────────────────┐  JSON lines  ┌───────────────────────────┐
//	│ owner goroutine ───────────┼─ open start ─┼─► command loop            │
//	│   restarts the helper      │◄─ replies ───┼── PortAudio                │
//	│                            │              │      │ callback            │
//	│ audio goroutine ◄──────────┼── an event ──┼──────┤ copies, never waits │
//	│   Process(mic, ear) ◄──────┼─ shared ring ┼──────┘                     │
//	└────────────────────────────┘              └───────────────────────────┘
//
// A card is opened directly ("hw:1,0"), once, and the process is shown that card
// alone. What a desktop has is reached through its sound server ("server:hw:1"), by
// the protocol of PulseAudio, which PipeWire speaks too, and stays at that device.
// Its mixer, see Mixing, is that of the card or what the desktop shows of it.
//
// The ring (package ring) is exact about delay: what Process makes of the
// microphone's period n is played in period n+1. A period that comes too late is
// dropped, not queued, so that delay never grows. Only where a sound server asks
// for several periods at once is the distance widened (to 4 at most), and it is
// reported.
//
// Package engine is the other side: the protocol, and the loop of the helper.
//
// # Files
//
// OpenFile plays a WAV file into the microphone and records the earpiece to
// another, in real time from an absolute clock. Servers, tests and the
// demonstration use it.
package sound
