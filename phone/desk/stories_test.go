package desk

import (
	"strings"
	"testing"
)

// How scripts begin: desk in conversation with 100, and on top of that a consultation with 200.
const (
	talking = `
plug desk
cmd dial 100 as=a
lift desk
	! place a desk 100
answered a
	desk: connected a | speech mic | off-hook online
`
	consulting = talking + `
flash desk
	! hold a
key desk 2
	! click desk 2
cmd dial 200 as=b on=desk
	! place b desk 200
answered b
	desk: connected b | speech mic | off-hook hold online | 200 / On hold: 100
	a: active held @desk
	b: active consults=a @desk
`
	swapped = talking + `
incoming w Wanda
	! ringing w
flash desk
	! hold a; answer w desk
answered w
	a: active held @desk
	w: active @desk
`
)

func TestStories(t *testing.T) {
	for _, story := range []struct {
		name, script string
		cfg          Config
	}{
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
	desk: idle | ring | ring | sip:bob@example.org / Incoming call
	wall: idle | ring | ring
	head: idle | | ring
lift head
	! answer in-1 head
	desk: idle | | | /
	wall: idle | |
	head: connected in-1 | | off-hook
lift desk
	desk: dial-tone | dial
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
	desk: idle | ring | ring hold | 100 / On hold: lift to resume
	a: active held recall @desk
lift desk
	! resume a
	@ stop recall
	desk: connected a | speech mic | off-hook online
`},
		{name: "one of two conversations ends by itself: busy, flash comes back", script: swapped + `
ended w 0 remote
	desk: tone | busy | off-hook hold
flash desk
	! resume a
`},

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
	! refuse dial: 100 was not called: nobody lifted the handset
	desk: idle | |
lift desk
	desk: dial-tone
`},
		{name: "dialling by command: cancelled by key, and by command", script: `
plug desk
cmd dial 100
reject desk
	! refuse dial: 100 was not called: it was cancelled
	desk: idle
cmd dial 100 as=x
cmd hang-up x
	! refuse dial: 100 was not called: it was cancelled
	@ stop call-back
cmd dial 100
cmd hang-up
	! refuse dial: 100 was not called: it was cancelled
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

		{name: "flash in conversation: hold, dial tone, second call", script: consulting},
		{name: "flash back from the dial tone", script: talking + `
flash desk
	! hold a
	@ start first-digit 15s
	desk: dial-tone | dial | off-hook hold | Dial / On hold: 100
flash desk
	! resume a
	@ stop first-digit
	desk: connected a | speech mic
`},
		{name: "flash while the second call rings out: it ends, the first is back", script: talking + `
flash desk
	! hold a
cmd dial 200 as=b
	! place b desk 200
alerting b
flash desk
	! end b; resume a
	desk: connected a | speech mic
`},
		{name: "flash while a first call rings out is nothing", script: `
plug desk
cmd dial 100
lift desk
	! place out-1 desk 100
alerting out-1
flash desk
	desk: connected out-1 | ringback
`},
		{name: "flash in a cradle is nothing", script: `
plug desk
flash desk
	desk: idle
incoming in-1
	! ringing in-1
flash desk
	desk: idle | ring | ring
`},
		{name: "flash swaps the consultation and back", script: consulting + `
flash desk
	! hold b; resume a
	b: active held consults=a @desk
flash desk
	! hold a; resume b
`},
		{name: "three calls: flash goes round", script: swapped + `
cmd dial 300 as=c
	! hold w; place c desk 300
answered c
flash desk
	! hold c; resume a
flash desk
	! hold a; resume w
flash desk
	! hold w; resume c
`},
		{name: "the consulted is busy: flash comes back; a second attempt still consults", script: talking + `
flash desk
	! hold a
cmd dial 200 as=b
	! place b desk 200
ended b 486 remote
	desk: tone | busy | off-hook hold | Busy / On hold: 100
cmd dial 300 as=c
	! place c desk 300
	c: placing consults=a @desk
ended c 486 remote
flash desk
	! resume a
`},
		{name: "the held one gives up while consulting", script: consulting + `
ended a 0 remote
	b: active @desk
	desk: connected b | speech mic | off-hook online
down desk
	! end b
	desk: idle | |
`},
		{name: "put down at the dial tone after flash: the held call rings back", script: talking + `
flash desk
	! hold a
down desk
	desk: idle | ring | ring hold
lift desk
	! resume a
`},
		{name: "put down while consulting, without transfer: the second ends, the first rings back", script: consulting + `
down desk
	! end b
	desk: idle | ring | ring hold
	a: active held recall @desk
lift desk
	! resume a
	b: ending @desk
`},
		{name: "put down while consulting completes the transfer", cfg: Config{Transfer: true}, script: consulting + `
down desk
	! join a b
	@ start transfer 40s
	desk: idle | |
	a: transferring held @desk
	b: transferring consults=a @desk
ended b 0 remote
ended a
	desk: idle | | | /
	@ stop transfer
`},
		{name: "put down after swapping back completes the same transfer", cfg: Config{Transfer: true}, script: consulting + `
flash desk
	! hold b; resume a
down desk
	! join a b
`},
		{name: "put down while the consulted still rings completes the transfer", cfg: Config{Transfer: true}, script: talking + `
flash desk
	! hold a
cmd dial 200 as=b
	! place b desk 200
alerting b
down desk
	! join a b
`},
		{name: "put down before the consulted rings: it ends, the first rings back", cfg: Config{Transfer: true}, script: talking + `
flash desk
	! hold a
cmd dial 200 as=b
	! place b desk 200
down desk
	! end b
	desk: idle | ring | ring hold
`},
		{name: "the transfer fails: the first rings back, the second ends", cfg: Config{Transfer: true}, script: consulting + `
down desk
	! join a b
transfer-failed b
	! end b
	@ start recall 30s; stop transfer
	desk: idle | ring | ring hold
lift desk
	! resume a
`},
		{name: "the transfer fails after swapping: the first was not on hold and is put there", cfg: Config{Transfer: true}, script: consulting + `
flash desk
	! hold b; resume a
down desk
	! join a b
transfer-failed a
	! end b; hold a
	desk: idle | ring | ring hold
`},
		{name: "nothing is heard of the transfer: it has failed", cfg: Config{Transfer: true}, script: consulting + `
down desk
	! join a b
timer desk transfer
	! end b
	a: active held recall @desk
`},
		{name: "transfer key: consult, then join; the handset confirms", cfg: Config{Transfer: true}, script: talking + `
transfer desk
	! hold a
	desk: dial-tone | dial
key desk 2
	! click desk 2
timer desk inter-digit
	! place out-1 desk 2
	out-1: placing consults=a @desk
answered out-1
transfer desk
	! join a out-1
	desk: tone | confirm | off-hook | Transferred /
ended out-1
ended a
down desk
	desk: idle
`},
		{name: "transfer key without transfer says so", script: talking + `
transfer desk
	! hold a
cmd dial 200 as=b
	! place b desk 200
answered b
transfer desk
	! refuse transfer: this phone can't transfer calls; flash goes from one to the other
	desk: connected b | speech mic
`},
		{name: "unattended transfer by command, failing and succeeding", cfg: Config{Transfer: true}, script: talking + `
cmd transfer 200
	! hold a; transfer a 200
	desk: tone | confirm
transfer-failed a
	desk: tone | reorder | off-hook hold | Transfer failed / On hold: 100
flash desk
	! resume a
cmd transfer 200 call=a
	! hold a; transfer a 200
ended a
	desk: tone | confirm
	a: gone
`},
		{name: "unattended transfer by command, refused", script: talking + `
cmd transfer 200
	! refuse transfer: this phone can't transfer calls
`},

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
	desk: connected a | speech mic | off-hook online | 100 / Held by the other side
	a: active remote-held @desk
remote-resume a
	desk: connected a | speech mic | off-hook online | 100 / Connected
`},

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

		{name: "keys in a call are DTMF, also while it rings out", script: `
plug desk
cmd dial 100
lift desk
	! place out-1 desk 100
key desk 1
	desk: connected out-1
alerting out-1
key desk 2
	! dtmf out-1 2; click desk 2
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
	! refuse dtmf: there is no call to do that with
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

		{name: "headset: the button answers and ends; after the other side hangs up it goes on-hook by itself", script: `
plug head headset
incoming in-1
	! ringing in-1
	head: idle | | ring
lift head
	! answer in-1 head
answered in-1
	head: connected in-1 | speech mic | off-hook online
ended in-1 0 remote
	@ start tone 3s
	head: tone | busy | off-hook
timer head tone
	head: idle | | | /
down head
	head: idle
`},
		{name: "headset: answered by command", script: `
plug desk
plug head headset
incoming in-1
	! ringing in-1
cmd answer
	! answer in-1 head
	head: connected in-1 | | off-hook
	desk: idle | |
`},
		{name: "headset: Send answers", script: `
plug head headset
incoming in-1
	! ringing in-1
send head
	! answer in-1 head
`},
		{name: "headset: a dial tone nobody uses ends by itself", script: `
plug head headset
lift head
	head: dial-tone | dial | off-hook
timer head first-digit
	head: idle | |
`},
		{name: "headset: consultation over, the held call rings back and the button resumes", script: `
plug head headset
cmd dial 100 as=a
	! place a head 100
answered a
cmd dial 200 as=b
	! hold a; place b head 200
answered b
ended b 0 remote
	head: tone | busy | off-hook hold
timer head tone
	head: idle | | ring hold
lift head
	! resume a
`},
		{name: "headset: hang-up by command frees it; with a call on hold it keeps that", script: `
plug head headset
cmd dial 100 as=a
	! place a head 100
answered a
cmd hang-up
	! end a
	head: idle | |
ended a
cmd dial 100 as=b
	! place b head 100
answered b
cmd dial 200 as=c
	! hold b; place c head 200
cmd hang-up c
	! end c
	head: holding | | off-hook hold
hold head
	! resume b
`},
		{name: "answer by command on a handset in conversation holds that", script: talking + `
incoming w
	! ringing w
cmd answer
	! hold a; answer w desk
`},

		{name: "unplugged in conversation: held, kept, and resumed by plugging in and lifting", script: talking + `
mute desk
unplug desk
	! hold a
	@ start hold 60s
	a: active held @desk
plug desk
	@ stop hold; start recall 30s
	desk: idle | ring | ring hold
lift desk
	! resume a
	desk: connected a | speech muted | off-hook mute online
`},
		{name: "the plug came loose with the handset in the hand: it goes on", script: talking + `
unplug desk
	! hold a
plug desk lifted
	! resume a
	@ stop hold
	desk: connected a | speech mic | off-hook online
`},
		{name: "unplugged in conversation: another handset sees it, and takes it by flash", script: talking + `
plug wall
unplug desk
	! hold a
	wall: idle | | hold | / On hold: 100
lift wall
	wall: dial-tone | dial | off-hook hold
flash wall
	! resume a
	a: active @wall
plug desk
	desk: idle | | | /
`},
		{name: "unplugged in conversation: after a minute it rings elsewhere, and lifting there takes it", script: talking + `
plug wall
unplug desk
	! hold a
timer desk hold
	@ start recall 30s
	wall: idle | ring | ring hold | 100 / On hold: lift to resume
lift wall
	! resume a
	@ stop recall
`},
		{name: "unplugged while answering: held as soon as media is agreed", script: `
plug desk
incoming in-1
	! ringing in-1
lift desk
	! answer in-1 desk
unplug desk
	in-1: answering held @desk
answered in-1
	! hold in-1
plug desk lifted
	! resume in-1
`},
		{name: "unplugged before the other side answered: the call ends", script: `
plug desk
cmd dial 100
lift desk
	! place out-1 desk 100
alerting out-1
unplug desk
	! end out-1
answered out-1
	out-1: ending @desk
`},
		{name: "unplugged while it waits to dial", script: `
plug desk
cmd dial 100
unplug desk
	! refuse dial: 100 was not called: the handset was unplugged
`},
		{name: "plugged in twice: nothing while the hook agrees, held and rung back when it does not", script: talking + `
plug desk lifted
	desk: connected a | speech mic
plug desk
	! hold a
	desk: idle | ring | ring hold
lift desk
	! resume a
`},
		{name: "plugged in lying beside the cradle: dial tone, and a ringing call is not answered", script: `
incoming in-1
	! ringing in-1
plug desk lifted
	desk: dial-tone | call-waiting | off-hook
	in-1: incoming waiting
down desk
	desk: idle | ring | ring
`},
		{name: "a headset found off-hook is put on-hook", script: `
plug head headset lifted
	head: idle | |
`},
		{name: "unknown calls, handsets and late timers are nothing", script: `
plug desk
lift desk
timer desk first-digit late
	desk: dial-tone
key nobody 1
lift nobody
down nobody
unplug nobody
answered ghost
ended ghost
alerting ghost
remote-hold ghost
transfer-failed ghost
lift desk
	desk: dial-tone
down desk
down desk
	desk: idle
`},
		{name: "the message lamp", script: `
plug desk
messages on
	desk: idle | | message
messages off
	desk: idle | |
`},

		{name: "hook flash: a short press is flash, and dead silent meanwhile", cfg: Config{HookFlash: true}, script: talking + `
down desk
	@ start flash 600ms
	desk: connected a | | off-hook online
lift desk
	! hold a
	@ stop flash; start first-digit 15s
	desk: dial-tone | dial
`},
		{name: "hook flash: a long press hangs up", cfg: Config{HookFlash: true}, script: talking + `
down desk
timer desk flash
	! end a
	desk: idle | |
`},
		{name: "hook flash: the other side hangs up meanwhile", cfg: Config{HookFlash: true}, script: talking + `
down desk
ended a 0 remote
	@ stop flash
	desk: idle | |
lift desk
	desk: dial-tone
`},
		{name: "hook flash: a command decides that it was none", cfg: Config{HookFlash: true}, script: talking + `
down desk
cmd dial 200
	! end a
	desk: calling-back | ring | ring
`},
		{name: "hook flash: without a call putting down is immediate", cfg: Config{HookFlash: true}, script: `
plug desk
lift desk
down desk
	desk: idle | |
`},
	} {
		t.Run(story.name, func(t *testing.T) { tell(t, story.cfg, story.script) })
	}
}

func TestNumbersAreBounded(t *testing.T) {
	s := tell(t, Config{}, "plug desk\nplug wall\nlift desk")
	for range 200 {
		s, _ = Next(s, KeyPressed{"desk", '7'})
		s, _ = Next(s, KeyPressed{"wall", '7'})
	}
	for _, h := range s.Handsets() {
		if len(h.Digits) != maxDigits {
			t.Errorf("%s keeps %d digits", h.ID, len(h.Digits))
		}
	}
	_, acts := Next(s, CmdDial{Target: strings.Repeat("1", maxTarget+1)})
	if got := renderActions(acts, false); !strings.HasPrefix(got, "refuse dial") {
		t.Errorf("an endless number: %s", got)
	}
}

func TestTextFromOutsideIsMadeFitToShow(t *testing.T) {
	s := New(Config{})
	s, _ = Next(s, HandsetPlugged{"desk", true, false})
	s, _ = Next(s, IncomingCall{Call: "in-1", Peer: strings.Repeat("p", 5000), PeerName: "\x1b[2J\nMüller\xff\u202e" + strings.Repeat("ü", 500)})
	c, _ := s.Call("in-1")
	if !strings.HasPrefix(c.PeerName, "[2JMüllerü") || len(c.PeerName) > maxName || len(c.Peer) != maxPeer {
		t.Errorf("kept %q and %d bytes of address", c.PeerName, len(c.Peer))
	}
	if err := Check(s); err != nil {
		t.Error(err)
	}
}

func TestAFloodOfCallsCostsNothing(t *testing.T) {
	s := New(Config{})
	s, _ = Next(s, CmdDND{true})
	for range 1000 {
		s.ids++
		s, _ = Next(s, IncomingCall{Call: s.newName()})
	}
	if n := len(s.Calls()); n > 8 {
		t.Errorf("%d refused calls are kept", n)
	}
	s, _ = Next(s, HandsetPlugged{"desk", true, false})
	s, _ = Next(s, Lifted{"desk"})
	_, acts := Next(s, CmdDial{Target: "112"})
	if got := renderActions(acts, false); !strings.HasPrefix(got, "place ") {
		t.Errorf("no way out in a flood: %s", got)
	}
}

func (s *State) newName() CallID {
	return CallID("in-" + string(rune('a'+s.ids%26)) + strings.Repeat("x", s.ids))
}
