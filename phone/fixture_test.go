package phone

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices/virtual"
	"offhook/media/measure"
	"offhook/media/sound"
	"offhook/media/tone"
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

	faults uatest.Faults
	users  []*user
	ports  map[*rtpPort]bool // RTP sockets that are open
	mu     sync.Mutex        // guards ports
}

// rtpPort is an RTP socket that is counted.
type rtpPort struct {
	net.PacketConn
	w *world
}

func (p *rtpPort) Close() error {
	p.w.mu.Lock()
	delete(p.w.ports, p)
	p.w.mu.Unlock()
	return p.PacketConn.Close()
}

func (w *world) listenRTP(_, _ uint16) (net.PacketConn, error) {
	c, err := w.host.ListenPacket(w.ctx, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p := &rtpPort{c, w}
	w.ports[p] = true
	return p, nil
}

// rtp is how many RTP sockets are open.
func (w *world) rtp() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.ports)
}

// inWorld runs a test in virtual time; waiting costs nothing there.
func inWorld(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		faults := uatest.Faults{Seed: 1}
		n := uatest.NewNetwork(faults)
		w := &world{t: t, ctx: ctx, net: n, faults: faults, host: n.Host("127.0.0.1"), ports: map[*rtpPort]bool{}}
		defer synctest.Wait()
		defer cancel()
		defer w.end()
		f(t, w)
	})
}

// end stops all phones, the one with the exchange last. Then no socket of any call may be left; synctest sees to it that
// no goroutine is.
func (w *world) end() {
	for _, u := range slices.Backward(w.users) {
		u.stop()
	}
	if n := w.rtp(); n > 0 {
		w.t.Errorf("%d RTP sockets are left open", n)
	}
}

// user is one phone with one emulated device, and all that it said.
type user struct {
	w      *world
	phone  *Phone
	device *virtual.Phone
	name   string
	record string
	ear    *ear
	stop   func() // ends the phone, and waits for it; may be called again

	mu   sync.Mutex // guards the two below
	said []control.Event
	sip  []ua.TraceMessage
}

// start brings up a phone with an emulated device. change, if given, edits its configuration and profile.
func (w *world) start(name, profile string, change func(*Config, *virtual.Profile)) *user {
	w.t.Helper()
	shape, err := virtual.ByName(profile)
	if err != nil {
		w.t.Fatal(err)
	}
	cfg := Config{
		Version:   "test",
		Network:   w.host,
		ListenRTP: w.listenRTP,
	}
	u := &user{w: w, name: name, record: filepath.Join(w.t.TempDir(), name+".wav")}
	cfg.Trace = func(m ua.TraceMessage) {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.sip = append(u.sip, m)
	}
	if change != nil {
		change(&cfg, &shape)
	}
	p, err := New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	u.ear = &ear{Port: w.sound(u.record)}
	u.phone, u.device = p, virtual.New(shape, virtual.WithSerial(name))
	events, unsubscribe := p.Subscribe()
	listening := make(chan struct{})
	go func() {
		defer close(listening)
		for e := range events {
			u.mu.Lock()
			u.said = append(u.said, e)
			u.mu.Unlock()
		}
	}()
	ctx, cancel := context.WithCancel(w.ctx)
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	u.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("%s: %v", name, err)
		}
		unsubscribe()
		<-listening
	})
	if err := p.AttachVirtual(u.device, Sound{Port: u.ear, Name: "file"}); err != nil {
		w.t.Fatal(err)
	}
	w.users = append(w.users, u)
	synctest.Wait()
	return u
}

// sound is a sound port that speaks and records.
func (w *world) sound(record string) sound.Port {
	w.t.Helper()
	port, err := sound.OpenFile(sound.FileConfig{Play: voices[len(w.users)%len(voices)], Record: record, Loop: true})
	if err != nil {
		w.t.Fatal(err)
	}
	return port
}

// pair is two phones that know each other: extension 100 with the exchange, and 101.
func (w *world) pair(one, two string) (*user, *user) {
	w.t.Helper()
	a := w.local(one)
	b := w.extension("101", two, a)
	w.pass(time.Second)
	return a, b
}

// talking is a pair in conversation: the first has called the second.
func (w *world) talking(one, two string) (*user, *user) {
	w.t.Helper()
	a, b := w.pair(one, two)
	a.lift()
	a.press("101#")
	w.pass(time.Second)
	b.lift()
	w.pass(time.Second)
	a.want(control.StateTalking, control.CallActive)
	b.want(control.StateTalking, control.CallActive)
	return a, b
}

// local starts a phone without accounts: with the local exchange. Extension starts one that registers there.
func (w *world) local(profile string) *user { return w.start("desk", profile, nil) }

func (w *world) extension(number, profile string, at *user) *user {
	return w.start(number, profile, func(c *Config, _ *virtual.Profile) {
		c.Accounts = []ua.Account{extension(number, at)}
	})
}

// extension is an account at the exchange of a phone.
func extension(number string, at *user) ua.Account {
	return ua.Account{
		Name: number, URI: "sip:" + number + "@" + at.phone.Exchange(), Transport: "udp", Register: true, Expires: time.Hour,
	}
}

var errNoPort = errors.New("every RTP port is in use")

func noPort(_, _ uint16) (net.PacketConn, error) { return nil, errNoPort }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
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

// another plugs a second device into the same phone.
func (u *user) another(name, profile string) *user {
	u.w.t.Helper()
	shape, err := virtual.ByName(profile)
	if err != nil {
		u.w.t.Fatal(err)
	}
	v := &user{w: u.w, name: name, phone: u.phone, device: virtual.New(shape, virtual.WithSerial(name)), stop: u.stop}
	v.ear = &ear{Port: u.w.sound(filepath.Join(u.w.t.TempDir(), name+".wav"))}
	if err := u.phone.AttachVirtual(v.device, Sound{Port: v.ear, Name: "file"}); err != nil {
		u.w.t.Fatal(err)
	}
	synctest.Wait()
	return v
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
