//go:build peers && linux

package interop

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// jami is a person with a Jami that has a SIP account, operated over a D-Bus of its own. It plays and records through an
// ALSA plugin (testdata/card.c).
type jami struct {
	*process
	l       *lab
	conn    *dbus.Conn
	account string
	record  string

	mu   sync.Mutex // guards what follows
	said []jamiSays
	more chan struct{} // closed and replaced at each of them
}

// jamiSays is a change of a call's state, or of the registration, where call is empty.
type jamiSays struct{ call, state string }

const jamiName = "cx.ring.Ring"

// jamiHung is that Jami does not answer.
type jamiHung struct{ error }

// withJami runs a test in which Jami takes part. On a machine that stalls, it at times waits for itself, or ends; that
// is no fault of the telephone at the other end, and the test begins again with another Jami, three times at most.
func withJami(t *testing.T, f func()) {
	t.Helper()
	try := func() (hung error) {
		defer func() {
			switch v := recover().(type) {
			case nil:
			case jamiHung:
				hung = v
			default:
				panic(v)
			}
		}()
		f()
		return nil
	}
	for attempt := 1; ; attempt++ {
		hung := try()
		switch {
		case hung == nil:
			return
		case attempt == 3:
			t.Fatalf("jami does not answer, time and again: %v", hung)
		}
		t.Logf("jami does not answer; once more with another: %v", hung)
	}
}

// jami starts one registered at k as user, with PCMA, speaking say when in a call.
func (l *lab) jami(k *kamailio, user, password, say string) *jami {
	l.t.Helper()
	if _, err := os.Stat("/usr/libexec/jamid"); err != nil {
		l.cannot("Jami is missing (package jami-daemon)")
	}
	if _, err := exec.LookPath("dbus-daemon"); err != nil {
		l.cannot("the program dbus-daemon is missing (package dbus-daemon)")
	}
	h := l.host()
	home := l.sub("jami-" + user)
	p := &jami{l: l, record: l.card(home, say, 48000), more: make(chan struct{})}
	// The name of a socket has at most 107 bytes.
	dir, err := os.MkdirTemp("", "bus")
	if err != nil {
		l.t.Fatal(err)
	}
	l.cleanup(func() { os.RemoveAll(dir) })
	bus := "unix:path=" + filepath.Join(dir, "bus")
	l.start("dbus", exec.Command("dbus-daemon", "--session", "--nofork", "--print-address=1", "--address="+bus)).await("unix:", 15*time.Second)
	cmd := h.command("/usr/libexec/jamid", "-c", "-d", "-p")
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_DATA_HOME="+home, "XDG_CACHE_HOME="+home, "XDG_RUNTIME_DIR="+home,
		"DBUS_SESSION_BUS_ADDRESS="+bus, "PULSE_SERVER=unix:"+home+"/none")
	p.conn, err = dbus.Connect(bus)
	if err != nil {
		l.t.Fatal(err)
	}
	l.cleanup(func() { p.conn.Close() })
	if err := p.conn.AddMatchSignal(dbus.WithMatchSender(jamiName)); err != nil {
		l.t.Fatal(err)
	}
	owned := make(chan *dbus.Signal, 1000)
	p.conn.Signal(owned)
	p.process = l.start("jami "+user, cmd)
	go p.listen(owned)
	p.eventually("on the bus", func() bool {
		var has bool
		p.conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, jamiName).Store(&has)
		return has
	})
	p.config("setAudioManager", "alsa")
	p.config("addAccount", map[string]string{"Account.type": "SIP", "Account.alias": user, "Account.enable": "true",
		"Account.hostname": k.addr, "Account.username": user, "Account.password": password, "Account.localPort": "5060",
		"Account.upnpEnabled": "false", "Account.videoEnabled": "false", "Account.ringtoneEnabled": "false",
		"SRTP.enable": "false", "SRTP.keyExchange": "", "TLS.enable": "false", "STUN.enable": "false", "TURN.enable": "false"}).Store(&p.account)
	var codecs []uint32
	p.config("getCodecList").Store(&codecs)
	for _, c := range codecs {
		var details map[string]string
		p.config("getCodecDetails", p.account, c).Store(&details)
		if details["CodecInfo.name"] == "G.711a" {
			p.config("setActiveCodecList", p.account, []uint32{c})
		}
	}
	p.await("", "REGISTERED")
	return p
}

func (p *jami) config(method string, args ...any) *dbus.Call {
	p.l.t.Helper()
	return p.call("ConfigurationManager", method, args...)
}

func (p *jami) do(method string, args ...any) *dbus.Call {
	p.l.t.Helper()
	return p.call("CallManager", method, append([]any{p.account}, args...)...)
}

func (p *jami) call(manager, method string, args ...any) *dbus.Call {
	p.l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience*15*time.Second)
	defer cancel()
	c := p.conn.Object(jamiName, dbus.ObjectPath("/cx/ring/Ring/"+manager)).CallWithContext(ctx, jamiName+"."+manager+"."+method, 0, args...)
	if c.Err != nil {
		panic(jamiHung{fmt.Errorf("%s: %w", method, c.Err)})
	}
	return c
}

// listen takes what Jami tells over the bus.
func (p *jami) listen(signals chan *dbus.Signal) {
	for s := range signals {
		var said jamiSays
		switch {
		case strings.HasSuffix(s.Name, ".callStateChanged") && len(s.Body) > 2:
			said = jamiSays{fmt.Sprint(s.Body[1]), fmt.Sprint(s.Body[2])}
		case strings.HasSuffix(s.Name, ".registrationStateChanged") && len(s.Body) > 1:
			said.state = fmt.Sprint(s.Body[1])
		default:
			continue
		}
		p.mu.Lock()
		p.said = append(p.said, said)
		close(p.more)
		p.more = make(chan struct{})
		p.mu.Unlock()
	}
}

// await waits until a call is in a state, and returns its id; "*" is any call.
func (p *jami) await(call, state string) string {
	p.l.t.Helper()
	return p.awaitAfter(0, call, state)
}

// mark is how much Jami has said so far.
func (p *jami) mark() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.said)
}

func (p *jami) awaitAfter(mark int, call, state string) string {
	p.l.t.Helper()
	deadline := time.After(patience * 15 * time.Second)
	for {
		p.mu.Lock()
		for _, s := range p.said[mark:] {
			if s.state == state && (s.call == call || call == "*" && s.call != "") {
				p.mu.Unlock()
				return s.call
			}
		}
		more, said := p.more, p.said
		p.mu.Unlock()
		select {
		case <-more:
		case <-deadline:
			p.l.t.Fatalf("jami: no %s of %q, but %v", state, call, said)
		}
	}
}

func (p *jami) eventually(what string, so func() bool) {
	p.l.t.Helper()
	for deadline := time.Now().Add(patience * 15 * time.Second); !so(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.l.t.Fatalf("jami: not %s", what)
		}
	}
}
