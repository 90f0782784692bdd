// Package tone makes and recognises the tones a telephone plays: what the line
// says (dial tone, ringing, busy), what the set says (ringer, key click,
// confirmation) and what the keypad says (DTMF).
//
//	Set(Dial)                Set(None)
//	   │                        │
//	   ▼                        ▼
//	silent ─► fade in ─► on ─► fade out ─► silent
//	             ▲               │
//	             └── cadence ────┘     every edge is a 5 ms raised cosine
//
// What a tone sounds like is data: a Plan holds a Pattern (frequencies, levels,
// cadence) per tone. Default is the plan used where no other is chosen: 425 Hz
// as ITU-T E.180 recommends and most of Europe and many other countries have
// it; other countries are other tables.
//
// Levels are given in dBm0, as the recommendations do. 0 dBm0 is 3.14 dB below
// a full-scale sine (the G.711 A-law reference), so a tone of -10 dBm0 is a sine
// of -13.14 dBFS; dBFS here always means relative to a full-scale sine.
//
// The Generator makes tones at 48 kHz without allocating. Detect finds them in
// a recording of any rate: which tone, when, how loud; tests and the
// demonstration prove with it what was heard.
package tone
