package phone

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices/virtual"
	"offhook/media/sound"
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
		Codecs: []string{"PCMA", "PCMU"}, // cheap; TestCodecs has calls with the others
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
