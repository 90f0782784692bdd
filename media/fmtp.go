package media

import (
	"strconv"
	"strings"

	"offhook/media/codec"
)

// opusOptions reads what the peer says of the Opus that it wants to get (RFC
// 7587 section 6.1), as its a=fmtp has it. What is out of range or not known is
// passed over.
func opusOptions(fmtp string) (o codec.Options) {
	o.NoFEC = true // absent means that the peer makes no use of it
	for p := range strings.SplitSeq(fmtp, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		n, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil {
			continue
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "maxaveragebitrate":
			if n >= 6000 && n <= 510000 {
				o.Bitrate = min(n, codec.OpusBitrate)
			}
		case "maxplaybackrate":
			if n >= 8000 && n <= 48000 {
				o.MaxRate = n
			}
		case "useinbandfec":
			o.NoFEC = n == 0
		case "cbr":
			o.CBR = n == 1
		}
	}
	return o
}
