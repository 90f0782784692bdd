// Package resample converts 16-bit mono PCM between the rates of telephony: 8,
// 16, 24 and 48 kHz, and those of sound cards that have only 44.1 kHz and its
// fractions.
//
//	down by M:   48 kHz ─► history ─► FIR, computed at every M-th sample ─► 8 kHz
//	up by L:      8 kHz ─► history ─► L short FIRs, one per output phase ─► 48 kHz
//	up by 160, down by 147:
//	           44.1 kHz ─► history ─► every 147th of 160 phases in turn  ─► 48 kHz
//
// All share one kind of filter: a linear-phase low-pass designed with a Kaiser
// window at the common multiple of the two rates. With f the lower rate it
// is flat to 7/16 f (3.5 kHz for 8 kHz, 7 kHz for 16 kHz) and down by 66 dB or
// more from 9/16 f on. The edges mirror each other about f/2, so what folds
// down lands above the pass band, where a telephone has nothing.
//
// The delay is half the filter: about 2 ms to or from 8 kHz, 1 ms to or from
// 16 kHz, 0.7 ms to or from 24 kHz, 0.4 ms between 44.1 and 48 kHz; Delay says it exactly.
package resample
