package desk

import "testing"

func TestDiallingByHand(t *testing.T) {
	tellAll(t, []story{
		{name: "lift, dial tone, digits, ringback, talk, put down", script: `
plug desk
	desk: idle | | | Ready /
lift desk
	@ start first-digit 15s
	desk: dial-tone | dial | off-hook | Dial /
key desk 1
	! click desk 1
	@ stop first-digit; start inter-digit 4s
	desk: collecting | | off-hook | 1 /
key desk *
	! click desk *
	@ start inter-digit 4s
	desk: collecting | | off-hook | 1* /
key desk 2
	! click desk 2
timer desk inter-digit
	! place out-1 desk 1*2
	desk: connected out-1 | | off-hook | 1*2 / Calling
	out-1: placing @desk
proceeding out-1
	out-1: proceeding @desk
alerting out-1
	desk: connected out-1 | ringback | off-hook | 1*2 / Ringing
answered out-1
	desk: connected out-1 | speech mic | off-hook online | 1*2 / Connected
	out-1: active @desk
down desk
	! end out-1
	desk: idle | | | Ready /
	out-1: ending @desk
ended out-1
	out-1: gone
`, cfg: Config{IdleText: "Ready"}},
		{name: "'#' dials at once, but as the first key it is a digit", script: `
plug desk
lift desk
key desk #
	! click desk #
	desk: collecting | | off-hook | # /
key desk 3
	! click desk 3
key desk #
	! click desk #; place out-1 desk #3
	@ stop inter-digit
`},
		{name: "'#' is a digit where configured", cfg: Config{HashIsDigit: true}, script: `
plug desk
lift desk
key desk 3
	! click desk 3
key desk #
	! click desk #
	desk: collecting | | off-hook | 3# /
`},
		{name: "a dial plan dials a complete number at once",
			cfg: Config{Complete: func(d string) bool { return d == "112" }}, script: `
plug desk
lift desk
key desk 1
	! click desk 1
key desk 1
	! click desk 1
key desk 2
	! click desk 2; place out-1 desk 112
`},
		{name: "keys that are no keys are nothing", script: `
plug desk
lift desk
key desk x
	desk: dial-tone
`},
		{name: "no digits in time: reorder, then silence, until put down", script: `
plug desk
lift desk
timer desk first-digit
	@ start tone 60s
	desk: tone | reorder | off-hook | Put down /
key desk 1
	desk: tone | reorder
timer desk tone
	desk: tone | | off-hook
down desk
	desk: idle | | | /
lift desk
	desk: dial-tone
`},
		{name: "flash after a tone is a new dial tone", script: `
plug desk
lift desk
timer desk first-digit
flash desk
	@ stop tone; start first-digit 15s
	desk: dial-tone | dial
`},
		{name: "redial: lifted at once, the last number of this handset or of any", script: talking + `
down desk
	! end a
ended a
lift desk
redial desk
	! place out-1 desk 100
	@ stop first-digit
plug wall
lift wall
redial wall
	! place out-2 wall 100
`},
		{name: "redial in the cradle rings until lifted", script: talking + `
down desk
	! end a
ended a
redial desk
	desk: calling-back | ring | ring | 100 / Lift to call
lift desk
	! place out-1 desk 100
`},
		{name: "redial with nothing dialled is refused", script: `
plug desk
redial desk
	! refuse redial: nothing has been dialled yet
`},
		{name: "on-hook dialling: digits are shown, lifting dials them", script: `
plug desk
key desk 4
	@ start on-hook-digits 10s
	desk: idle | | | 4 / Lift to call
key desk 2
	desk: idle | | | 42 / Lift to call
lift desk
	! place out-1 desk 42
	@ stop on-hook-digits
`},
		{name: "on-hook digits are forgotten", script: `
plug desk
key desk 4
timer desk on-hook-digits
	desk: idle | | | /
lift desk
	desk: dial-tone
`},
		{name: "on-hook digits and Send: the cradled handset rings, a headset dials", script: `
plug desk
key desk 4
send desk
	desk: calling-back | ring | ring | 4 / Lift to call
plug head headset
key head 5
send head
	! place out-1 head 5
	head: connected out-1 | | off-hook
`},
	})
}

