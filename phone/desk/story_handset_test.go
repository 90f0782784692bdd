package desk

import "testing"

func TestHeadsets(t *testing.T) {
	tellAll(t, []story{
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
	})
}

func TestPlugAndUnplug(t *testing.T) {
	tellAll(t, []story{
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
	wall: idle | ring | ring hold | 100 / Lift to resume
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
	! not-called 100: the handset was unplugged
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
	})
}

func TestHookFlash(t *testing.T) {
	tellAll(t, []story{
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
	})
}
