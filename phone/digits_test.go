package phone

import (
	"strings"
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/media/sound"
	"offhook/media/tone"
	"offhook/phone/control"
	"offhook/phone/desk"
	"offhook/phone/ua"
	"offhook/phone/ua/uatest"
)

func TestTheWayOfDigits(t *testing.T) {
	for _, c := range []struct {
		wish, codec string
		events      uint8
		want        string
	}{
		{"", "PCMU", 101, digitsEvents}, {"rfc4733", "PCMU", 0, digitsEvents}, {"info", "PCMU", 101, digitsInfo}, {"inband", "G729", 101, digitsInBand},
		{"auto", "PCMU", 101, digitsEvents}, {"auto", "PCMU", 0, digitsInBand}, {"auto", "G722", 0, digitsInBand}, {"auto", "G729", 0, digitsInfo},
	} {
		if got := digitsWay(c.wish, ua.Media{Codec: c.codec, EventPayloadType: c.events}); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// Digits reach the other side in each of the ways: as an event, and as tones that are heard.
func TestDigitsInEachWay(t *testing.T) {
	for _, way := range []string{"rfc4733", "info", "inband", "auto"} {
		t.Run(way, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a := w.local("handset")
				b := w.start("101", "handset", func(c *Config, _ *virtual.Profile) {
					acc := extension("101", a)
					acc.DTMF = way
					c.Accounts = []ua.Account{acc}
				})
				w.pass(time.Second)
				b.lift()
				b.press("100#")
				w.pass(time.Second)
				a.lift()
				w.pass(2 * time.Second)
				b.press("42*")
				w.pass((1 + thin) * time.Second) // keys keep to the pace of the microphone
				if way == "inband" && thin > 1 {
					return
				}
				if way == "inband" {
					r := a.recording()
					got := tone.Digits(tone.Detect(tone.Default, r[len(r)-3*sound.Rate:], sound.Rate))
					if got != "42*" {
						t.Errorf("heard the keys %q", got)
					}
				}
				if keys := a.each(control.EventDTMF, func(e control.Event) string { return e.Key }); keys != "42*" {
					t.Errorf("received the keys %q", keys)
				}
			})
		})
	}
}

// each joins what every event of a type says.
func (u *user) each(kind string, say func(control.Event) string) (all string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, e := range u.said {
		if e.Type == kind {
			all += say(e)
		}
	}
	return all
}

func TestKeysWhileItRingsThereAreDropped(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.pair("handset", "handset")
		a.lift()
		a.press("101#")
		w.pass(2 * time.Second)
		a.press("5")
		if err := a.do(control.VerbDTMF, "keys=5"); err == nil || !strings.Contains(err.Error(), "not answered") {
			t.Errorf("%v", err)
		}
		b.lift()
		w.pass(2 * time.Second)
		if keys := b.each(control.EventDTMF, func(e control.Event) string { return e.Key }); keys != "" {
			t.Errorf("received the keys %q", keys)
		}
		if errs := a.each(control.EventError, func(e control.Event) string { return e.Reason }); errs != "" {
			t.Error(errs)
		}
	})
}

// Nothing comes from the other side: the user is told once, and the call ends after a time if that is wanted.
func TestOneWaySoundIsNamedAndEndsTheCall(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.start("desk", "handset", func(c *Config, _ *virtual.Profile) { c.RTPTimeout = 20 * time.Second })
		b := w.extension("101", "handset", a)
		w.pass(time.Second)
		a.lift()
		a.press("101#")
		w.pass(time.Second)
		b.lift()
		w.pass(8 * time.Second)
		a.want(control.StateTalking, control.CallActive)
		w.net.SetFaults(uatest.Faults{Loss: 1})
		w.pass(15 * time.Second)
		e := a.heard(func(e control.Event) bool {
			return e.Type == control.EventError && strings.Contains(e.Reason, "not heard any more")
		})
		if e.Call == "" {
			t.Errorf("%+v", e)
		}
		a.want(control.StateTalking, control.CallActive)
		w.pass(15 * time.Second)
		a.want(control.StateIdle)
		a.heard(func(e control.Event) bool {
			return e.Type == control.EventError && strings.Contains(e.Reason, "rtp_timeout")
		})
		if n := strings.Count(a.each(control.EventError, func(e control.Event) string { return e.Reason }), "not heard any more"); n != 1 {
			t.Errorf("the user was told %d times", n)
		}
		w.net.SetFaults(w.faults)
	})
}

