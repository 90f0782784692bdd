package desk

import "testing"

func TestFlashConsultationTransfer(t *testing.T) {
	tellAll(t, []story{
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
	@ start transfer 40s; start tone 3s
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
	})
}
