package main

import (
	"slices"
	"strconv"
	"strings"
)

// maxCards is how many cards the kernel can have, from 0 on; noCard is not one of
// them.
const (
	maxCards = 32
	noCard   = "999"
)

// cardsConfig is a configuration of ALSA that knows cards, by number, and nothing
// else. With the system's own the library below opens everything that is
// configured in order to list it (mixing and resampling plug-ins, those of sound
// servers, other cards), which takes seconds at worst and 16 MB for good, and
// bothers programs that are using those.
//
// The library counts cards itself; those not named here lead to one that is never
// there, and are passed over. It also takes for granted that there is a dmix or a default, and
// aborts when all others can be opened: hence one that can't.
func cardsConfig(numbers []string) string {
	var b strings.Builder
	b.WriteString(`pcm.hw {
	@args [ CARD DEV SUBDEV ]
	@args.CARD { type string }
	@args.DEV { type integer default 0 }
	@args.SUBDEV { type integer default -1 }
	type hw
	card $CARD
	device $DEV
	subdevice $SUBDEV
}
pcm.dmix { type hw card ` + noCard + ` }
ctl.hw {
	@args [ CARD ]
	@args.CARD { type string }
	type hw
	card {
		@func refer
		name { @func concat strings [ "offhook.card." $CARD ] }
	}
}
`)
	for n := range maxCards {
		card := strconv.Itoa(n)
		to := noCard
		if slices.Contains(numbers, card) {
			to = card
		}
		b.WriteString("offhook.card." + card + " " + to + "\n")
	}
	return b.String()
}
