package phone

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices/virtual"
	"offhook/media/sound"
	"offhook/media/wav"
	"offhook/phone/control"
	"offhook/phone/ua"
	"offhook/phone/ua/uatest"
)

// world is a machine in virtual time: a network in memory on which whole phones stand.
type world struct {
	t    *testing.T
	ctx  context.Context
	net  *uatest.Network
	host *uatest.Host
}

// inWorld runs a test in virtual time; waiting costs nothing there.
func inWorld(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		n := uatest.NewNetwork(uatest.Faults{Seed: 1})
		defer synctest.Wait()
		defer cancel()
		f(&world{t: t, ctx: ctx, net: n, host: n.Host("127.0.0.1")})
	})
}

// user is one phone with one emulated device, and all that it said.
type user struct {
	w      *world
	phone  *Phone
	device *virtual.Phone
	record string
	said   []control.Event
	stop   func()
}

// start brings up a phone with an emulated device. change, if given, edits its configuration and profile.
func (w *world) start(name, profile string, change func(*Config, *virtual.Profile)) *user {
	w.t.Helper()
	shape, err := virtual.ByName(profile)
	if err != nil {
		w.t.Fatal(err)
	}
	cfg := Config{
		Version: "test",
		Network: w.host,
		ListenRTP: func(lo, hi uint16) (net.PacketConn, error) {
			return w.host.ListenPacket(w.ctx, "127.0.0.1:0")
		},
	}
	if change != nil {
		change(&cfg, &shape)
	}
	p, err := New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	u := &user{w: w, phone: p, device: virtual.New(shape, virtual.WithSerial(name)), record: filepath.Join(w.t.TempDir(), name+".wav")}
	port, err := sound.OpenFile(sound.FileConfig{Record: u.record})
	if err != nil {
		w.t.Fatal(err)
	}
	events, unsubscribe := p.Subscribe()
	listening := make(chan struct{})
	go func() {
		defer close(listening)
		for e := range events {
			u.said = append(u.said, e)
		}
	}()
	ctx, cancel := context.WithCancel(w.ctx)
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	u.stop = func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("%s: %v", name, err)
		}
		unsubscribe()
		<-listening
	}
	if err := p.AttachVirtual(u.device, Sound{Port: port, Name: "file"}); err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
	return u
}

// local starts a phone without accounts: with the local exchange. Extension starts one that registers there.
func (w *world) local(profile string) *user { return w.start("desk", profile, nil) }

func (w *world) extension(number, profile string, at *user) *user {
	return w.start(number, profile, func(c *Config, _ *virtual.Profile) {
		c.Accounts = []ua.Account{{
			Name: number, URI: "sip:" + number + "@" + at.phone.Exchange(), Transport: "udp", Register: true, Expires: time.Hour,
		}}
	})
}

// pass lets virtual time go by.
func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (u *user) lift()          { u.w.t.Helper(); u.must(u.device.Lift()) }
func (u *user) hangUp()        { u.w.t.Helper(); u.must(u.device.HangUp()) }
func (u *user) press(k string) { u.w.t.Helper(); u.must(u.device.Press(k)) }

func (u *user) must(err error) {
	u.w.t.Helper()
	if err != nil {
		u.w.t.Fatal(err)
	}
	synctest.Wait()
}

// do gives a command as `offhook` does; args are "name=value".
func (u *user) do(verb string, args ...string) error {
	c := control.Command{Verb: verb, Args: map[string]string{}}
	for _, a := range args {
		k, v, _ := strings.Cut(a, "=")
		c.Args[k] = v
	}
	_, err := u.phone.Do(u.w.ctx, c)
	synctest.Wait()
	return err
}

// wantState claims the one word of the status, and the calls as "state held…".
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

// heard reports how an event of a type and state looks, or fails.
func (u *user) heard(match func(control.Event) bool) control.Event {
	u.w.t.Helper()
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

// recording is all that the earpiece played, 48 kHz.
func (u *user) recording() []int16 {
	u.w.t.Helper()
	_, samples, err := wav.ReadFile(u.record, 1<<26)
	if err != nil {
		u.w.t.Fatal(err)
	}
	return samples
}
