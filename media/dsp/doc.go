// Package dsp cleans what a microphone hears where its own loudspeaker is heard
// too: echo cancellation, noise suppression and gain control, which a handset at
// the ear does well without and a speakerphone can't be without.
//
//	ear ──────────────────► (one period ago) ─────┐
//	mic ─► 48→16 kHz ─► echo canceller ─► noise, residual echo, gain ─► 16→48 kHz
//
// It is libspeexdsp, and so absent from a build without cgo. It works at 16 kHz:
// what it cleans has no more than wideband.
package dsp
