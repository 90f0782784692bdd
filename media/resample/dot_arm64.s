#include "textflag.h"

// func dot(a, b []float32) float32
//
// Eight products at a time in two registers of four sums (Advanced SIMD).
TEXT ·dot(SB), NOSPLIT, $0-52
	MOVD a_base+0(FP), R0
	MOVD a_len+8(FP), R1
	MOVD b_base+24(FP), R2
	VEOR V0.B16, V0.B16, V0.B16
	VEOR V1.B16, V1.B16, V1.B16
	SUBS $8, R1, R1
	BLT  few

eight:
	VLD1.P 32(R0), [V2.S4, V3.S4]
	VLD1.P 32(R2), [V4.S4, V5.S4]
	VFMLA  V2.S4, V4.S4, V0.S4
	VFMLA  V3.S4, V5.S4, V1.S4
	SUBS   $8, R1, R1
	BGE    eight

few:
	// The sums of lanes, one by one; then what is left over.
	VMOV  V0.S[1], R3
	VMOV  V0.S[2], R4
	VMOV  V0.S[3], R5
	FMOVS R3, F2
	FMOVS R4, F3
	FMOVS R5, F4
	FADDS F2, F0, F0
	FADDS F3, F4, F4
	FADDS F4, F0, F0
	VMOV  V1.S[1], R3
	VMOV  V1.S[2], R4
	VMOV  V1.S[3], R5
	FMOVS R3, F2
	FMOVS R4, F3
	FMOVS R5, F4
	FADDS F2, F1, F1
	FADDS F3, F4, F4
	FADDS F4, F1, F1
	FADDS F1, F0, F0
	ADDS  $8, R1, R1
	BEQ   done

one:
	FMOVS.P 4(R0), F2
	FMOVS.P 4(R2), F3
	FMADDS  F2, F0, F3, F0
	SUBS    $1, R1, R1
	BNE     one

done:
	FMOVS F0, ret+48(FP)
	RET
