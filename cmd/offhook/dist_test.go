package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"offhook/phone/menu"
)

// programs are what `make install` installs to the folder of programs.
var programs = []string{"offhook", "offhook-hid-id", "offhook-sound", "offhook-tray"}

// tool finds a program that judges what we install; without it, the test is skipped, in CI failed. `make test` installs them all.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		message := fmt.Sprintf("NOT TESTED: %s is not there; .ci/install dist installs it", name)
		if os.Getenv("CI") != "" {
			t.Fatal(message)
		}
		t.Skip(message)
	}
	return path
}

// silent runs a judge, which must have nothing to say.
func silent(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(tool(t, name), args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "MAN_KEEP_STDERR=1")
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// makeTarget runs a target of the Makefile with programs that do nothing.
func makeTarget(t *testing.T, target string, vars ...string) {
	t.Helper()
	bin := t.TempDir()
	for _, p := range programs {
		if err := os.WriteFile(filepath.Join(bin, p), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// --old-file: the programs are built already.
	args := append([]string{"-C", "../..", "--old-file=build", target, "BIN=" + bin}, vars...)
	cmd := exec.Command(tool(t, "make"), args...)
	// What an outer make, or its user, has set is not for this one.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "MAKE") || strings.HasPrefix(v, "PREFIX=") || strings.HasPrefix(v, "AUTOSTART=")
	})
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make %s: %v\n%s", target, err, out)
	}
}

// filesBelow are the paths of all files below a folder, as seen from it.
func filesBelow(t *testing.T, root string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, strings.TrimPrefix(path, root))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestInstallAndUninstall(t *testing.T) {
	for _, test := range []struct {
		name string
		vars []string
		want string
	}{
		{"for the system", []string{"HOME=/root"}, `
			/etc/xdg/autostart/offhook-tray.desktop
			/usr/local/bin/offhook
			/usr/local/bin/offhook-hid-id
			/usr/local/bin/offhook-sound
			/usr/local/bin/offhook-tray
			/usr/local/lib/systemd/system/offhook-headless.service
			/usr/local/lib/sysusers.d/offhook.conf
			/usr/local/share/applications/offhook-dial.desktop
			/usr/local/share/applications/offhook.desktop
			/usr/local/share/bash-completion/completions/offhook
			/usr/local/share/icons/hicolor/scalable/apps/offhook.svg
			/usr/local/share/man/man1/offhook-sound.1
			/usr/local/share/man/man1/offhook-tray.1
			/usr/local/share/man/man1/offhook.1
			/usr/local/share/systemd/user/offhook.service`},
		{"for one user", []string{"HOME=/home/u", "PREFIX=/home/u/.local"}, `
			/home/u/.config/autostart/offhook-tray.desktop
			/home/u/.local/bin/offhook
			/home/u/.local/bin/offhook-hid-id
			/home/u/.local/bin/offhook-sound
			/home/u/.local/bin/offhook-tray
			/home/u/.local/share/applications/offhook-dial.desktop
			/home/u/.local/share/applications/offhook.desktop
			/home/u/.local/share/bash-completion/completions/offhook
			/home/u/.local/share/icons/hicolor/scalable/apps/offhook.svg
			/home/u/.local/share/man/man1/offhook-sound.1
			/home/u/.local/share/man/man1/offhook-tray.1
			/home/u/.local/share/man/man1/offhook.1
			/home/u/.local/share/systemd/user/offhook.service`},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			vars := append(test.vars, "DESTDIR="+root)
			makeTarget(t, "install", vars...)
			files := filesBelow(t, root)
			if want := strings.Fields(test.want); !slices.Equal(files, want) {
				t.Errorf("installed:\n%s\nwant:\n%s", strings.Join(files, "\n"), strings.Join(want, "\n"))
			}
			for _, f := range files {
				data, err := os.ReadFile(filepath.Join(root, f))
				if err != nil || len(data) == 0 || bytes.Contains(data, []byte("@bindir@")) {
					t.Errorf("%s: %v\n%s", f, err, data)
				}
			}
			makeTarget(t, "uninstall", vars...)
			if left := filesBelow(t, root); len(left) > 0 {
				t.Errorf("left behind: %s", left)
			}
		})
	}
}

func TestUnitsPassSystemdAnalyze(t *testing.T) {
	tool(t, "systemd-analyze")
	// Installed without DESTDIR, since the programs of a unit must be there.
	prefix := t.TempDir()
	makeTarget(t, "install", "HOME=/root", "PREFIX="+prefix, "AUTOSTART="+prefix, "desktop-list=true")
	// Units of other packages may be missing on this machine; ours must be without fault.
	for mode, unit := range map[string]string{
		"--system": prefix + "/lib/systemd/system/offhook-headless.service",
		"--user":   prefix + "/share/systemd/user/offhook.service",
	} {
		cmd := exec.Command("systemd-analyze", mode, "--man=no", "--recursive-errors=no", "verify", unit)
		cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir())
		if out, err := cmd.CombinedOutput(); err != nil || bytes.Contains(out, []byte("offhook")) {
			t.Errorf("%s: %v\n%s", unit, err, out)
		}
	}
	if out, err := exec.Command(tool(t, "systemd-sysusers"), "--dry-run", prefix+"/lib/sysusers.d/offhook.conf").CombinedOutput(); err != nil {
		t.Errorf("systemd-sysusers: %v\n%s", err, out)
	}
}

