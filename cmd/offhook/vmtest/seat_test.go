//go:build usb

package vmtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/devices/virtual/usb"
	"offhook/devices/virtual/usb/usbtest"
	"offhook/udev"
)

func TestWhoSitsAtTheSeatMayOpenThePhone(t *testing.T) {
	rules(t)
	for name, groups := range map[string][]string{"alice": nil, "bob": nil, "ssh": nil, "sshplug": {"plugdev"}} {
		if groups == nil {
			groups = []string{"users"}
		}
		user(t, name, groups...)
	}
	command(t, "loginctl", "enable-linger", "ssh")
	pl := usbtest.Plug(t, usbtest.Profile(t, "handset"), usb.Config{NoSound: true})
	who := func(when, want string) {
		t.Helper()
		var got []string
		for _, name := range []string{"alice", "bob", "ssh", "sshplug"} {
			if may(t, name) {
				got = append(got, name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v may open it, want %s\n%s", when, got, want, command(t, "getfacl", "-p", pl.Info.Path))
		}
	}
	who("nobody at the seat", "sshplug")

	command(t, "busybox", "chvt", "2")
	alice := login(t, "alice", 2, "sleep", "infinity")
	from := time.Now()
	eventually(t, "alice sits down", func() bool { return may(t, "alice") })
	t.Logf("session → permission %v at most", time.Since(from))
	login(t, "ssh", 0, "sleep", "infinity")
	login(t, "bob", 3, "sleep", "infinity")
	who("alice at the seat, bob in the background, the others over ssh", "alice sshplug")

	command(t, "busybox", "chvt", "3")
	eventually(t, "bob takes the seat", func() bool { return may(t, "bob") })
	who("bob at the seat", "bob sshplug")

	command(t, "loginctl", "activate", alice)
	eventually(t, "alice takes it back", func() bool { return may(t, "alice") })
	who("alice at the seat again", "alice sshplug")

	// A phone that is plugged in then is hers from the first.
	other := usbtest.Plug(t, usbtest.Profile(t, "headset"), usb.Config{NoSound: true})
	if out, code := as(t, "alice", "udev", "check"); code != 0 {
		t.Errorf("of %s: exit %d\n%s", other.Info.Path, code, out)
	}
	out, code := as(t, "bob", "udev", "check")
	if code == 0 || !strings.Contains(out, "you are not at the seat of this computer") || !strings.Contains(out, "usermod -aG plugdev bob") {
		t.Errorf("bob is told, exit %d:\n%s", code, out)
	}
}

func TestAPhoneIsLetGoForWhoTakesTheSeat(t *testing.T) {
	rules(t)
	user(t, "carol", "users")
	user(t, "dave", "users")
	command(t, "busybox", "chvt", "4")
	carol := login(t, "carol", 4, offhookPath(t), "run", "--headless", "--verbose")
	pl := usbtest.Plug(t, usbtest.Profile(t, "handset"), usb.Config{NoSound: true})
	shows := func(s virtual.State) bool { return s.Display[0] == "Offhook" }
	pl.See(t, "carol's offhook", shows)

	command(t, "busybox", "chvt", "5")
	from := time.Now()
	login(t, "dave", 5, "sleep", "infinity")
	pl.See(t, "nobody's", func(s virtual.State) bool { return strings.TrimSpace(s.Display[0]) == "" })
	t.Logf("another session → let go %v", time.Since(from))
	eventually(t, "dave may open it", func() bool { return may(t, "dave") })
	if may(t, "carol") {
		t.Error("carol may open it still")
	}

	command(t, "loginctl", "activate", carol)
	from = time.Now()
	pl.See(t, "carol's offhook again", shows)
	t.Logf("session back → in use %v", time.Since(from))
}

func TestTheServiceOfASystemWithoutADesktopIsAPhone(t *testing.T) {
	rules(t)
	unit, err := os.ReadFile("offhook-headless.service")
	if err != nil {
		t.Fatal(err)
	}
	const path = "/etc/systemd/system/offhook-headless.service"
	// The service does not see the folders of others, /tmp among them.
	command(t, "install", "-m", "755", "offhook", "offhook-sound", "/usr/local/bin/")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(unit), "@bindir@", "/usr/local/bin")), 0o644); err != nil {
		t.Fatal(err)
	}
	command(t, "systemd-sysusers", filepath.Join(filepath.Dir(offhookPath(t)), "offhook.sysusers"))
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(tryCommand("journalctl", "--no-pager", "-u", "offhook-headless"))
		}
		command(t, "systemctl", "stop", "offhook-headless")
		os.Remove(path)
		command(t, "systemctl", "daemon-reload")
	})
	command(t, "systemctl", "daemon-reload")
	command(t, "systemctl", "start", "--job-mode=ignore-dependencies", "offhook-headless")
	pl := usbtest.Plug(t, usbtest.Profile(t, "handset"), usb.Config{NoSound: true})
	pl.See(t, "the idle display", func(s virtual.State) bool { return s.Display[0] == "Offhook" })
	if out := command(t, offhookPath(t), "devices"); !strings.Contains(out, pl.Info.Path) && !strings.Contains(out, "handset") {
		t.Errorf("root asks it for its devices:\n%s", out)
	}
}

func TestWithoutARuleOffhookSaysWhichIsMissing(t *testing.T) {
	user(t, "carol", "users")
	pl := usbtest.Plug(t, usbtest.Profile(t, "handset"), usb.Config{NoSound: true})
	out, _ := as(t, "carol", "devices")
	if !strings.Contains(out, pl.Info.Path+" may not be opened: the rule "+udev.RulesPath+" is missing\n  run: sudo offhook udev install\n") {
		t.Errorf("offhook devices:\n%s", out)
	}

	// With the rule, for carol as one of plugdev; without it again, not even then.
	group(t, "plugdev")
	command(t, "usermod", "-aG", "plugdev", "carol")
	command(t, offhookPath(t), "udev", "install")
	if !may(t, "carol") {
		t.Error("the rule is there, and carol may not")
	}
	command(t, offhookPath(t), "udev", "remove")
	if may(t, "carol") {
		t.Error("the rule is gone, and carol still may")
	}
	if out, code := as(t, "carol", "udev", "check"); code == 0 || !strings.Contains(out, udev.RulesPath) {
		t.Errorf("udev check: exit %d\n%s", code, out)
	}
}
