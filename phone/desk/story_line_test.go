package desk

import "testing"

func TestHandsetsAreExtensions(t *testing.T) {
	const two = `
plug a account=alice
plug b account=bob
`
	tellAll(t, []story{
		{name: "each rings for its own calls only", script: two + `
incoming in-1 account=alice
	! ringing in-1
	a: idle | ring | ring
	b: idle | |
lift b
	b: dial-tone | dial
lift a
	! answer in-1 a
`},
		{name: "each calls with its own account, and redials its own", script: two + `
lift a
key a 1
	! click a 1
key a #
	! click a #; place out-1 a 1 alice
lift b
redial b
	! place out-2 b 1 bob
`},
		{name: "the call of one waits though the other is idle", script: two + `
lift a
incoming in-1 account=alice
	! ringing in-1
	a: dial-tone | call-waiting
	b: idle | |
flash a
	! answer in-1 a
`},
		{name: "refused when its own is in use and it has no call waiting", cfg: Config{NoCallWaiting: true}, script: two + `
lift a
incoming in-1 account=alice
	! reject in-1 486; missed in-1
incoming in-2 account=bob
	! ringing in-2
`},
		{name: "commands choose the handset of the account, and no other takes its calls", script: two + `
cmd dial 5 account=bob as=x
	a: idle
	b: calling-back | ring | ring
down b
cmd hang-up x
	! not-called 5: it was cancelled
incoming in-1 account=alice
	! ringing in-1
lift b
cmd answer in-1 on=b
	! refuse answer: the handset is for another account
	b: dial-tone
`},
		{name: "a handset of no account rings for all", script: two + `
plug c
incoming in-1 account=bob
	! ringing in-1
	a: idle | |
	b: idle | ring | ring
	c: idle | ring | ring
lift c
	! answer in-1 c
	b: idle | |
`},
		{name: "a silent handset shows the call and answers it", script: `
plug a silent
incoming in-1
	! ringing in-1
	a: idle | | | bob / Incoming call
lift a
	! answer in-1 a
`},
		{name: "a call left by an unplugged handset is for its own account", script: two + `
plug c account=alice
cmd dial 5 account=alice as=x on=a
lift a
	! place x a 5 alice
answered x
unplug a
	! hold x
lift b
flash b
	b: dial-tone
lift c
flash c
	! resume x
`},
	})
}

func TestTheLastDigitIsTakenBack(t *testing.T) {
	tellAll(t, []story{
		{name: "lifted, down to the dial tone", script: `
plug desk
lift desk
key desk 1
	! click desk 1
key desk 2
	! click desk 2
clear desk
	desk: collecting | | off-hook | 1 /
	@ start inter-digit 4s
clear desk
	desk: dial-tone | dial
clear desk
	desk: dial-tone | dial
`},
		{name: "on-hook", script: `
plug desk
key desk 1
key desk 2
clear desk
	desk: idle | | | 1 / Lift to call
clear desk
	desk: idle | | | /
	@ stop on-hook-digits
`},
	})
}

func TestASeatHandsItsCallsOver(t *testing.T) {
	tellAll(t, []story{
		{name: "from the headset to the handset by lifting, and back by the button", script: `
plug desk
plug head headset
cmd dial 100 as=a on=head
	! place a head 100
answered a
	head: connected a | speech mic | off-hook online
lift desk
	desk: connected a | speech mic | off-hook online
	head: idle | |
lift head
	head: connected a | speech mic | off-hook online
	desk: tone | | off-hook | Taken over /
down desk
	desk: idle | |
	head: connected a | speech mic | off-hook online
down head
	! end a
`},
		{name: "muted stays muted", script: `
plug desk
plug head headset
cmd dial 100 as=a on=head
	! place a head 100
answered a
mute head
lift desk
	desk: connected a | speech muted | off-hook mute online
	head: idle | |
`},
		{name: "with all that is on hold there", script: `
plug desk
plug head headset
cmd dial 100 as=a on=head
	! place a head 100
answered a
cmd dial 200 as=b on=head
	! hold a; place b head 200
lift desk
	a: active held @desk
	b: placing consults=a @desk
	desk: connected b | | off-hook hold
flash desk
	! end b; resume a
`},
		{name: "a call that comes to the other one puts the conversation aside: nobody talks to two", script: `
plug desk
plug head headset
cmd dial 100 as=a on=head
	! place a head 100
answered a
incoming w
	! ringing w
lift desk
	! hold a; answer w desk
	a: active held @desk
	head: idle | |
answered w
flash desk
	! hold w; resume a
`},
		{name: "two handsets of one line are two people", script: talking + `
plug wall
lift wall
	wall: dial-tone | dial
	desk: connected a | speech mic | off-hook online
`},
		{name: "two handsets of one seat are one", script: `
plug desk seat=x
plug wall seat=x
plug shop
cmd dial 100 as=a on=desk
lift desk
	! place a desk 100
answered a
lift shop
	shop: dial-tone
lift wall
	wall: connected a | speech mic | off-hook online
	desk: tone | | off-hook
unplug wall
	! hold a
	a: active held @wall
`},
		{name: "nothing is handed from one account to another", script: `
plug desk account=alice
plug head headset account=bob
cmd dial 100 as=a on=head
	! place a head 100 bob
answered a
lift desk
	desk: dial-tone
`},
	})
}
