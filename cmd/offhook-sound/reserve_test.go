//go:build sound

package main

import (
	"bufio"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"offhook/media/sound/engine"
)

// newBus starts a session's bus for the test.
func newBus(t *testing.T) {
	t.Helper()
	cmd := exec.Command("dbus-daemon", "--session", "--nofork", "--print-address=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill(cmd) })
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal("dbus-daemon:", err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", strings.TrimSpace(address))
}

// server is a program that has a card reserved, as a sound server has.
type server struct {
	conn  *dbus.Conn
	gives bool
	asked chan int32
	hangs chan struct{}
}

func (s *server) RequestRelease(priority int32) (bool, *dbus.Error) {
	s.asked <- priority
	if s.hangs != nil {
		<-s.hangs
	}
	return s.gives, nil
}

func newServer(t *testing.T, replace dbus.RequestNameFlags) *server {
	t.Helper()
	conn, err := sessionBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	s := &server{conn: conn, asked: make(chan int32, 8)}
	if err := export(conn, "/org/freedesktop/ReserveDevice1/Audio3", "a card"); err != nil {
		t.Fatal(err)
	}
	if err := conn.Export(s, "/org/freedesktop/ReserveDevice1/Audio3", reserveInterface); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName(reserveInterface+".Audio3", replace|dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return s
}

// owner3 is who has card 3 reserved, "" nobody.
func owner3(t *testing.T) (owner string) {
	t.Helper()
	conn, err := sessionBus()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.BusObject().Call("org.freedesktop.DBus.GetNameOwner", 0, reserveInterface+".Audio3").Store(&owner); err != nil {
		return ""
	}
	return owner
}

func TestACardIsReservedWhileAStreamIsOpen(t *testing.T) {
	newBus(t)
	r := reservations{}
	for range 2 { // speech and microphone
		if err := r.take("3", "hw:3,0"); err != nil {
			t.Fatal(err)
		}
	}
	if owner3(t) == "" {
		t.Fatal("nobody has it")
	}
	// A server that comes now is told who has it, and that it stays so.
	conn, err := sessionBus()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ours := conn.Object(reserveInterface+".Audio3", "/org/freedesktop/ReserveDevice1/Audio3")
	var gives bool
	if err := ours.Call(reserveInterface+".RequestRelease", 0, int32(100)).Store(&gives); err != nil || gives {
		t.Errorf("asked for it: %v %v", gives, err)
	}
	if v, err := ours.GetProperty(reserveInterface + ".ApplicationName"); err != nil || v.Value() != "Offhook" {
		t.Errorf("its owner: %v %v", v, err)
	}
	if v, err := ours.GetProperty(reserveInterface + ".ApplicationDeviceName"); err != nil || v.Value() != "hw:3,0" {
		t.Errorf("its name: %v %v", v, err)
	}
	r.give("3")
	if owner3(t) == "" {
		t.Error("given back while a stream is open")
	}
	r.give("3")
	if o := owner3(t); o != "" || len(r) > 0 {
		t.Errorf("not given back: %q, %v", o, r)
	}
}

func TestAServerGivesItsCardAway(t *testing.T) {
	newBus(t)
	s := newServer(t, dbus.NameFlagAllowReplacement)
	s.gives = true
	r := reservations{}
	if err := r.take("3", "hw:3,0"); err != nil {
		t.Fatal(err)
	}
	if p := <-s.asked; p != reservePriority {
		t.Errorf("asked with the priority %d", p)
	}
	if o := owner3(t); o == "" || o == s.conn.Names()[0] {
		t.Errorf("%q has it", o)
	}
	r.give("3")
}

func TestAServerThatKeepsItsCardIsNamed(t *testing.T) {
	for name, s := range map[string]func(*server){
		"refuses":         func(s *server) {},
		"does not answer": func(s *server) { s.hangs = make(chan struct{}) },
	} {
		t.Run(name, func(t *testing.T) {
			newBus(t)
			owner := newServer(t, 0)
			s(owner)
			r := reservations{}
			err := r.take("3", "hw:3,0")
			if owner.hangs != nil {
				close(owner.hangs)
			}
			var failure *engine.Failure
			if !errors.As(err, &failure) || failure.Code != engine.Busy || !strings.Contains(failure.Text, "reserved by Offhook") {
				t.Errorf("%v", err)
			}
			if o := owner3(t); o != owner.conn.Names()[0] || len(r) > 0 {
				t.Errorf("%q has it; %v", o, r)
			}
		})
	}
}

func TestWithoutABusNothingIsReserved(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+t.TempDir()+"/none")
	r := reservations{}
	if err := r.take("3", "hw:3,0"); err != nil || len(r) > 0 {
		t.Error(err, r)
	}
	r.give("3")
}
