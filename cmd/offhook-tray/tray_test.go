package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"offhook/phone/control"
	"offhook/phone/control/controltest"
	"offhook/phone/menu"
)

// next waits for an update.
func next(t *testing.T, updates <-chan update) update {
	t.Helper()
	select {
	case u := <-updates:
		return u
	case <-time.After(10 * time.Second):
		t.Fatal("no update came")
		return update{}
	}
}

func TestThePhoneIsFollowedThroughEndAndNewStart(t *testing.T) {
	socket := filepath.Join(controltest.ShortDir(t), "sub", "control.sock")
	client := control.NewClient(socket)
	updates := make(chan update)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		follow(ctx, client, []string{socket}, func(u update) {
			select {
			case updates <- u:
			case <-ctx.Done():
			}
		})
	}()
	if u := next(t, updates); u.running {
		t.Error("a phone is seen before there is one")
	}
	for _, missed := range []int{1, 2} { // two lives of the phone
		b := &controltest.Backend{}
		b.SetStatus(control.Status{State: "idle", Missed: missed})
		listener, err := control.Listen(socket)
		if err != nil {
			t.Fatal(err)
		}
		stop := controltest.ServeOn(t, b, listener)
		u := next(t, updates)
		for !u.running { // that it is gone may be told more than once
			u = next(t, updates)
		}
		if u.status.Missed != missed {
			t.Errorf("phone %d started: %+v", missed, u)
		}
		b.SetStatus(control.Status{State: "ringing", Missed: missed})
		if u := next(t, updates); !u.running || u.status.State != "ringing" {
			t.Errorf("phone %d rings: %+v", missed, u)
		}
		stop()
		for u := next(t, updates); u.running; u = next(t, updates) {
		}
	}
	cancel()
	<-done
}

func TestClicksBecomeCommandsAndRefusalsAreShown(t *testing.T) {
	refused := &control.Error{Code: control.CodeRefused, Message: "not now"}
	b := &controltest.Backend{OnDo: func(_ context.Context, c control.Command) (control.Result, error) {
		if c.Verb == "answer" {
			return control.Result{}, refused
		}
		return control.Result{}, nil
	}}
	socket := controltest.Serve(t, b)
	tr := &tray{client: control.NewClient(socket), sockets: []string{socket}}
	p := &loudPaper{paper: newPaper(), puts: make(chan menu.Item, 100)}
	v := newView(p)
	updates, clicks := make(chan update), make(chan int)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tr.loop(t.Context(), v, updates, clicks)
	}()
	updates <- update{running: true, status: control.Status{State: "ringing", Calls: []control.Call{{ID: "in-1", State: "incoming"}}}}
	calls := v.first[menu.Calls]
	clicks <- calls // the heading: nothing happens
	clicks <- calls + 1
	if c := b.NextCommand(t); c.Verb != "answer" || c.Args["call"] != "in-1" {
		t.Errorf("clicked Answer: %+v", c)
	}
	p.await(t, "Answer: not now")
	clicks <- v.first[menu.DND]
	if c := b.NextCommand(t); c.Verb != "dnd" || c.Args["on"] != "true" {
		t.Errorf("clicked Do not disturb: %+v", c)
	}
	clicks <- v.first[menu.Quit]
	if c := b.NextCommand(t); c.Verb != "quit" {
		t.Errorf("clicked Quit Offhook: %+v", c)
	}
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("the icon stays after Quit Offhook")
	}
}

// loudPaper tells of each item put on it.
type loudPaper struct {
	*paper
	puts chan menu.Item
}

func (p *loudPaper) put(n int, i menu.Item) {
	p.paper.put(n, i)
	p.puts <- i
}

func (p *loudPaper) await(t *testing.T, label string) {
	t.Helper()
	for deadline := time.After(10 * time.Second); ; {
		select {
		case i := <-p.puts:
			if i.Label == label {
				return
			}
		case <-deadline:
			t.Fatalf("%q is not shown", label)
		}
	}
}

func TestTheIconCanBeClosedWithoutAPhone(t *testing.T) {
	tr := &tray{client: control.NewClient(controltest.ShortDir(t) + "/control.sock")}
	v := newView(newPaper())
	clicks := make(chan int)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tr.loop(t.Context(), v, nil, clicks)
	}()
	clicks <- v.first[menu.Quit]
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("it stays")
	}
}

func TestIconFoldersOfDeadProcessesAreRemoved(t *testing.T) {
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal("no process to look at: ", err)
	}
	dir := t.TempDir()
	dead := filepath.Join(dir, "tray-icons-"+strconv.Itoa(gone.Process.Pid))
	living := filepath.Join(dir, "tray-icons-"+strconv.Itoa(os.Getppid()))
	other := filepath.Join(dir, "tray-icons-x")
	for _, d := range []string{dead, living, other} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dead, "systray_abc"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	folder, err := iconFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	for d, want := range map[string]bool{dead: false, living: true, other: true, folder: true} {
		if _, err := os.Stat(d); (err == nil) != want {
			t.Errorf("%s: %v, want it there: %v", d, err, want)
		}
	}
}
