//go:build peers && linux

package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"offhook/phone/control"
)

// offhook is a running Offhook with an emulated handset, operated through the
// program's own verbs.
type offhook struct {
	*process
	l           *lab
	host        host
	addr, state string
	record      string // what the earpiece played, complete after quit

	mu     sync.Mutex
	events []control.Event
	more   chan struct{}
}

type offhookOptions struct {
	transport string   // default udp
	codecs    []string // default pcma, pcmu
	say       string   // WAV, what the microphone hears
	password  string
	anywhere  bool // no listen in the configuration
	failing   bool // the account is expected not to register

	domain  string // of the address; default: the server's IP address
	account string // more lines of [[account]]
	here    bool   // in the tests' own namespace, where their name server is
	at      *host  // on this machine

	calls int // it takes at once; 0: as many as it does by itself

	server *soundServer // whose default devices the handset gets; nil: files
}

// offhook starts the phone with one account at k; with none, it takes calls from anyone.
func (l *lab) offhook(k *kamailio, user string, o offhookOptions) *offhook {
	l.t.Helper()
	var h host
	switch {
	case o.here:
		h = l.here()
	case o.at != nil:
		h = *o.at
	default:
		h = l.host()
	}
	addr := h.addr
	dir := l.sub("offhook-" + user)
	direct := ""
	if k == nil {
		o.domain, o.failing, direct = addr, true, "direct_calls = true"
		o.account += "\nregister = false"
	} else if o.domain == "" {
		o.domain = k.addr
	}
	if o.transport == "" {
		o.transport = "udp"
	}
	if len(o.codecs) == 0 {
		o.codecs = []string{"pcma", "pcmu"}
	}
	listen := fmt.Sprintf("listen = [\"%s:%s:5060\"]", o.transport, addr)
	if o.anywhere {
		listen = ""
	}
	p := &offhook{l: l, host: h, addr: addr, state: filepath.Join(dir, "s"), record: filepath.Join(dir, "heard.wav"), more: make(chan struct{})}
	config := filepath.Join(dir, "config.toml")
	l.write(filepath.Join(dir, "secret"), o.password+"\n")
	audio := fmt.Sprintf("backend = \"file\"\nrecord = %q\n", p.record)
	if o.say != "" {
		audio += fmt.Sprintf("play = %q\n", o.say)
	}
	if o.server != nil {
		audio = ""
	}
	if o.calls > 0 {
		direct += fmt.Sprintf("\nrtp_ports = \"16384-%d\"\n[phone]\nmax_calls = %d", 16384+2*o.calls, o.calls)
	}
	l.write(config, fmt.Sprintf(`[sip]
%s

[[account]]
name = "desk"
uri = "sip:%s@%s"
display_name = "Offhook %s"
password_file = %q
transport = %q
codecs = ["%s"]
%s

[audio]
%s`, listen+"\n"+direct, user, o.domain, user, filepath.Join(dir, "secret"), o.transport, strings.Join(o.codecs, `", "`), o.account, audio))
	cmd := h.command(offhookProgram, "run", "--headless", "--virtual", "handset", "--config", config, "--state-dir", p.state)
	if o.server != nil {
		cmd.Env = o.server.env()
	}
	p.process = l.start("offhook "+user, cmd)
	p.follow()
	if !o.failing {
		p.awaitAccount(control.AccountRegistered)
	}
	return p
}

// verb runs offhook VERB… and returns what it printed.
func (p *offhook) verb(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience*20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, offhookProgram, append(args, "--state-dir", p.state)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("offhook %s: %w: %s%s", strings.Join(args, " "), err, out.String(), errs.String())
	}
	return out.String(), nil
}

func (p *offhook) do(args ...string) {
	p.l.t.Helper()
	if _, err := p.verb(args...); err != nil {
		p.l.t.Fatal(err)
	}
}

func (p *offhook) status() control.Status {
	p.l.t.Helper()
	out, err := p.verb("status", "--json")
	if err != nil {
		p.l.t.Fatal(err)
	}
	var s control.Status
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		p.l.t.Fatalf("offhook status --json: %v\n%s", err, out)
	}
	return s
}

// handset is what the emulated handset shows.
type handset struct {
	Plugged bool            `json:"plugged"`
	Lifted  bool            `json:"lifted"`
	Lights  map[string]bool `json:"lights"`
	Ringing bool            `json:"ringing"`
	Display []string        `json:"display"`
}

func (p *offhook) handset() handset {
	p.l.t.Helper()
	out, err := p.verb("handset", "show", "--json")
	if err != nil {
		p.l.t.Fatal(err)
	}
	var h handset
	if err := json.Unmarshal([]byte(out), &h); err != nil {
		p.l.t.Fatalf("offhook handset show --json: %v\n%s", err, out)
	}
	return h
}

