package desk

import "testing"

func TestHolding(t *testing.T) {
	tellAll(t, []story{
		{name: "hold key: silence and the hold light; again: back", script: talking + `
hold desk
	! hold a
	desk: holding | | off-hook hold | On hold / On hold: 100
hold desk
	! resume a
	desk: connected a | speech mic | off-hook online
hold desk
	! hold a
flash desk
	! resume a
`},
		{name: "a resume that is refused: on hold as before, and can be tried again", script: talking + `
hold desk
	! hold a
hold desk
	! resume a
	desk: connected a | speech mic | off-hook online
resume-refused a
	desk: holding | | off-hook hold | On hold / On hold: 100
hold desk
	! resume a
	desk: connected a | speech mic | off-hook online
`},
		{name: "hold key, put down: stays held and shown, rings back after a minute, and again", script: talking + `
hold desk
	! hold a
down desk
	@ start hold 60s
	desk: idle | | hold | / On hold: 100
timer desk hold
	@ start recall 30s
	desk: idle | ring | ring hold
timer desk recall
	@ start hold 60s
	desk: idle | | hold
timer desk hold
lift desk
	! resume a
	desk: connected a | speech mic | off-hook online
`},
		{name: "hold key, put down, lift: dial tone, and flash or hold comes back", script: talking + `
hold desk
	! hold a
down desk
lift desk
	@ start first-digit 15s; stop hold
	desk: dial-tone | dial | off-hook hold
hold desk
	! resume a
`},
		{name: "a held call, another dialled: hanging up ends that one, and does not transfer", cfg: Config{Transfer: true}, script: talking + `
hold desk
	! hold a
key desk 2
	! click desk 2
timer desk inter-digit
	! place out-1 desk 2
	out-1: placing @desk
answered out-1
down desk
	! end out-1
	desk: idle | ring | ring hold
`},
		{name: "a call nobody came back to is left in peace: lifting and putting down does not ring it again", script: swapped + `
down desk
	! end w
timer desk recall
	desk: idle | | hold
lift desk
	desk: dial-tone | dial | off-hook hold
down desk
	@ stop first-digit; start hold 60s
	desk: idle | | hold
`},
		{name: "a call on hold at a handset somebody attends is not taken by flash elsewhere", script: talking + `
plug wall
hold desk
	! hold a
lift wall
flash wall
	wall: dial-tone
`},
		{name: "nobody comes back: the call ends after the last reminder", cfg: Config{Recalls: 2}, script: talking + `
hold desk
	! hold a
down desk
timer desk hold
timer desk recall
timer desk hold
timer desk recall
	! end a
	desk: idle | | | /
`},
		{name: "reject key silences a call that rings back", script: swapped + `
down desk
	! end w
reject desk
	@ start hold 60s; stop recall
	desk: idle | | hold
	a: active held @desk
`},
		{name: "the held one gives up: by the hold key busy is heard, in the cradle the light goes out", script: talking + `
hold desk
	! hold a
ended a 0 remote
	desk: tone | busy | off-hook | Call ended /
down desk
cmd dial 100 as=b
lift desk
	! place b desk 100
answered b
hold desk
	! hold b
down desk
	desk: idle | | hold
ended b 0 remote
	@ stop hold
	desk: idle | | | /
`},
		{name: "resume at another handset: by flash, when the first is down", script: talking + `
plug wall
hold desk
	! hold a
down desk
lift wall
flash wall
	! resume a
	wall: connected a | speech mic | off-hook online
	desk: idle | | | /
	a: active @wall
`},
		{name: "hold and resume by command", script: talking + `
cmd hold
	! hold a
	desk: holding
cmd hold a
	! refuse hold: the call is on hold already
cmd resume
	! resume a
	desk: connected a | speech mic
cmd resume
	! refuse resume: no such call is on hold
`},
		{name: "resume by command with the handset down", script: talking + `
hold desk
	! hold a
down desk
cmd resume
	! refuse resume: the handset is down; lift it
plug head headset
cmd resume
	! resume a
	head: connected a | speech mic | off-hook online
`},
		{name: "resume by command from another handset that holds it lifted", script: talking + `
plug wall
hold desk
	! hold a
lift wall
cmd resume a on=wall
	! resume a
	desk: tone | | off-hook | Put down /
	wall: connected a
`},
		{name: "swap by command", script: swapped + `
cmd swap
	! hold w; resume a
cmd hang-up w
	! end w
cmd swap
	! refuse swap: that takes one conversation and one call on hold on the same handset
`},
		{name: "the other side holds", script: talking + `
remote-hold a
	desk: connected a | speech mic | off-hook online | 100 / Held by other side
	a: active remote-held @desk
remote-resume a
	desk: connected a | speech mic | off-hook online | 100 / Connected
`},
	})
}

