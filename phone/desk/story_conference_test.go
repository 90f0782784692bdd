package desk

import (
	"fmt"
	"strings"
	"testing"
)

func TestConferences(t *testing.T) {
	const three = talking + `
incoming in-1 Bob
	! ringing in-1
flash desk
	! hold a; answer in-1 desk
answered in-1
	desk: connected in-1 | speech mic | off-hook hold online
`
	const joined = three + `
conference desk
	! resume a
	desk: connected in-1 | speech mic with a | off-hook online | Conference of 3 / Connected
`
	tellAll(t, []story{
		{name: "a conversation and a held call are joined by key, and ended by putting down", script: joined + `
down desk
	! end a; end in-1
	desk: idle
ended a
ended in-1
`},
		{name: "by command; it takes a call on hold", script: talking + `
cmd conference
	! refuse conference: that takes one conversation and at least one call on hold on the same handset
incoming in-1 Bob
	! ringing in-1
flash desk
	! hold a; answer in-1 desk
cmd conference
	! refuse conference: that takes one conversation and at least one call on hold on the same handset
answered in-1
cmd conference
	! resume a
	desk: connected in-1 | speech mic with a | off-hook online
`},
		{name: "the one in the hand leaves: the other conversation goes on", script: joined + `
ended in-1 remote
	desk: connected a | speech mic | off-hook online | 100 / Connected
`},
		{name: "the other leaves", script: joined + `
ended a remote
	desk: connected in-1 | speech mic | off-hook online | Bob / Connected
`},
		{name: "hang-up and drop end one and keep the rest", script: joined + `
drop desk
	! end in-1
	desk: connected a | speech mic | off-hook online
`},
		{name: "hold holds everybody, and flash with conference brings all back", script: joined + `
hold desk
	! hold a; hold in-1
	desk: holding | | off-hook hold
hold desk
	! resume in-1
conference desk
	! resume a
	desk: connected in-1 | speech mic with a | off-hook online
`},
		{name: "one is put on hold for itself", script: joined + `
cmd hold a
	! hold a
	desk: connected in-1 | speech mic | off-hook hold online
`},
		{name: "a third call joins", script: joined + `
incoming in-2 Carol
	! ringing in-2
flash desk
	! hold a; hold in-1; answer in-2 desk
answered in-2
conference desk
	! resume a; resume in-1
	desk: connected in-2 | speech mic with a in-1 | off-hook online | Conference of 4 / Connected
`},
		{name: "a conference is not transferred", cfg: Config{Transfer: true}, script: joined + `
transfer desk
	desk: connected in-1 | speech mic with a | off-hook online
down desk
	! end a; end in-1
`},
		{name: "unplugged, everybody is on hold", script: joined + `
unplug desk
	! hold a; hold in-1
`},
	})
}

// A phone that is allowed as many calls as can be joins all of them, and refuses one more.
func TestTheLargestConference(t *testing.T) {
	var script, resumed strings.Builder
	script.WriteString(talking)
	held := "a"
	for i := 1; i < MaxCalls; i++ {
		fmt.Fprintf(&script, "incoming in-%d\n\t! ringing in-%[1]d\ncmd answer in-%[1]d\n\t! hold %s; answer in-%[1]d desk\nanswered in-%[1]d\n", i, held)
		if i > 1 {
			resumed.WriteString("; ")
		}
		fmt.Fprintf(&resumed, "resume %s", held)
		held = fmt.Sprintf("in-%d", i)
	}
	fmt.Fprintf(&script, "conference desk\n\t! %s\nincoming late\n\t! reject late 486; missed late\n", resumed.String())
	s := tell(t, Config{MaxCalls: MaxCalls}, script.String())
	joined := 0
	for _, id := range Audio(s, "desk").Joined {
		if c, ok := s.Call(id); ok && c.Joined && !c.Held {
			joined++
		}
	}
	if joined != MaxJoined {
		t.Errorf("%d calls are joined to the one in the hand, want %d", joined, MaxJoined)
	}
}