// follow runs "offhook events --json" beside the phone.
func (p *offhook) follow() {
	p.l.t.Helper()
	// The phone has to be there first; its own verb says when it is.
	deadline := time.Now().Add(patience * 15 * time.Second)
	for {
		if _, err := p.verb("status", "--json"); err == nil {
			break
		} else if time.Now().After(deadline) {
			p.l.t.Fatalf("the phone does not answer: %v", err)
		}
		select {
		case <-p.ended:
			p.l.t.Fatal("offhook ended at once")
		case <-time.After(50 * time.Millisecond):
		}
	}
	cmd := exec.Command(offhookProgram, "events", "--json", "--state-dir", p.state)
	out, err := cmd.StdoutPipe()
	if err != nil {
		p.l.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.l.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		dec := json.NewDecoder(out)
		for {
			var e control.Event
			if dec.Decode(&e) != nil {
				break
			}
			p.mu.Lock()
			p.events = append(p.events, e)
			close(p.more)
			p.more = make(chan struct{})
			p.mu.Unlock()
		}
		cmd.Wait()
	}()
	p.l.cleanup(func() {
		cmd.Process.Kill()
		<-done
		if p.l.t.Failed() {
			p.l.t.Logf("---- events of %s\n%s", p.name, p.history())
		}
	})
	// The stream begins when it begins: make something happen until it shows.
	for range 20 {
		p.do("dnd", "on")
		p.do("dnd", "off")
		for range 10 {
			p.mu.Lock()
			n := len(p.events)
			p.mu.Unlock()
			if n > 0 {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	p.l.t.Fatal("offhook events prints nothing")
}

func (p *offhook) history() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	for _, e := range p.events {
		raw, _ := json.Marshal(e)
		b.Write(append(raw, '\n'))
	}
	return b.String()
}

func (p *offhook) mark() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.events)
}

// await waits for an event after mark that fits.
func (p *offhook) await(from int, what string, within time.Duration, fits func(control.Event) bool) control.Event {
	p.l.t.Helper()
	deadline := time.After(patience * within)
	for {
		p.mu.Lock()
		for _, e := range p.events[min(from, len(p.events)):] {
			if fits(e) {
				p.mu.Unlock()
				return e
			}
		}
		more := p.more
		p.mu.Unlock()
		select {
		case <-more:
		case <-deadline:
			p.l.t.Fatalf("offhook: no event %q in %v", what, patience*within)
		}
	}
}

// awaitCall waits for a call to be in state.
func (p *offhook) awaitCall(from int, state string, within time.Duration) control.Event {
	p.l.t.Helper()
	return p.await(from, "call "+state, within, func(e control.Event) bool { return e.Type == control.EventCall && e.State == state })
}

// awaitAccount waits until the account is in state.
func (p *offhook) awaitAccount(state string) control.Account {
	p.l.t.Helper()
	var last control.Account
	p.eventually("account "+state, 15*time.Second, func() bool {
		if s := p.status(); len(s.Accounts) == 1 {
			last = s.Accounts[0]
		}
		return last.State == state
	})
	return last
}

// eventually asks until it is so: for things that have no event.
func (p *offhook) eventually(what string, within time.Duration, so func() bool) {
	p.l.t.Helper()
	deadline := time.Now().Add(patience * within)
	for !so() {
		if time.Now().After(deadline) {
			p.l.t.Fatalf("offhook: not %s in %v; status %+v", what, patience*within, p.status())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// speaks waits until the one call has sent and received a hundred packets more, and lost next to none.
func (p *offhook) speaks() {
	p.l.t.Helper()
	a := p.flows()
	if b := p.media(); b != nil && b.Lost-a.Lost > 5 {
		p.l.t.Errorf("%d packets lost on a network that loses none: %+v", b.Lost-a.Lost, b)
	}
}

// flows waits until the one call has sent and received a hundred packets more than it had, which it returns. Some may
// be lost: a peer that is starved may leave some out itself.
func (p *offhook) flows() (before *control.Media) {
	p.l.t.Helper()
	a := p.media()
	if a == nil {
		p.l.t.Fatal("the call has no media figures")
	}
	p.eventually("speaking", 10*time.Second, func() bool {
		b := p.media()
		return b != nil && b.PacketsSent >= a.PacketsSent+100 && b.PacketsReceived >= a.PacketsReceived+100
	})
	return a
}

// media are the figures of the one call.
func (p *offhook) media() *control.Media {
	p.l.t.Helper()
	if s := p.status(); len(s.Calls) == 1 {
		return s.Calls[0].Media
	}
	return nil
}

// quit ends the phone, so that its recording is complete.
func (p *offhook) quit() {
	p.l.t.Helper()
	p.do("quit")
	select {
	case <-p.ended:
	case <-time.After(patience * 10 * time.Second):
		p.l.t.Fatal("offhook did not end in a minute after quit")
	}
}

// two sets up an Offhook and a baresip at one kamailio, each with a voice.
type two struct {
	k             *kamailio
	off           *offhook
	bare          *baresip
	oneSays, says string
}

func (l *lab) two(o offhookOptions, b baresipOptions) two {
	l.t.Helper()
	var w two
	w.k = l.kamailio(map[string]string{"alice": "one", "bob": "two"})
	w.oneSays, w.says = l.say("offhook", "en", textOne, 48000), l.say("baresip", "en+f3", textTwo, 8000)
	if o.say == "" {
		o.say = w.oneSays
	}
	if o.password == "" {
		o.password = "one"
	}
	if b.say == "" {
		b.say = w.says
	}
	w.bare = l.baresip(w.k, "bob", "two", b)
	w.off = l.offhook(w.k, "alice", o)
	return w
}

// compare ends the phone and compares what either heard with what the other
// said.
func (w two) compare() {
	w.off.l.t.Helper()
	w.off.quit()
	w.off.l.carried("offhook to baresip", w.oneSays, w.bare.heard(), w.says)
	w.off.l.carried("baresip to offhook", w.says, w.off.record, w.oneSays)
}
