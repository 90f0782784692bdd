package media

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"offhook/media/oggopus"
	"offhook/media/resample"
	"offhook/media/sound"
	"offhook/media/wav"
)

// ReadSound reads a WAV file of any rate, or one of Opus, to be played: mono at
// sound.Rate (of two channels the left), at most so long; a longer one is an
// error.
func ReadSound(path string, most time.Duration) ([]int16, error) {
	if oggopus.Named(path) {
		return oggopus.ReadFile(path, int(most.Seconds()*oggopus.Rate))
	}
	format, samples, err := wav.ReadFile(path, int(most.Seconds()*wav.MaxRate))
	if err != nil {
		return nil, err
	}
	n := len(samples) / format.Channels
	if d := time.Duration(n) * time.Second / time.Duration(format.Rate); d > most {
		return nil, fmt.Errorf("read WAV %s: it lasts %v; %v is the most", path, d.Round(time.Second), most)
	}
	mono := make([]int16, n)
	for i := range mono {
		mono[i] = samples[i*format.Channels]
	}
	return resample.Convert(mono, format.Rate, sound.Rate), nil
}

// isWAV tells whether a file is to be one of WAV: that is what a name without an ending means too.
func isWAV(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case "", ".wav", ".wave":
		return true
	}
	return false
}
