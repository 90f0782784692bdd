package codec

import (
	"fmt"
	"math"
)

// ComfortNoisePayloadType is the static payload type of RFC 3389.
const ComfortNoisePayloadType = 13

// ComfortNoise plays what a peer that sends nothing in pauses says of its
// background (RFC 3389): a level, and up to 12 reflection coefficients of its
// spectrum. It is a Decoder: a payload counts as 10 ms, and Conceal goes on
// with the noise for as long as nothing else comes.
//
//	noise ─► gain ─► all-pole lattice of the coefficients ─► sound
//
// One goroutine owns it.
type ComfortNoise struct {
	rate       int
	gain, want float64 // of the noise in front of the lattice; what it moves towards
	k, b       [comfortOrder]float64
	order      int
	seed       uint32
}

// comfortOrder is how many coefficients are heeded; more are ignored, as the
// RFC allows.
const comfortOrder = 12

// NewComfortNoise makes one for sound of a rate in Hz.
func NewComfortNoise(rate int) *ComfortNoise { return &ComfortNoise{rate: rate, seed: 1} }

// Samples of any payload are 10 ms; without a level there is none.
func (n *ComfortNoise) Samples(payload []byte) (int, error) {
	if len(payload) == 0 || len(payload) > 128 {
		return 0, fmt.Errorf("comfort noise: %w: %d bytes, want a level and up to 127 coefficients", ErrPayload, len(payload))
	}
	return n.rate / 100, nil
}

// Decode takes a new description of the noise and plays 10 ms of it.
func (n *ComfortNoise) Decode(out []int16, payload []byte) (int, error) {
	count, err := n.Samples(payload)
	if err != nil {
		return 0, err
	}
	// Section 3: the level is -dBov, RMS; 0 dBov is a full-scale square wave.
	level := 32768 * math.Pow(10, -float64(payload[0]&0x7f)/20)
	n.order = min(len(payload)-1, comfortOrder)
	// The lattice makes noise louder by 1/sqrt of the product of 1-k².
	louder := 1.0
	for i := range n.order {
		n.k[i] = max(-0.99, min(258*(float64(payload[1+i])-127)/32768, 0.99))
		louder *= 1 - n.k[i]*n.k[i]
	}
	// Louder than -30 dBov is no background but a fault or malice.
	n.want = min(level, 32768*math.Pow(10, -30.0/20)) * math.Sqrt(louder)
	n.Conceal(out[:count])
	return count, nil
}

// Conceal plays on.
func (n *ComfortNoise) Conceal(out []int16) {
	for i := range out {
		n.gain += (n.want - n.gain) / 400 // 50 ms at 8 kHz
		// The sum of a few uniform numbers is near enough to Gaussian; its
		// variance is 1.
		v := -2.0
		for range 4 {
			n.seed = n.seed*1664525 + 1013904223
			v += float64(n.seed>>8) / (1 << 24)
		}
		f := v * math.Sqrt(3) * n.gain
		for j := n.order - 1; j >= 0; j-- {
			f -= n.k[j] * n.b[j]
			if j+1 < n.order {
				n.b[j+1] = n.b[j] + n.k[j]*f
			}
		}
		n.b[0] = f
		out[i] = clip(int32(f))
	}
}

// Pausing is true: noise stands for silence.
func (n *ComfortNoise) Pausing() bool { return true }

// Close does nothing.
func (n *ComfortNoise) Close() error { return nil }
