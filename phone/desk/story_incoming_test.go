package desk

import "testing"

func TestIncomingCalls(t *testing.T) {
	tellAll(t, []story{
		{name: "it rings, is lifted, and talks", script: `
plug desk
incoming in-1 Bob
	! ringing in-1
	desk: idle | ring | ring | Bob / Incoming call
	in-1: incoming
lift desk
	! answer in-1 desk
	desk: connected in-1 | | off-hook | Bob / Answering
answered in-1
	desk: connected in-1 | speech mic | off-hook online | Bob / Connected
down desk
	! end in-1
ended in-1
	desk: idle
`},
		{name: "every idle handset rings; the first lifted answers and the others stop", script: `
plug desk
plug wall
plug head headset
incoming in-1
	! ringing in-1
	desk: idle | ring | ring | bob / Incoming call
	wall: idle | ring | ring
	head: idle | | ring
lift head
	! answer in-1 head
	desk: idle | | | /
	wall: idle | |
	head: connected in-1 | | off-hook
`},
		{name: "two lift at once: the second has dial tone", script: `
plug desk
plug wall
incoming in-1
	! ringing in-1
lift wall
	! answer in-1 wall
lift desk
	desk: dial-tone
`},
		{name: "the caller gives up: missed, and shown until the user looks", script: `
plug desk
incoming in-1
	! ringing in-1
ended in-1 487 remote
	! missed in-1
	desk: idle | | | / Missed 1
incoming in-2
	! ringing in-2
ended in-2 487 remote
	! missed in-2
	desk: idle | | | / Missed 2
lift desk
	desk: dial-tone
down desk
	desk: idle | | | /
`},
		{name: "answered elsewhere is not missed", script: `
plug desk
incoming in-1
	! ringing in-1
ended in-1 487 remote elsewhere
	desk: idle | | | /
`},
		{name: "missed calls are cleared by command", script: `
plug desk
incoming in-1
	! ringing in-1
ended in-1 487 remote
	! missed in-1
cmd clear-missed
	desk: idle | | | /
`},
		{name: "lifting races with the caller giving up: busy, and missed", script: `
plug desk
incoming in-1
	! ringing in-1
lift desk
	! answer in-1 desk
ended in-1 487 remote
	! missed in-1
	desk: tone | busy | off-hook | Call ended /
answered in-1
	desk: tone | busy
`},
		{name: "the caller gives up just before lifting: dial tone", script: `
plug desk
incoming in-1
	! ringing in-1
ended in-1 487 remote
	! missed in-1
lift desk
	desk: dial-tone
`},
		{name: "put down while answering", script: `
plug desk
incoming in-1
	! ringing in-1
lift desk
	! answer in-1 desk
down desk
	! end in-1
	desk: idle
answered in-1
	desk: idle
	in-1: ending @desk
ended in-1
	in-1: gone
`},
		{name: "answered after the end was ordered", script: `
plug desk
cmd dial 100
lift desk
	! place out-1 desk 100
down desk
	! end out-1
answered out-1
	out-1: ending @desk
	desk: idle | |
lift desk
	desk: dial-tone | dial
ended out-1
	desk: dial-tone
`},
		{name: "reject by key, by command; the handset falls silent", script: `
plug desk
incoming in-1
	! ringing in-1
reject desk
	! reject in-1 486
	desk: idle | |
ended in-1
	desk: idle | | | /
incoming in-2
	! ringing in-2
cmd decline
	! reject in-2 486
cmd decline in-2
	! refuse decline: no such call is ringing
ended in-2
lift desk
	desk: dial-tone
`},
		{name: "do not disturb refuses at once, and counts as missed", script: `
plug desk
cmd dnd on
	desk: idle | | | / Do not disturb
incoming in-1
	! reject in-1 486; missed in-1
	desk: idle | |
	in-1: ending
ended in-1
cmd dnd off
	desk: idle | | | / Missed 1
`},
		{name: "do not disturb while it rings refuses that call", script: `
plug desk
incoming in-1
	! ringing in-1
cmd dnd on
	! reject in-1 486
	desk: idle | |
`},
		{name: "a call is offered twice", script: `
plug desk
incoming in-1
	! ringing in-1
incoming in-1
	in-1: incoming
`},
		{name: "beyond the limit calls are refused and not kept", cfg: Config{MaxCalls: 2}, script: `
plug desk
incoming in-1
	! ringing in-1
incoming in-2
	! ringing in-2
incoming in-3
	! reject in-3 486; missed in-3
	in-3: gone
ended in-3
lift desk
	! answer in-1 desk
`},
		{name: "without any handset it still rings, and answering is refused with the reason", script: `
incoming in-1
	! ringing in-1
	in-1: incoming
cmd answer in-1
	! refuse answer: no handset is plugged in
plug desk
	desk: idle | ring | ring
cmd answer
	! refuse answer: the handset is down; lift it
`},
	})
}