func TestWhichCallsAreAnsweredWithoutAsking(t *testing.T) {
	asks := ua.Caller{AutoAnswer: true, AnswerAfter: 2}
	for _, c := range []struct {
		setting, account string
		caller           ua.Caller
		want             time.Duration // -1: none
	}{
		{"off", "desk", asks, -1}, {"", "desk", asks, -1}, {"on", "desk", ua.Caller{}, 0}, {"intercom", "desk", ua.Caller{}, -1},
		{"intercom", "desk", asks, 2 * time.Second}, {"on", "", asks, -1}, // a direct call has no account
	} {
		p := &Phone{accounts: []*account{{name: "desk", autoAnswer: c.setting}}}
		got := time.Duration(-1)
		if after, yes := p.answersItself(ua.Incoming{Account: c.account, Caller: c.caller}); yes {
			got = after
		}
		if got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// A headset is taken off-hook from here; a handset in its cradle rings on.
func TestAnsweringByItself(t *testing.T) {
	for profile, answered := range map[string]bool{"headset": true, "handset": false} {
		inWorld(t, func(t *testing.T, w *world) {
			a := w.local("handset")
			b := w.start("101", profile, func(c *Config, _ *virtual.Profile) {
				acc := extension("101", a)
				c.Accounts, c.AutoAnswer = []ua.Account{acc}, map[string]string{acc.Name: "on"}
			})
			w.pass(time.Second)
			a.lift()
			a.press("101#")
			w.pass(2 * time.Second)
			if answered {
				b.want(control.StateTalking, control.CallActive)
				return
			}
			b.want(control.StateRinging, control.CallIncoming)
			b.heard(func(e control.Event) bool {
				return e.Type == control.EventError && strings.Contains(e.Reason, "lift it")
			})
		})
	}
}

func TestWhoCallsIsWhoTheServerSays(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.pair("handset", "handset")
		a.lift()
		a.press("101#")
		w.pass(time.Second)
		c := b.phone.calls[desk.CallID(b.phone.Status().Calls[0].ID)]
		for _, x := range []struct {
			in   ua.Incoming
			want string
		}{
			{ua.Incoming{From: "sip:x@y", FromName: "X"}, "X sip:x@y  "},
			{ua.Incoming{From: "sip:anonymous@anonymous.invalid", Caller: ua.Caller{Anonymous: true}}, "Anonymous sip:anonymous@anonymous.invalid  "},
			{ua.Incoming{From: "sip:x@y", FromName: "X", Caller: ua.Caller{Asserted: "sip:z@y", AssertedName: "Zoe", Ring: "internal",
				Diverted: []ua.Diverted{{From: "sip:1@y", Reason: "no-answer"}, {From: "sip:2@y"}}}}, "Zoe sip:z@y sip:1@y (no-answer), sip:2@y internal"},
		} {
			// The loop stands still between two steps of virtual time.
			c.peer, c.peerName = x.in.From, x.in.FromName
			b.phone.incoming(c, x.in)
			if got := strings.Join([]string{c.peerName, c.peer, c.diverted, c.ring}, " "); got != x.want {
				t.Errorf("%q, want %q", got, x.want)
			}
		}
	})
}

func TestWhichCallsRingSpecially(t *testing.T) {
	for ring, want := range map[string]bool{"": false, "alert-internal": true, "alert-external": false, "Bellcore-dr1": false, "Bellcore-dr3": true,
		"http://pbx/ring.wav": true, "Default": false} {
		if special(ring) != want {
			t.Errorf("%q", ring)
		}
	}
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.pair("handset", "handset")
		a.lift()
		a.press("101#")
		w.pass(12 * time.Second)
		b.hears(11*time.Second, tone.Ring)
		// The loop stands still between two steps of virtual time.
		b.phone.calls[desk.CallID(b.phone.Status().Calls[0].ID)].ring = "alert-internal"
		b.phone.handsets[b.phone.order[0]].show(b.phone)
		w.pass(12 * time.Second)
		b.hears(10*time.Second, tone.RingSpecial)
	})
}

// One key that comes in several ways at once is told once.
func TestAKeyIsToldOnce(t *testing.T) {
	type came struct {
		at  time.Duration
		way int
		key byte
	}
	const ms = time.Millisecond
	for _, c := range []struct {
		name string
		came []came
		want string
	}{
		{"tones", []came{{0, byTone, '5'}, {200 * ms, byTone, '5'}, {400 * ms, byTone, '6'}}, "556"},
		{"events", []came{{0, byEvent, '5'}, {200 * ms, byEvent, '5'}}, "55"},
		{"events and their tones", []came{{0, byEvent, '5'}, {80 * ms, byTone, '5'}, {200 * ms, byEvent, '5'}, {280 * ms, byTone, '5'}}, "55"},
		{"the tones came first", []came{{0, byTone, '5'}, {80 * ms, byEvent, '5'}, {300 * ms, byTone, '7'}, {310 * ms, byEvent, '7'}}, "57"},
		{"events and INFO", []came{{0, byInfo, '1'}, {50 * ms, byEvent, '1'}, {400 * ms, byEvent, '1'}, {450 * ms, byInfo, '1'}}, "11"},
		{"all ways", []came{{0, byTone, '#'}, {50 * ms, byInfo, '#'}, {90 * ms, byEvent, '#'}}, "#"},
		{"the way changed", []came{{0, byTone, '5'}, {time.Second, byInfo, '5'}, {2 * time.Second, byTone, '5'}}, "55"},
	} {
		var k keysHeard
		got := ""
		for _, x := range c.came {
			if k.take(x.way, x.key, time.Unix(1000, 0).Add(x.at)) {
				got += string(rune(x.key))
			}
		}
		if got != c.want {
			t.Errorf("%s: told %q, want %q", c.name, got, c.want)
		}
	}
}
