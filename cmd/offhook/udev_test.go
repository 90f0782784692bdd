package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"offhook/devices/virtual"
	"offhook/hid"
	"offhook/udev"
)

// helperProgram is the least that is a program for Linux: an ELF header.
func helperProgram(t *testing.T) string {
	t.Helper()
	header := make([]byte, 64)
	copy(header, "\x7fELF\x02\x01\x01")
	header[16], header[18], header[20], header[52], header[54] = 2, 62, 1, 64, 56
	path := filepath.Join(t.TempDir(), "offhook-hid-id")
	if err := os.WriteFile(path, header, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUdevRulesAreInstalledAndRemovedBelowARoot(t *testing.T) {
	root, helper := t.TempDir(), helperProgram(t)
	install := func(args ...string) udevDone {
		t.Helper()
		code, out, errs := offhook(t, append([]string{"udev", "install", "--json", "--root", root, "--helper", helper}, args...)...)
		var done udevDone
		if err := json.Unmarshal([]byte(out), &done); code != 0 || err != nil || errs != "" {
			t.Fatalf("status %d, %v\n%s%s", code, err, out, errs)
		}
		if done.Udev != reloadLeftAlone {
			t.Errorf("udev of this system was %s", done.Udev)
		}
		return done
	}
	if got := install().Files; len(got) != 2 || got[0].Done != "written" || got[1].Done != "written" {
		t.Errorf("%+v", got)
	}
	if got := install().Files; got[0].Done != "unchanged" || got[1].Done != "unchanged" {
		t.Errorf("again: %+v", got)
	}
	rules, err := os.ReadFile(filepath.Join(root, udev.RulesPath))
	if err != nil || !strings.Contains(string(rules), udev.HelperPath) || !strings.Contains(string(rules), "PULSE_IGNORE") {
		t.Errorf("%v\n%s", err, rules)
	}
	install("--share")
	if rules, _ := os.ReadFile(filepath.Join(root, udev.RulesPath)); strings.Contains(string(rules), "_IGNORE") {
		t.Errorf("shared, yet hidden:\n%s", rules)
	}
	code, out, errs := offhook(t, "udev", "remove", "--root", root)
	if code != 0 || errs != "" || !strings.Contains(out, "removed") {
		t.Errorf("status %d\n%s%s", code, out, errs)
	}
	if _, err := os.Stat(filepath.Join(root, udev.RulesPath)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the rules are still there: %v", err)
	}
}

func TestInstallingWithoutAHelperThatWorksSaysSo(t *testing.T) {
	code, out, errs := offhook(t, "udev", "install", "--root", t.TempDir(), "--helper", filepath.Join(t.TempDir(), "missing"))
	if code != exitFailed || out != "" || !strings.Contains(errs, "helper") {
		t.Errorf("status %d\n%s%s", code, out, errs)
	}
}

func TestWhoIsNotRootIsToldTheCommand(t *testing.T) {
	err := needsRoot(&fs.PathError{Op: "mkdir", Path: "/usr/local/lib/offhook", Err: fs.ErrPermission}, "install")
	if told := strings.Contains(err.Error(), "sudo offhook udev install"); told != (os.Geteuid() != 0) {
		t.Error(err)
	}
	if err := needsRoot(errors.New("disk full"), "install"); strings.Contains(err.Error(), "sudo") {
		t.Error(err)
	}
}

// permitted is a system on which all is well.
func permitted(t *testing.T) system {
	p, err := virtual.ByName("handset")
	if err != nil {
		t.Fatal(err)
	}
	return system{
		udev: true, rules: udev.InstalledFull, helper: true, user: "ann", inPlugdev: true,
		descriptor: func(hid.Info) ([]byte, error) { return p.Descriptor, nil },
		access:     func(string) error { return nil },
		record: func(dir string) (udev.Record, bool) {
			if dir != "/sys/class/hidraw/hidraw3" {
				t.Errorf("asked for %s", dir)
			}
			return udev.Record{Properties: map[string]string{"OFFHOOK_PHONE": "handset"}}, true
		},
	}
}

var onePhone = []hid.Info{{Path: "/dev/hidraw3", Backend: hid.BackendHidraw, VendorID: 0x1209, ProductID: 0x7E1E, Name: "Phone"}}

func denied(string) error {
	return &fs.PathError{Op: "access", Path: "/dev/hidraw3", Err: fs.ErrPermission}
}

func unmarked(string) (udev.Record, bool) { return udev.Record{}, false }

func TestCheckNamesWhatIsMissingAndTheCommandThatMendsIt(t *testing.T) {
	keyboard := []byte{0x05, 0x01, 0x09, 0x06, 0xA1, 0x01, 0xC0}
	for _, c := range []struct {
		name            string
		change          func(s *system)
		ok              bool
		problem, remedy string // of the phone, in part
	}{
		{"all is well", func(*system) {}, true, "", ""},
		{"shared", func(s *system) { s.rules = udev.InstalledShared }, true, "", ""},
		{"no rule", func(s *system) { s.rules, s.helper, s.access, s.record = udev.InstalledNot, false, denied, unmarked }, false, "no rule", "sudo offhook udev install"},
		{"no rule, but root", func(s *system) { s.rules, s.helper = udev.InstalledNot, false }, false, "", ""},
		{"an older rule", func(s *system) { s.rules, s.access = udev.InstalledOutdated, denied }, false, "no rule", "sudo offhook udev install"},
		{"no helper", func(s *system) { s.helper, s.access = false, denied }, false, "no rule", "sudo offhook udev install"},
		{"not plugged in since", func(s *system) { s.access, s.record = denied, unmarked }, false, "not been applied", "plug it in again"},
		{"over ssh", func(s *system) { s.access, s.inPlugdev = denied, false }, false, "not at the seat", "usermod -aG plugdev ann"},
		{"gone", func(s *system) { s.access = func(string) error { return fs.ErrNotExist } }, false, "unplugged", "plug it in again"},
		{"no udev", func(s *system) { s.udev, s.rules, s.access = false, udev.InstalledNot, denied }, false, "permission denied", "chgrp plugdev /dev/hidraw3"},
		{"a keyboard in it", func(s *system) {
			raw, _ := s.descriptor(hid.Info{})
			s.descriptor = func(hid.Info) ([]byte, error) { return append(append([]byte(nil), raw...), keyboard...), nil }
			s.access, s.record = denied, unmarked
		}, false, "keyboard", ""},
	} {
		s := permitted(t)
		c.change(&s)
		got := s.check(onePhone)
		if got.OK != c.ok || len(got.Phones) != 1 {
			t.Errorf("%s: %+v", c.name, got)
			continue
		}
		p := got.Phones[0]
		if !strings.Contains(p.Problem, c.problem) || !strings.Contains(p.Remedy, c.remedy) || (p.Problem == "") != (c.problem == "") || (p.Remedy == "") != (c.remedy == "") {
			t.Errorf("%s: problem %q, remedy %q", c.name, p.Problem, p.Remedy)
		}
		if p.ID != "1209:7e1e" || p.Kind != "handset" || p.Node != "/dev/hidraw3" {
			t.Errorf("%s: %+v", c.name, p)
		}
	}
}

func TestCheckLooksAtTelephonesOnly(t *testing.T) {
	s := permitted(t)
	s.descriptor = func(hid.Info) ([]byte, error) { return []byte{0x05, 0x01, 0x09, 0x02, 0xA1, 0x01, 0xC0}, nil }
	s.access = denied
	if got := s.check(onePhone); !got.OK || len(got.Phones) != 0 {
		t.Errorf("a mouse: %+v", got)
	}
	// A phone that tells nothing of itself is known by its numbers.
	s.descriptor = func(hid.Info) ([]byte, error) { return nil, hid.ErrUnsupported }
	dir := t.TempDir()
	for name, text := range map[string]string{"busnum": "1\n", "devnum": "9\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.record = func(asked string) (udev.Record, bool) {
		if asked != dir {
			t.Errorf("asked for %s", asked)
		}
		return udev.Record{}, false
	}
	yealink := hid.Info{Path: "1-2:1.3", Backend: hid.BackendLibusb, VendorID: 0x6993, ProductID: 0xB001, Sysfs: filepath.Join(dir, "1-2:1.3")}
	got := s.check([]hid.Info{yealink})
	if got.OK || len(got.Phones) != 1 || got.Phones[0].Node != "/dev/bus/usb/001/009" || got.Phones[0].Remedy == "" {
		t.Errorf("%+v", got)
	}
}

func TestCheckPrintsWhatToDo(t *testing.T) {
	s := permitted(t)
	s.rules, s.helper, s.access, s.record = udev.InstalledNot, false, denied, unmarked
	var out strings.Builder
	if err := (&app{out: &out}).writePermissions(s.check(onePhone)); err != nil {
		t.Fatal(err)
	}
	want := `the rule /etc/udev/rules.d/70-offhook.rules is missing
  run: sudo offhook udev install
1209:7e1e Phone (handset) at /dev/hidraw3: you may not open it: no rule opens it
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}
