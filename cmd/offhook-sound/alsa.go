package main

import "strings"

// cardsConfig is a configuration of ALSA that knows cards, by number, and nothing
// else. With the system's own the library below opens everything that is
// configured in order to list it (mixing and resampling plug-ins, those of sound
// servers, other cards), which takes seconds at worst and 16 MB for good, and
// bothers programs that are using those.
//
// The library counts cards itself; those not named here can't be opened, and are
// passed over. It also takes for granted that there is a dmix or a default, and
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
pcm.dmix { type hw card 999 }
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
	for _, n := range numbers {
		b.WriteString("offhook.card." + n + " " + n + "\n")
	}
	return b.String()
}
