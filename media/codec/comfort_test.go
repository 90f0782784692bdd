package codec

import (
	"errors"
	"math"
	"testing"

	"offhook/media/internal/voice"
)

func TestComfortNoiseHasTheLevelItWasTold(t *testing.T) {
	for _, rate := range []int{8000, 16000} {
		for _, payload := range [][]byte{
			{40},
			{60},
			{50, 200, 60, 140},
			{45, 127, 127, 127},
			{55, 10, 240, 90, 127, 200, 100, 127, 127, 127, 127, 127, 127, 127, 127, 127}, // more than are heeded
		} {
			n := NewComfortNoise(rate)
			out := make([]int16, 4*rate)
			got, err := n.Decode(out, payload)
			if err != nil || got != rate/100 {
				t.Fatal(got, err)
			}
			n.Conceal(out)
			level := 20 * math.Log10(voice.RMS(out[rate:])/32768)
			if want := -float64(payload[0]); math.Abs(level-want) > 1.5 {
				t.Errorf("%d Hz, % d: %.1f dBov, want %.0f", rate, payload, level, want)
			}
		}
	}
}

func TestComfortNoiseIsNeverLoud(t *testing.T) {
	for first := range 256 {
		payload := []byte{byte(first)}
		for i := range 12 {
			payload = append(payload, byte(255*(i&1)))
		}
		n := NewComfortNoise(8000)
		out := make([]int16, 8000)
		n.Decode(out, payload)
		n.Conceal(out)
		if level := 20 * math.Log10(voice.RMS(out)/32768); level > -25 {
			t.Fatalf("a level of %d plays at %.1f dBov", first, level)
		}
	}
}

func TestNoComfortNoiseWithoutALevel(t *testing.T) {
	n := NewComfortNoise(8000)
	if _, err := n.Decode(make([]int16, 80), nil); !errors.Is(err, ErrPayload) {
		t.Error(err)
	}
}