func TestMuting(t *testing.T) {
	tellAll(t, []story{
		{name: "mute toggles, lights, and sends silence; it ends with the call", script: talking + `
mute desk
	desk: connected a | speech muted | off-hook mute online | 100 / Muted
mute desk
	desk: connected a | speech mic | off-hook online
mute desk
down desk
	! end a
	desk: idle | |
mute desk
	desk: idle | |
cmd dial 100 as=b
lift desk
	! place b desk 100
answered b
	desk: connected b | speech mic | off-hook online
`},
		{name: "a mute switch keeps its position between calls", script: `
plug desk
mute-switch desk on
	desk: idle | |
cmd dial 100 as=a
lift desk
	! place a desk 100
	desk: connected a | | off-hook mute
answered a
	desk: connected a | speech muted | off-hook mute online
mute-switch desk off
	desk: connected a | speech mic | off-hook online
`},
		{name: "mute stays on between the conversations of a handset: nobody is unmuted behind his back", script: consulting + `
mute desk
	desk: connected b | speech muted
flash desk
	! hold b; resume a
	desk: connected a | speech muted | off-hook mute hold online
`},
		{name: "mute ends when the handset is put down, though the call lives on", script: talking + `
mute desk
flash desk
	! hold a
down desk
lift desk
	! resume a
	desk: connected a | speech mic | off-hook online
`},
		{name: "mute by command", script: talking + `
cmd mute on
	desk: connected a | speech muted | off-hook mute online
cmd mute off
	desk: connected a | speech mic | off-hook online
down desk
	! end a
cmd mute on
	! refuse mute: there is no call to mute
`},
	})
}

func TestKeysAndCommandsInACall(t *testing.T) {
	tellAll(t, []story{
		{name: "keys in a call are DTMF, as soon as there is sound", script: `
plug desk
cmd dial 100
lift desk
	! place out-1 desk 100
key desk 1
	desk: connected out-1
alerting out-1
key desk 2
	desk: connected out-1
early-media out-1
	desk: connected out-1 | speech mic | off-hook
alerting out-1
	desk: connected out-1 | speech mic
key desk 3
	! dtmf out-1 3; click desk 3
answered out-1
key desk #
	! dtmf out-1 #; click desk #
`},
		{name: "DTMF by command", script: talking + `
cmd dtmf 1#
	! dtmf a 1; click desk 1; dtmf a #; click desk #
cmd dtmf 1z
	! refuse dtmf: keys are 0 to 9, *, # and A to D
cmd dtmf
	! refuse dtmf: give between 1 and 64 keys
cmd hold
	! hold a
cmd dtmf 1 call=a
	! refuse dtmf: nobody would hear it: the call is not answered, or on hold
cmd dtmf 1
	! refuse dtmf: nobody would hear it: the call is not answered, or on hold
`},
		{name: "drop ends the call and gives dial tone", script: talking + `
drop desk
	! end a
	desk: dial-tone | dial | off-hook
`},
		{name: "hang-up by command: the call in the hand, the one that rings, the only one on hold", script: talking + `
cmd hang-up
	! end a
	desk: dial-tone
cmd hang-up a
	! refuse hang-up: there is no such call (any more)
ended a
down desk
incoming in-1
	! ringing in-1
cmd hang-up
	! reject in-1 486
ended in-1
cmd hang-up
	! refuse hang-up: there is no call to do that with
`},
		{name: "hang-up by command that could mean several", script: swapped + `
hold desk
	! hold w
cmd hang-up
	! refuse hang-up: there are several calls; say which
cmd hang-up a
	! end a
	desk: holding | | off-hook hold
cmd hang-up w
	! end w
	desk: dial-tone
`},
	})
}
