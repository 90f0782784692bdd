package phone

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"offhook/media/measure"
	"offhook/media/tone"
	"offhook/media/wav"
	"offhook/phone/control"
	"offhook/phone/ua"
)

// want claims the one word of the status, and the calls as "state held…".
func (u *user) want(state string, calls ...string) {
	u.w.t.Helper()
	s := u.phone.Status()
	got := []string{}
	for _, c := range s.Calls {
		word := c.State
		if c.Held {
			word += " held"
		}
		if c.RemoteHeld {
			word += " remote-held"
		}
		got = append(got, word)
	}
	if s.State != state || !slices.Equal(got, calls) {
		u.w.t.Fatalf("state %q with calls %q, want %q with %q", s.State, got, state, calls)
	}
}

// lit claims what the device shows, as it received it.
func (u *user) lit(want ...string) {
	u.w.t.Helper()
	got := u.device.State().Lit()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		u.w.t.Fatalf("the device shows %q, want %q", got, want)
	}
}

// heard finds the latest event that matches, or fails.
func (u *user) heard(match func(control.Event) bool) control.Event {
	u.w.t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, e := range slices.Backward(u.said) {
		if match(e) {
			return e
		}
	}
	lines := []string{}
	for _, e := range u.said {
		lines = append(lines, fmt.Sprintf("%+v", e))
	}
	u.w.t.Fatalf("no such event among\n%s", strings.Join(lines, "\n"))
	return control.Event{}
}

// events claims which events of a type there were, told by describe.
func (u *user) events(kind string, describe func(control.Event) string, want ...string) {
	u.w.t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	got := []string{}
	for _, e := range u.said {
		if e.Type == kind {
			got = append(got, describe(e))
		}
	}
	if !slices.Equal(got, want) {
		u.w.t.Fatalf("%s events %q, want %q", kind, got, want)
	}
}

// messages are the SIP messages of calls sent or received, each as its method or status.
func (u *user) messages(d ua.Direction) []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	list := []string{}
	for _, m := range u.sip {
		line, _, _ := strings.Cut(m.Text, "\r\n")
		if m.Direction != d || strings.Contains(m.Text, " REGISTER\r\n") {
			continue
		}
		word := strings.Fields(line)[0]
		if status, ok := strings.CutPrefix(line, "SIP/2.0 "); ok {
			word = status[:3]
		}
		list = append(list, word)
	}
	return list
}

// sent claims the SIP messages of calls that the phone sent.
func (u *user) sent(want ...string) {
	u.w.t.Helper()
	if got := u.messages(ua.Sent); !slices.Equal(got, want) {
		u.w.t.Fatalf("sent %q, want %q", got, want)
	}
}

// id is how the phone calls the device.
func (u *user) id() string { return "1209:0001:" + u.name }

// status is what the phone's status says of the device.
func (u *user) status() control.Handset {
	u.w.t.Helper()
	for _, h := range u.phone.Status().Handsets {
		if h.ID == u.id() {
			return h
		}
	}
	u.w.t.Fatalf("the phone knows no handset %s", u.id())
	return control.Handset{}
}

// handset claims what the device is doing.
func (u *user) handset(want string) {
	u.w.t.Helper()
	if got := u.status().State; got != want {
		u.w.t.Fatalf("the handset is %q, want %q", got, want)
	}
}

// display claims the lines of the device's display.
func (u *user) display(want ...string) {
	u.w.t.Helper()
	if got := u.device.State().Display; !slices.Equal(got, want) {
		u.w.t.Fatalf("the display says %q, want %q", got, want)
	}
}

// hears claims that the earpiece played a tone, and no other, in the last part.
func (u *user) hears(last time.Duration, want tone.Tone) {
	u.w.t.Helper()
	if thin > 1 {
		return
	}
	_, ear := u.ear.last(last)
	var got []tone.Tone
	for _, f := range tone.Detect(nil, ear, earRate) {
		if f.Start < 50*time.Millisecond && f.End < 700*time.Millisecond && f.Tone != want {
			continue // the rest of a burst that the part began in
		}
		got = append(got, f.Tone)
	}
	if len(got) != 1 || got[0] != want {
		u.w.t.Fatalf("heard %v in the last %v, want %v: %+v", got, last, want, tone.Detect(nil, ear, earRate))
	}
}

// hearsNothing claims true silence in the last part.
func (u *user) hearsNothing(last time.Duration) {
	u.w.t.Helper()
	if thin > 1 {
		return
	}
	if _, ear := u.ear.last(last); measure.Level(ear) > -80 {
		u.w.t.Fatalf("heard something at %.0f dBFS in the last %v", measure.Level(ear), last)
	}
}

// hearsUser claims that the earpiece played what the other's microphone heard in the last part.
func (u *user) hearsUser(other *user, last time.Duration) {
	u.w.t.Helper()
	if thin > 1 {
		return
	}
	var m measure.Match
	var ear []int16
	for range 4 {
		var said []int16
		said, _ = other.ear.last(last)
		_, ear = u.ear.last(last)
		if m = measure.Speech(said, ear, earRate, 300*time.Millisecond); m.Windows > 0 {
			break
		}
		u.w.pass(time.Second) // a pause in the speech
	}
	if m.Windows == 0 || m.Similarity < 0.6 {
		u.w.t.Fatalf("not what was said in the last %v: %+v, at %.0f dBFS", last, m, measure.Level(ear))
	}
}

// recording is all that the earpiece played, 48 kHz.
func (u *user) recording() []int16 {
	u.w.t.Helper()
	_, samples, err := wav.ReadFile(u.record, 1<<26)
	if err != nil {
		u.w.t.Fatal(err)
	}
	return samples
}
