// Package netwatch tells when the machine has woken from sleep, or its addresses or routes have changed: reasons for
// a phone to register anew at once, where waiting for the next refresh could take many minutes.
//
//	kernel: netlink, addresses and routes ───────┐
//	kernel: a clock that runs on in sleep ───────┼─► settle (half a second of calm) ─► Change
//	logind: PrepareForSleep, where there is one ─┘
//
// Go's timers use a clock that stands still while the machine sleeps; so a refresh that was due in the night would come
// hours late. Nothing here polls, but for one look at two clocks a minute.
package netwatch
