// Package ring carries PCM between a program and its sound process through
// shared memory, with a delay that is exact and cannot grow.
//
// Time is counted in callbacks of the device. Everything has the number of a
// callback: the microphone's period n was captured by callback n, and the
// earpiece's period n is played by callback n or never.
//
//	sound process, callback n             program, woken by it
//	  play[n] there? play it                 mic[n] ─► Process ─► ear
//	          no?  silence, underruns+1      play[n+ahead] = ear
//	  mic[n] = captured                      tail = n
//	  callbacks = n, wake the program
//
// With ahead = 1, the least, the program has one period of time to answer. An
// answer that comes too late is dropped: the number it carries has passed.
//
// Both sides copy samples without locks; numbers are published with atomic
// stores after the samples they stand for. A slot is not written while the
// other side may read it: mic[n] only when the program's tail has passed n-Slots,
// play[n+ahead] only after callback n, when callback n+ahead-Slots is long over.
//
// Neither side trusts the other. Numbers are compared, never used to index
// without being reduced, and whatever they are a call does bounded work.
package ring