func TestDesktopEntriesAreValid(t *testing.T) {
	silent(t, "desktop-file-validate", "dist/offhook.desktop", "dist/offhook-dial.desktop", "../offhook-tray/dist/offhook-tray.desktop")
}

func TestTheInstalledIconIsATelephoneAtRest(t *testing.T) {
	const path = "dist/offhook.svg"
	if *update {
		if err := os.WriteFile(path, menu.Registered.SVG(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, menu.Registered.SVG()) {
		t.Errorf("%s is not what package menu draws (go test -update writes it anew): %v", path, err)
	}
}

func TestManPagesAreWellFormed(t *testing.T) {
	for _, page := range []string{"dist/offhook.1", "dist/offhook-sound.1", "../offhook-tray/dist/offhook-tray.1"} {
		silent(t, "mandoc", "-T", "lint", "-W", "warning", page)
	}
}

// verbs are the commands of the command line, as "udev install", each with the names of its own flags.
func verbs(t *testing.T) map[string][]string {
	t.Helper()
	parser, err := kong.New(&cli{})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, leaf := range parser.Model.Leaves(true) {
		var words []string
		for n := leaf; n.Type == kong.CommandNode; n = n.Parent {
			words = append([]string{n.Name}, words...)
		}
		name, flags := strings.Join(words, " "), []string{}
		for _, group := range leaf.AllFlags(true) {
			for _, f := range group {
				flags = append(flags, f.Name)
			}
		}
		all[name] = flags
	}
	return all
}

func TestTheManPageHasEveryVerbAndFlagAndNoOther(t *testing.T) {
	page, err := os.ReadFile("dist/offhook.1")
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\.It Cm ([a-z-]+(?: [a-z-]+)?)(?: [A-Z].*)?$`).FindAllSubmatch(page, -1) {
		said[string(m[1])] = true
	}
	flagsSaid := map[string]bool{}
	for _, m := range regexp.MustCompile(`Fl -?([a-z-]+)`).FindAllSubmatch(page, -1) {
		flagsSaid[strings.TrimPrefix(string(m[1]), "-")] = true
	}
	flags := map[string]bool{"h": true, "v": true}
	for verb, own := range verbs(t) {
		if !said[verb] {
			t.Errorf("the man page does not explain %q", verb)
		}
		delete(said, verb)
		for _, f := range own {
			flags[f] = true
			if !flagsSaid[f] {
				t.Errorf("the man page does not explain --%s of %q", f, verb)
			}
		}
	}
	for verb := range said {
		t.Errorf("the man page explains %q, which there is not", verb)
	}
	for f := range flagsSaid {
		if !flags[f] {
			t.Errorf("the man page explains --%s, which there is not", f)
		}
	}
}

// complete asks bash what it would offer at the end of a command line.
func complete(t *testing.T, words ...string) []string {
	t.Helper()
	const script = `. dist/offhook.bash; COMP_WORDS=(offhook "$@"); COMP_CWORD=$#; compopt() { :; }; _offhook; printf '%s\n' "${COMPREPLY[@]}"`
	out, err := exec.Command(tool(t, "bash"), append([]string{"-c", script, "bash"}, words...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return strings.Fields(string(out))
}

func TestCompletionOffersEveryVerbAndFlag(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("bash of other systems is too old")
	}
	want := map[string][]string{} // words before → words offered
	offer := func(before, word string) {
		if !slices.Contains(want[before], word) {
			want[before] = append(want[before], word)
		}
	}
	for verb, flags := range verbs(t) {
		group, sub, nested := strings.Cut(verb, " ")
		offer("", group)
		if nested {
			offer(group, sub)
		}
		for _, f := range flags {
			offer(verb+" --", "--"+f)
		}
	}
	for before, words := range want {
		line := strings.Fields(before)
		if !strings.HasSuffix(before, "--") {
			line = append(line, "")
		}
		got := complete(t, line...)
		slices.Sort(got)
		slices.Sort(words)
		if !slices.Equal(got, words) {
			t.Errorf("after %q: %q, want %q", before, got, words)
		}
	}
	if got := complete(t, "handset", "vol"); !slices.Equal(got, []string{"volume-up", "volume-down"}) {
		t.Errorf("%q", got)
	}
	if got := complete(t, "--json", "mute", ""); !slices.Equal(got, []string{"on", "off"}) {
		t.Errorf("%q", got)
	}
}