func TestCallWaiting(t *testing.T) {
	tellAll(t, []story{
		{name: "call waiting: beep, flash answers and holds, flash swaps", script: talking + `
incoming w Wanda
	! ringing w
	w: incoming waiting
	desk: connected a | speech mic call-waiting | off-hook online | 100 / Waiting: Wanda
flash desk
	! hold a; answer w desk
	desk: connected w | | off-hook hold | Wanda / On hold: 100
answered w
	desk: connected w | speech mic | off-hook hold online
flash desk
	! hold w; resume a
	desk: connected a | speech mic | off-hook hold online | 100 / On hold: Wanda
flash desk
	! hold a; resume w
`},
		{name: "call waiting: an idle handset rings as well, and then nothing waits", script: talking + `
plug wall
incoming w Wanda
	! ringing w
	w: incoming
	wall: idle | ring | ring
	desk: connected a | speech mic call-waiting
lift wall
	! answer w wall
	desk: connected a | speech mic | off-hook online
`},
		{name: "call waiting: reject key refuses the waiting one", script: talking + `
incoming w
	! ringing w
reject desk
	! reject w 486
	desk: connected a | speech mic | off-hook online
`},
		{name: "call waiting: put down, and the waiting one rings; lifting answers", script: talking + `
incoming w
	! ringing w
down desk
	! end a
	desk: idle | ring | ring
	w: incoming
lift desk
	! answer w desk
`},
		{name: "call waiting: the caller gives up", script: talking + `
incoming w
	! ringing w
ended w 487 remote
	! missed w
	desk: connected a | speech mic | off-hook online | 100 / Connected
`},
		{name: "call waiting at a dial tone: beep, flash answers", script: `
plug desk
lift desk
incoming w
	! ringing w
	desk: dial-tone | call-waiting | off-hook
flash desk
	! answer w desk
	@ stop first-digit
`},
		{name: "call waiting while one's own call rings out: flash gives it up and answers", script: `
plug desk
cmd dial 100
lift desk
	! place out-1 desk 100
alerting out-1
incoming w
	! ringing w
	desk: connected out-1 | ringback
flash desk
	! end out-1; answer w desk
`},
		{name: "call waiting while answering: flash waits its turn", script: `
plug desk
incoming in-1
	! ringing in-1
lift desk
	! answer in-1 desk
incoming w
	! ringing w
flash desk
	desk: connected in-1
`},
		{name: "no call waiting where configured", cfg: Config{NoCallWaiting: true}, script: talking + `
incoming w
	! reject w 486; missed w
	desk: connected a | speech mic
`},
		{name: "put down on two conversations: the active one ends, the other rings back", script: swapped + `
down desk
	! end w
	@ start recall 30s
	desk: idle | ring | ring hold | 100 / Lift to resume
	a: active held recall @desk
lift desk
	! resume a
	@ stop recall
	desk: connected a | speech mic | off-hook online
`},
		{name: "three calls: giving up the one being dialled returns to the last held", script: swapped + `
cmd dial 300 as=c
	! hold w; place c desk 300
flash desk
	! end c; resume w
`},
		{name: "one of two conversations ends by itself: busy, flash comes back", script: swapped + `
ended w 0 remote
	desk: tone | busy | off-hook hold
flash desk
	! resume a
`},
	})
}
