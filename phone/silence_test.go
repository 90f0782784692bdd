package phone

import (
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/media/measure"
	"offhook/phone/control"
)

// Silence is left out where the accounts at both ends want that, and only there.
func TestSilenceIsLeftOutWhereBothWantIt(t *testing.T) {
	for _, both := range []bool{true, false} {
		inWorld(t, func(t *testing.T, w *world) {
			desk := w.local("handset")
			account := func(number string, wants bool) *user {
				return w.start(number, "handset", func(c *Config, _ *virtual.Profile) {
					acc := extension(number, desk)
					acc.SilenceSuppression = wants
					c.Accounts = append(c.Accounts, acc)
				})
			}
			a, b := account("101", true), account("102", both)
			w.pass(time.Second)
			a.lift()
			a.press("102#")
			w.pass(time.Second)
			b.lift()
			w.pass(time.Second)
			a.want(control.StateTalking, control.CallActive)
			must(t, a.do(control.VerbMute, "on=true"))
			w.pass(time.Second)
			packets := func() int { return a.phone.Status().Calls[0].Media.PacketsSent }
			before := packets()
			w.pass(2 * time.Second)
			if n := packets() - before; thin == 1 && (n < 10) != both {
				t.Errorf("both %t: %d packets in 2 s of silence", both, n)
			}
			if _, ear := b.ear.last(time.Second); thin == 1 && measure.Level(ear) > -70 {
				t.Errorf("both %t: silence is heard at %.0f dBFS", both, measure.Level(ear))
			}
			must(t, a.do(control.VerbMute, "on=false"))
			w.pass(2 * time.Second)
			b.hearsUser(a, time.Second)
		})
	}
}
