package main

import (
	"fmt"
	"time"

	"offhook/media"
	"offhook/media/dsp"
	"offhook/media/tone"
	"offhook/phone/config"
)

// endpoint is how handsets sound by [audio].
func endpoint(a config.Audio) (media.EndpointConfig, error) {
	plan, err := tone.Country(a.Tones)
	if err != nil {
		return media.EndpointConfig{}, fmt.Errorf("tones: %w", err)
	}
	out := media.EndpointConfig{Tones: plan, Sidetone: float64(a.Sidetone)}
	if a.Speakerphone == "on" {
		out.Clean = dsp.Options{Echo: true, Noise: true, Gain: true}
	}
	if config.RingerIsFile(a.Ringer) {
		out.Ringer, err = media.ReadSound(a.Ringer, 30*time.Second)
	} else {
		out.Tones, err = plan.WithRinger(a.Ringer)
	}
	if err != nil {
		return out, fmt.Errorf("ringer: %w", err)
	}
	return out, nil
}