func TestCallsThatFailOrEnd(t *testing.T) {
	tellAll(t, []story{
		{name: "busy", script: talking + `
down desk
	! end a
ended a
lift desk
redial desk
	! place out-1 desk 100
ended out-1 486 remote
	@ start tone 60s
	desk: tone | busy | off-hook | Busy /
`},
		{name: "any other failure is reorder", script: `
plug desk
cmd dial 100
lift desk
	! place out-1 desk 100
ended out-1 404 remote
	desk: tone | reorder | off-hook | Call failed /
`},
		{name: "the other side hangs up", script: talking + `
ended a 0 remote
	desk: tone | busy | off-hook | Call ended /
timer desk tone
	desk: tone | | off-hook
down desk
	desk: idle
`},
		{name: "both sides hang up at once", script: talking + `
down desk
	! end a
ended a 0 remote
	desk: idle
	a: gone
ended a
	a: gone
`},
	})
}

func TestDiallingByCommand(t *testing.T) {
	tellAll(t, []story{
		{name: "dialling by command: the handset in its cradle rings, lifting dials", script: `
plug desk
cmd dial sip:carol@example.org account=work as=x
	@ start call-back 30s
	desk: calling-back | ring | ring | sip:carol@example.org / Lift to call
lift desk
	! place x desk sip:carol@example.org work
	@ stop call-back
`},
		{name: "dialling by command: nobody lifts", script: `
plug desk
cmd dial 100 as=x
timer desk call-back
	! not-called 100: nobody lifted the handset
	desk: idle | |
lift desk
	desk: dial-tone
`},
		{name: "dialling by command: the name is taken before the handset is lifted", script: `
plug desk
cmd dial 100 as=x
incoming x
	! ringing x
lift desk
	! place out-1 desk 100
`},
		{name: "dialling by command: cancelled by key, and by command", script: `
plug desk
cmd dial 100
reject desk
	! not-called 100: it was cancelled
	desk: idle
cmd dial 100 as=x
cmd hang-up x
	! not-called 100: it was cancelled
	@ stop call-back
cmd dial 100
cmd hang-up
	! not-called 100: it was cancelled
`},
		{name: "dialling by command: cancelled while an earlier call is still ending, not while one rings", script: talking + `
down desk
	! end a
cmd dial 200 as=b
cmd hang-up
	! not-called 200: it was cancelled
cmd dial 200 as=b
incoming in-1
	! ringing in-1
cmd hang-up
	! reject in-1 486
	desk: calling-back | ring | ring | 200 / Lift to call
`},
		{name: "dialling by command: a second one replaces the first; answering elsewhere leaves it", script: `
plug desk
cmd dial 100 as=x
cmd dial 200 as=y
	! not-called 100: another number was dialled instead
	desk: calling-back | ring | ring | 200 / Lift to call
plug head headset
incoming in-1
	! ringing in-1
cmd answer on=desk
	! refuse answer: the handset is down; lift it
cmd answer
	! answer in-1 head
	desk: calling-back | ring | ring
`},
		{name: "dialling by command: a lifted handset dials at once", script: `
plug desk
lift desk
key desk 9
	! click desk 9
cmd dial 100
	! place out-1 desk 100
	@ stop inter-digit
`},
		{name: "dialling by command: a headset is taken off-hook", script: `
plug head headset
cmd dial 100
	! place out-1 head 100
	head: connected out-1 | | off-hook
lift head
	head: connected out-1
down head
	! end out-1
	head: idle | |
`},
		{name: "dialling by command in conversation consults", script: talking + `
cmd dial 200 as=b
	! hold a; place b desk 200
	b: placing consults=a @desk
cmd dial 300
	! refuse dial: the handset is busy with a call that is not answered yet; hang up first
`},
		{name: "dialling by command: refused while the only handset rings, without handset, without number, with a name in use", script: `
cmd dial 100
	! refuse dial: no handset is plugged in
plug desk
incoming in-1
	! ringing in-1
cmd dial 100
	! refuse dial: the handset is ringing; answer or decline that call first
cmd dial
	! refuse dial: no number to call, or one too long
cmd dial 100 as=in-1
	! refuse dial: there is a call of that name already
cmd dial 100 on=attic
	! refuse dial: no handset of that name is plugged in
`},
		{name: "a caller comes while the phone waits to dial: the dial comes first, the caller waits", script: `
plug desk
cmd dial 100
incoming in-1
	! ringing in-1
	desk: calling-back | ring | ring | 100 / Lift to call
lift desk
	! place out-1 desk 100
	in-1: incoming waiting
`},
	})
}
