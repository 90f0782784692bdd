package media

import (
	"testing"

	"offhook/media/codec"
)

func TestWhatThePeerSaysOfOpus(t *testing.T) {
	for fmtp, want := range map[string]codec.Options{
		"": {NoFEC: true},
		"useinbandfec=1; maxaveragebitrate=20000;maxplaybackrate=16000":   {Bitrate: 20000, MaxRate: 16000},
		"cbr=1;UseInbandFEC=1;usedtx=1;stereo=1":                          {CBR: true},
		"maxaveragebitrate=510000;useinbandfec=1":                         {Bitrate: codec.OpusBitrate}, // no more than we want ourselves
		"maxaveragebitrate=1;maxplaybackrate=99999;cbr=x;;=;useinbandfec": {NoFEC: true},
	} {
		if got := opusOptions(fmtp); got != want {
			t.Errorf("%q: %+v, want %+v", fmtp, got, want)
		}
	}
}
