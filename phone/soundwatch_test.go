package phone

import (
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"offhook/media"
	"offhook/phone/control"
	"offhook/phone/ua"
	"offhook/phone/ua/uatest"
)

// Sound gets through in one direction only. Either side says which, since the reports (RTCP) get through: here nothing
// comes though it is sent, there nothing arrives though we send; and it says when it is well again.
func TestWhichDirectionIsDeadIsNamed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.local("handset")
		b := w.extension("101", "handset", a)
		w.pass(time.Second)
		a.lift()
		a.press("101#")
		w.pass(time.Second)
		b.lift()
		w.pass(12 * time.Second)
		a.want(control.StateTalking, control.CallActive)
		if s := a.phone.Status().Calls[0].Trouble + b.phone.Status().Calls[0].Trouble; s != "" {
			t.Errorf("a call that is well: %s", s)
		}
		port := a.rtpPort()
		var dead atomic.Bool
		dead.Store(true)
		w.net.SetFilter(func(p uatest.Packet) bool {
			sound := len(p.Data) > 12 && p.Data[0]>>6 == 2 && (p.Data[1] < 192 || p.Data[1] > 223)
			return !(dead.Load() && sound && p.From.Port() == port)
		})
		w.pass(50 * time.Second)
		for _, c := range []struct {
			u    *user
			want string
		}{
			{a, "does not hear you any more: its reports (RTCP) say"},
			{b, "no sound comes from it, though its reports (RTCP) say that it sends"},
		} {
			if s := c.u.phone.Status().Calls[0].Trouble; !strings.Contains(s, c.want) {
				t.Errorf("%s: %q", c.u.name, s)
			}
			told := 0
			for reason := range strings.SplitSeq(c.u.each(control.EventError, func(e control.Event) string { return e.Reason + "\n" }), "\n") {
				if strings.Contains(reason, c.want) {
					told++
				}
			}
			if told != 1 {
				t.Errorf("%s was told %d times", c.u.name, told)
			}
		}
		dead.Store(false)
		w.pass(30 * time.Second)
		if s := a.phone.Status().Calls[0].Trouble + b.phone.Status().Calls[0].Trouble; s != "" {
			t.Errorf("a call that is well again: %s", s)
		}
		// A hold is no trouble.
		w.net.SetFilter(func(uatest.Packet) bool { return true })
		if err := a.do(control.VerbHold); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Minute)
		if s := a.phone.Status().Calls[0].Trouble + b.phone.Status().Calls[0].Trouble; s != "" {
			t.Errorf("a call on hold: %s", s)
		}
	})
}

// rtpPort is where the user's latest call wants its sound.
func (u *user) rtpPort() (port uint16) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, m := range u.sip {
		if _, after, ok := strings.Cut(m.Text, "\nm=audio "); ok && m.Direction == ua.Sent {
			fmt.Sscan(after, &port)
		}
	}
	return port
}

func TestWhyNothingIsHeard(t *testing.T) {
	private, public := netip.MustParseAddrPort("192.168.1.2:4000"), netip.MustParseAddrPort("203.0.113.7:4000")
	for _, c := range []struct {
		name    string
		st      media.Stats
		sends   string
		remote  netip.AddrPort
		want    []string
		without string
	}{
		{"no word of it", media.Stats{}, "", public, []string{"nothing comes", "firewall"}, "RTCP"},
		{"a private address", media.Stats{}, "", private, []string{"192.168.1.2", "NAT"}, "RTCP"},
		{"it sends", media.Stats{}, itSends, public, []string{"say that it sends;", "firewall"}, "muted"},
		{"it sends from a private address", media.Stats{}, itSends, private, []string{"say that it sends;", "192.168.1.2"}, "muted"},
		{"it sends none", media.Stats{}, itSendsNothing, private, []string{"muted there"}, "NAT"},
		{"other keys", media.Stats{Forged: 9}, "", public, []string{"keys"}, "firewall"},
		{"from elsewhere", media.Stats{Strangers: 9}, "", public, []string{"not from 203.0.113.7:4000"}, "firewall"},
		{"no more", media.Stats{Received: 9}, "", public, []string{"not heard any more"}, "RTCP"},
	} {
		got := whySilent(c.st, media.Stats{}, c.remote, c.sends)
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q lacks %q", c.name, got, want)
			}
		}
		if strings.Contains(got, c.without) {
			t.Errorf("%s: %q has %q", c.name, got, c.without)
		}
	}
}
