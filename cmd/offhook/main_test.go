package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/hid"
	"offhook/phone/control"
	"offhook/phone/control/controltest"
	"offhook/udev"
)

var update = flag.Bool("update", false, "write the golden files anew")

// noon is when the tests happen.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	os.Setenv("COLUMNS", "100") // the help texts wrap at the width of the terminal
	time.Local = time.UTC
	os.Exit(m.Run())
}

// offhook runs a command line as main does.
func offhook(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	a := &app{ctx: t.Context(), out: &out, err: &errs, now: func() time.Time { return noon }}
	code = a.main(args)
	return code, out.String(), errs.String()
}

// golden compares with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s (go test -update writes it anew):\n--- got\n%s--- want\n%s", name, got, want)
	}
}

func TestVerbsBecomeCommands(t *testing.T) {
	b := &controltest.Backend{}
	dir := filepath.Dir(controltest.Serve(t, b))
	tests := []struct {
		line string
		want control.Command
	}{
		{"dial 600", control.Command{Verb: "dial", Args: map[string]string{"target": "600"}}},
		{"dial *43#", control.Command{Verb: "dial", Args: map[string]string{"target": "*43#"}}},
		{"dial sip:bob@example.org --account desk --handset h1", control.Command{Verb: "dial", Args: map[string]string{"target": "sip:bob@example.org", "account": "desk", "handset": "h1"}}},
		{"answer", control.Command{Verb: "answer"}},
		{"answer in-1 --handset h1", control.Command{Verb: "answer", Args: map[string]string{"call": "in-1", "handset": "h1"}}},
		{"decline", control.Command{Verb: "decline"}},
		{"decline in-1", control.Command{Verb: "decline", Args: map[string]string{"call": "in-1"}}},
		{"hang-up", control.Command{Verb: "hang-up"}},
		{"hold", control.Command{Verb: "hold"}},
		{"resume out-2", control.Command{Verb: "resume", Args: map[string]string{"call": "out-2"}}},
		{"swap", control.Command{Verb: "swap"}},
		{"record /x/y.wav --tone", control.Command{Verb: "record", Args: map[string]string{"file": "/x/y.wav", "tone": "true"}}},
		{"record --stop --call in-1", control.Command{Verb: "record", Args: map[string]string{"stop": "true", "call": "in-1"}}},
		{"play /x/y.wav", control.Command{Verb: "play", Args: map[string]string{"file": "/x/y.wav"}}},
		{"conference", control.Command{Verb: "conference"}},
		{"transfer 102", control.Command{Verb: "transfer", Args: map[string]string{"target": "102"}}},
		{"transfer --call in-1 sip:c@example.org", control.Command{Verb: "transfer", Args: map[string]string{"target": "sip:c@example.org", "call": "in-1"}}},
		{"transfer", control.Command{Verb: "transfer"}},
		{"mute on", control.Command{Verb: "mute", Args: map[string]string{"on": "true"}}},
		{"mute off", control.Command{Verb: "mute", Args: map[string]string{"on": "false"}}},
		{"dnd on", control.Command{Verb: "dnd", Args: map[string]string{"on": "true"}}},
		{"dtmf 12# --call in-1", control.Command{Verb: "dtmf", Args: map[string]string{"keys": "12#", "call": "in-1"}}},
		{"account test desk", control.Command{Verb: "account-test", Args: map[string]string{"name": "desk"}}},
		{"handset lift", control.Command{Verb: "handset", Args: map[string]string{"action": "lift"}}},
		{"handset hang-up", control.Command{Verb: "handset", Args: map[string]string{"action": "hang-up"}}},
		{"handset press 600", control.Command{Verb: "handset", Args: map[string]string{"action": "press", "keys": "600"}}},
		{"handset mute --handset h2", control.Command{Verb: "handset", Args: map[string]string{"action": "mute", "handset": "h2"}}},
		{"handset flash", control.Command{Verb: "handset", Args: map[string]string{"action": "flash"}}},
		{"handset redial", control.Command{Verb: "handset", Args: map[string]string{"action": "redial"}}},
		{"handset reject", control.Command{Verb: "handset", Args: map[string]string{"action": "reject"}}},
		{"handset hook", control.Command{Verb: "handset", Args: map[string]string{"action": "hook"}}},
		{"handset volume-up", control.Command{Verb: "handset", Args: map[string]string{"action": "volume-up"}}},
		{"handset volume-down", control.Command{Verb: "handset", Args: map[string]string{"action": "volume-down"}}},
		{"handset unplug", control.Command{Verb: "handset", Args: map[string]string{"action": "unplug"}}},
		{"handset plug", control.Command{Verb: "handset", Args: map[string]string{"action": "plug"}}},
		{"quit", control.Command{Verb: "quit"}},
	}
	for _, test := range tests {
		t.Run(test.line, func(t *testing.T) {
			code, out, errs := offhook(t, append(strings.Fields(test.line), "--state-dir", dir)...)
			if code != 0 || out != "" || errs != "" {
				t.Fatalf("exit %d, output %q, errors %q", code, out, errs)
			}
			if got := b.NextCommand(t); !reflect.DeepEqual(got, test.want) {
				t.Errorf("the phone got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestExitStatusAndMessageOfFailures(t *testing.T) {
	refuse := map[string]error{
		"answer":  &control.Error{Code: control.CodeRefused, Message: "nothing rings"},
		"hang-up": &control.Error{Code: control.CodeNotFound, Message: `there is no call "x"`},
		"hold":    &control.Error{Code: control.CodeBadRequest, Message: "what?"},
		"resume":  &control.Error{Code: control.CodeUnavailable, Message: "the phone is ending"},
		"swap":    errors.New("broken\x1b[31m"),
	}
	b := &controltest.Backend{OnDo: func(_ context.Context, c control.Command) (control.Result, error) {
		return control.Result{}, refuse[c.Verb]
	}}
	here := " --state-dir " + filepath.Dir(controltest.Serve(t, b))
	nowhere := " --state-dir " + controltest.ShortDir(t)
	tests := []struct {
		line   string
		code   int
		stderr string
	}{
		{"answer" + here, 4, "offhook: nothing rings\n"},
		{"hang-up x" + here, 4, "offhook: there is no call \"x\"\n"},
		{"hold" + here, 2, "offhook: what?\n"},
		{"resume" + here, 1, "offhook: the phone is ending\n"},
		{"swap" + here, 1, "offhook: broken·[31m\n"},
		{"status" + nowhere, 3, "offhook is not running: start it with `offhook run`\n"},
		{"dial 600" + nowhere, 3, "offhook is not running: start it with `offhook run`\n"},
		{"events" + nowhere, 3, "offhook is not running: start it with `offhook run`\n"},
		{"answer --json" + here, 4, "{\n  \"error\": {\n    \"code\": \"refused\",\n    \"message\": \"nothing rings\"\n  }\n}\n"},
		{"status --json" + nowhere, 3, "{\n  \"error\": {\n    \"code\": \"not-running\",\n    \"message\": \"offhook is not running: start it with `offhook run`\"\n  }\n}\n"},
		{"statsu", 2, "offhook: unexpected argument statsu, did you mean \"status\"? (try: offhook --help)\n"},
		{"mute maybe", 2, "offhook: <state> must be one of \"on\",\"off\" but got \"maybe\" (try: offhook --help)\n"},
		{"dial", 2, "offhook: expected \"<target>\" (try: offhook --help)\n"},
		{"dtmf 1x" + nowhere, 2, "offhook: \"1x\" are not keys of a telephone: 0-9 * # A-D\n"},
		{"devices describe --descriptor /nonexistent", 1, "offhook: read the descriptor: open /nonexistent: no such file or directory\n"},
	}
	for _, test := range tests {
		t.Run(test.line, func(t *testing.T) {
			code, out, errs := offhook(t, strings.Fields(test.line)...)
			if code != test.code || errs != test.stderr || out != "" {
				t.Errorf("exit %d, errors %q, output %q\nwant %d, %q", code, errs, out, test.code, test.stderr)
			}
		})
	}
}

func TestAMessageOfThePhoneIsPrinted(t *testing.T) {
	b := &controltest.Backend{OnDo: func(context.Context, control.Command) (control.Result, error) {
		return control.Result{Message: "account desk is registered"}.WithData(map[string]int{"expires_in": 60})
	}}
	dir := filepath.Dir(controltest.Serve(t, b))
	if _, out, _ := offhook(t, "account", "test", "desk", "--state-dir", dir); out != "account desk is registered\n" {
		t.Errorf("printed %q", out)
	}
	_, out, _ := offhook(t, "account", "test", "desk", "--json", "--state-dir", dir)
	var result control.Result
	if err := json.Unmarshal([]byte(out), &result); err != nil || !result.OK || result.Message == "" || len(result.Data) == 0 {
		t.Errorf("%v in %s", err, out)
	}
}

// busy is the status of a phone with something of everything.
func busy() control.Status {
	answered := noon.Add(-83 * time.Second)
	return control.Status{
		Version: "1", State: control.StateTalking, DND: true, Muted: true, Missed: 2,
		Accounts: []control.Account{
			{Name: "desk", URI: "sip:alice@example.org", State: control.AccountRegistered, Code: 200, ExpiresIn: 583},
			{Name: "work", URI: "sip:bob@example.com", State: control.AccountFailed, Code: 403, Reason: "Forbidden"},
		},
		Calls: []control.Call{
			{
				ID: "in-1", Direction: "in", State: control.CallActive, Peer: "sip:carol@example.net", PeerName: "Carol \x1b[2J",
				Account: "desk", Handset: "6993:b02b:2", Codec: "PCMA", Muted: true, Since: noon.Add(-90 * time.Second), Answered: &answered,
				Trouble: "one-way sound: nothing comes from the other side",
				Media:   &control.Media{Codec: "PCMA", PacketsSent: 4150, PacketsReceived: 4148, Lost: 2, Late: 1, JitterMS: 0.42, BufferMS: 40, MicDBFS: -20, EarDBFS: -31},
			},
			{ID: "out-2", Direction: "out", State: control.CallActive, Peer: "600", Held: true, Since: noon},
		},
		Handsets: []control.Handset{
			{
				ID: "6993:b02b:2", Name: "USB Phone", Kind: "handset", State: control.HandsetConnected, Lifted: true, Muted: true,
				Call: "in-1", Lights: map[string]bool{"ring": false, "off-hook": true, "mute": true},
			},
			{ID: "virtual", Name: "Emulated", Kind: "handset", State: control.HandsetCollecting, Digits: "60", Virtual: true},
			{ID: "047f:c053:x", Name: "Blackwire", Kind: "headset", State: control.HandsetUnplugged, Error: "no permission"},
		},
	}
}

func TestPrintedPages(t *testing.T) {
	b := &controltest.Backend{OnDo: func(_ context.Context, c control.Command) (control.Result, error) {
		if c.Verb == control.VerbDevices {
			return control.Result{}.WithData(busy().Handsets)
		}
		return control.Result{}.WithData(virtual.State{
			Profile: "handset", Plugged: true, Opened: true, Lifted: true, Display: []string{"Carol", "01:23"}, Reports: 7,
			Lights: map[string]bool{"ring": false, "mute": true, "off-hook": true},
		})
	}}
	b.SetStatus(busy())
	dir := filepath.Dir(controltest.Serve(t, b))
	tests := []struct{ file, line string }{
		{"status.txt", "status"},
		{"status.json", "status --json"},
		{"account-list.txt", "account list"},
		{"account-list.txt", "account"},
		{"account-list.json", "account list --json"},
		{"devices-list.txt", "devices list"},
		{"devices-list.txt", "devices"},
		{"devices-list.json", "devices --json"},
		{"handset-show.txt", "handset show"},
		{"handset-show.json", "handset show --json"},
		{"describe.txt", "devices describe --descriptor testdata/handset.hex"},
		{"describe.json", "devices describe --descriptor testdata/handset.hex --json"},
		{"help.txt", "--help"},
		{"help-handset.txt", "handset --help"},
		{"help-dial.txt", "dial --help"},
	}
	for _, test := range tests {
		t.Run(test.line, func(t *testing.T) {
			code, out, errs := offhook(t, append(strings.Fields(test.line), "--state-dir", dir)...)
			if code != 0 || errs != "" {
				t.Errorf("exit %d, errors %q", code, errs)
			}
			golden(t, test.file, out)
		})
	}
}

func TestAnIdlePhoneSaysSoInALine(t *testing.T) {
	b := &controltest.Backend{}
	dir := filepath.Dir(controltest.Serve(t, b))
	for state, want := range map[string]string{
		"idle": "ready\n", "no-handset": "no handset is plugged in\n", "offline": "offline: no account is registered\n",
		"tomorrow's": "tomorrow's\n",
	} {
		b.SetStatus(control.Status{State: state})
		if _, out, _ := offhook(t, "status", "--state-dir", dir); out != want {
			t.Errorf("%s: %q, want %q", state, out, want)
		}
	}
	if _, out, _ := offhook(t, "account", "--state-dir", dir); out != "no accounts\n" {
		t.Errorf("accounts: %q", out)
	}
}

func TestEventsInWords(t *testing.T) {
	on, off := true, false
	tests := []struct {
		event control.Event
		want  string
	}{
		{control.Event{Type: "account", Account: "desk", State: "registered"}, "account desk registered"},
		{control.Event{Type: "account", Account: "desk", State: "failed", Code: 403, Reason: "Forbidden"}, "account desk failed: 403 Forbidden"},
		{control.Event{Type: "call", Call: "in-1", State: "incoming", Direction: "in", Peer: "sip:b@x", PeerName: "Bob"}, "call in-1 incoming from Bob <sip:b@x>"},
		{control.Event{Type: "call", Call: "out-1", State: "active", Direction: "out", Peer: "600", Handset: "h"}, "call out-1 active to 600 on h"},
		{control.Event{Type: "call", Call: "out-1", State: "ended", Direction: "out", Peer: "600", Code: 486}, "call out-1 ended to 600: 486"},
		{control.Event{Type: "handset", Handset: "h", State: "dial-tone"}, "handset h dial-tone"},
		{control.Event{Type: "key", Handset: "h", Key: "5"}, "handset h key 5"},
		{control.Event{Type: "key", Handset: "h", Control: "flash"}, "handset h key flash"},
		{control.Event{Type: "mute", Handset: "h", On: &on}, "microphone muted on h"},
		{control.Event{Type: "mute", On: &off}, "microphone unmuted"},
		{control.Event{Type: "dnd", On: &on}, "do not disturb on"},
		{control.Event{Type: "dtmf", Call: "in-1", Key: "#"}, "call in-1 received key #"},
		{control.Event{Type: "missed", Peer: "sip:b@x"}, "missed call from sip:b@x"},
		{control.Event{Type: "error", Reason: "no sound"}, "error: no sound"},
		{control.Event{Type: "dropped", Reason: "too slow"}, "no more events: too slow"},
		{control.Event{Type: "status"}, "status changed"},
		{control.Event{Type: "tomorrow's", State: "x"}, "tomorrow's x"},
	}
	for _, test := range tests {
		if got := eventText(test.event); got != test.want {
			t.Errorf("%+v: %q, want %q", test.event, got, test.want)
		}
	}
}

func TestEventsArePrintedOneALineAsTheyHappen(t *testing.T) {
	for _, test := range []struct{ flags, want string }{
		{"", "12:00:00.250  call in-1 incoming from Bob· Evil <sip:b@x>\n"},
		{"--json", `{"time":"2026-11-22T12:00:00.25Z","type":"call","call":"in-1","state":"incoming","peer":"sip:b@x","peer_name":"Bob\u001b\nEvil","direction":"in"}` + "\n"},
	} {
		t.Run(test.flags, func(t *testing.T) {
			b := &controltest.Backend{}
			dir := filepath.Dir(controltest.Serve(t, b))
			ctx, interrupt := context.WithCancel(t.Context())
			out, lines := io.Pipe()
			done := make(chan int, 1)
			go func() {
				done <- (&app{ctx: ctx, out: lines, err: lines, now: time.Now}).main(append([]string{"events", "--state-dir", dir}, strings.Fields(test.flags)...))
			}()
			b.AwaitReaders(t, 1)
			b.Emit(control.Event{Time: noon.Add(250 * time.Millisecond), Type: "call", Call: "in-1", State: "incoming", Direction: "in", Peer: "sip:b@x", PeerName: "Bob\x1b\nEvil"})
			buf := make([]byte, 1000)
			n, err := out.Read(buf) // one write, one line
			if err != nil || string(buf[:n]) != test.want {
				t.Errorf("printed %q, %v; want %q", buf[:n], err, test.want)
			}
			interrupt()
			if code := <-done; code != 0 {
				t.Errorf("exit %d after an interrupt", code)
			}
		})
	}
}

func TestAnInterruptEndsACommandAtOnce(t *testing.T) {
	b := &controltest.Backend{OnDo: func(ctx context.Context, _ control.Command) (control.Result, error) {
		<-ctx.Done()
		return control.Result{}, ctx.Err()
	}}
	dir := filepath.Dir(controltest.Serve(t, b))
	ctx, interrupt := context.WithCancel(t.Context())
	done := make(chan int, 1)
	go func() {
		done <- Main(ctx, []string{"account", "test", "desk", "--state-dir", dir}, io.Discard, io.Discard)
	}()
	b.NextCommand(t)
	start := time.Now()
	interrupt()
	if code := <-done; code != 130 {
		t.Errorf("exit %d", code)
	}
	if d := time.Since(start); d > time.Second {
		t.Errorf("after %v", d)
	}
}

func TestAnInterruptEndsTheWaitForADescriptor(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdin := os.Stdin
	os.Stdin = r
	defer func() { os.Stdin = stdin }()
	defer w.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	if code := Main(ctx, []string{"devices", "describe", "--descriptor", "-"}, io.Discard, io.Discard); code != 130 {
		t.Errorf("exit %d", code)
	}
}

func TestDevicesAreListedWithoutAPhone(t *testing.T) {
	// The descriptor of what has no sysfs folder cannot be read; such a device is listed as it is.
	one := func() ([]hid.Info, error) {
		return []hid.Info{{Path: "1-2:1.3", VendorID: 0x6993, ProductID: 0xb02b, Name: "USB Phone", Backend: hid.BackendLibusb}}, nil
	}
	none := func() ([]hid.Info, error) { return nil, errors.New("no /sys") }
	var out, errs bytes.Buffer
	a := &app{ctx: t.Context(), out: &out, err: &errs, now: time.Now}
	a.bus.enumerate = one
	a.bus.system = func() system {
		return system{descriptor: hid.Descriptor, access: func(string) error { return nil }, record: udev.RunDatabase.RecordOf}
	}
	if err := a.listPlugged(); err != nil || out.String() != "6993:b02b  unknown  USB Phone  1-2:1.3\n\n6993:b02b\n  port  1-2:1.3\n" {
		t.Errorf("%v, %q", err, out.String())
	}
	out.Reset()
	a.bus.enumerate = none
	if err := a.listPlugged(); err != nil || out.String() != "no phones or headsets are plugged in\n" || errs.String() != "offhook: no /sys\n" {
		t.Errorf("%v, %q, %q", err, out.String(), errs.String())
	}
	out.Reset()
	a.json = true
	if err := a.listPlugged(); err != nil || out.String() != "[]\n" {
		t.Errorf("%v, %q", err, out.String())
	}
}

func TestVersion(t *testing.T) {
	if code, out, _ := offhook(t, "version"); code != 0 || out != "offhook "+version+"\n" {
		t.Errorf("exit %d, %q", code, out)
	}
	_, out, _ := offhook(t, "version", "--json")
	var v map[string]string
	if err := json.Unmarshal([]byte(out), &v); err != nil || v["version"] != version {
		t.Errorf("%v in %q", err, out)
	}
}
