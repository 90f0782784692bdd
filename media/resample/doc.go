// Package resample converts 16-bit mono PCM between the rates of telephony:
// 8, 16, 24 and 48 kHz, or any pair where one rate is a whole multiple of the
// other.
//
//	down by M:  48 kHz ─► history ─► FIR, computed at every M-th sample ─► 8 kHz
//	up by L:     8 kHz ─► history ─► L short FIRs, one per output phase  ─► 48 kHz
//
// Both directions share one kind of filter: a linear-phase low-pass designed
// with a Kaiser window at the higher of the two rates. With f the lower rate it
// is flat to 7/16 f (3.5 kHz for 8 kHz, 7 kHz for 16 kHz) and down by 66 dB or
// more from 9/16 f on. The edges mirror each other about f/2, so what folds
// down lands above the pass band, where a telephone has nothing.
//
// The delay is half the filter: about 2 ms to or from 8 kHz, 1 ms to or from
// 16 kHz, 0.7 ms to or from 24 kHz; Delay says it exactly.
package resample
