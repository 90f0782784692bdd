package udev

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// smallest is the least that is a program for Linux without shared libraries: an ELF header.
func smallest(t *testing.T) string {
	t.Helper()
	header := make([]byte, 64)
	copy(header, "\x7fELF\x02\x01\x01")
	header[16], header[18], header[20] = 2, 62, 1 // executable, x86-64, version 1
	header[52], header[54] = 64, 56               // sizes of this header and of a program header
	path := filepath.Join(t.TempDir(), "offhook-hid-id")
	if err := os.WriteFile(path, header, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// files lists what is below a root, with modes.
func files(t *testing.T, root string) map[string]fs.FileMode {
	t.Helper()
	all := map[string]fs.FileMode{}
	if err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		all[strings.TrimPrefix(path, root)] = info.Mode()
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestInstallingPutsRulesAndHelperInPlaceAndNothingElse(t *testing.T) {
	root, helper := t.TempDir(), smallest(t)
	changes, err := Install(InstallOptions{Root: root, Helper: helper})
	if err != nil {
		t.Fatal(err)
	}
	if want := []Change{{HelperPath, "written"}, {RulesPath, "written"}}; !slices.Equal(changes, want) {
		t.Errorf("%v", changes)
	}
	if got, want := files(t, root), map[string]fs.FileMode{RulesPath: 0o644, HelperPath: 0o755}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if rules, ok := Inspect(root); rules != InstalledFull || !ok {
		t.Errorf("%v, %v", rules, ok)
	}
}

func TestInstallingAgainChangesNothingAndShareOnlyTheRules(t *testing.T) {
	root, helper := t.TempDir(), smallest(t)
	for i, c := range []struct {
		share bool
		rules string
		state Installed
	}{{false, "written", InstalledFull}, {false, "unchanged", InstalledFull}, {true, "written", InstalledShared}, {true, "unchanged", InstalledShared}, {false, "written", InstalledFull}} {
		changes, err := Install(InstallOptions{Root: root, Helper: helper, Share: c.share})
		if err != nil {
			t.Fatal(err)
		}
		if changes[1] != (Change{RulesPath, c.rules}) || i > 0 && changes[0].Done != "unchanged" {
			t.Errorf("step %d: %v", i, changes)
		}
		if rules, _ := Inspect(root); rules != c.state {
			t.Errorf("step %d: %v", i, rules)
		}
	}
}

func TestRulesOfAnotherVersionAreOutdatedAndReplaced(t *testing.T) {
	root, helper := t.TempDir(), smallest(t)
	path := filepath.Join(root, RulesPath)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("# an older one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if rules, ok := Inspect(root); rules != InstalledOutdated || ok {
		t.Errorf("%v, %v", rules, ok)
	}
	if _, err := Install(InstallOptions{Root: root, Helper: helper}); err != nil {
		t.Fatal(err)
	}
	if got := files(t, root)[RulesPath]; got != 0o644 {
		t.Errorf("mode %v", got)
	}
	if rules, ok := Inspect(root); rules != InstalledFull || !ok {
		t.Errorf("%v, %v", rules, ok)
	}
}

func TestRemovingTakesAwayWhatWasInstalledAndNothingElse(t *testing.T) {
	root, helper := t.TempDir(), smallest(t)
	if _, err := Install(InstallOptions{Root: root, Helper: helper}); err != nil {
		t.Fatal(err)
	}
	neighbours := []string{filepath.Dir(RulesPath) + "/71-mine.rules", filepath.Dir(HelperPath) + "/note"}
	for _, name := range neighbours {
		if err := os.WriteFile(filepath.Join(root, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	changes, err := Remove(root)
	if want := []Change{{RulesPath, "removed"}, {HelperPath, "removed"}}; err != nil || !slices.Equal(changes, want) {
		t.Errorf("%v, %v", changes, err)
	}
	left := files(t, root)
	for _, name := range neighbours {
		if _, ok := left[name]; !ok || len(left) != len(neighbours) {
			t.Errorf("left: %v", left)
		}
	}
	// Again, and where nothing ever was.
	for _, root := range []string{root, t.TempDir()} {
		changes, err := Remove(root)
		if want := []Change{{RulesPath, "not there"}, {HelperPath, "not there"}}; err != nil || !slices.Equal(changes, want) {
			t.Errorf("%v, %v", changes, err)
		}
	}
	// The helper's folder was ours, and goes when it is empty.
	if err := os.Remove(filepath.Join(root, neighbours[1])); err != nil {
		t.Fatal(err)
	}
	if _, err := Remove(root); err != nil {
		t.Fatal(err)
	}
	if exists(filepath.Join(root, filepath.Dir(HelperPath))) {
		t.Error("the helper's folder was left")
	}
}

func TestAHelperThatCannotWorkIsNotInstalled(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, helper := range []string{script, dir, filepath.Join(dir, "missing"), "/bin/sh" /* has shared libraries */} {
		if helper == "/bin/sh" && runtime.GOOS != "linux" {
			continue
		}
		root := t.TempDir()
		if changes, err := Install(InstallOptions{Root: root, Helper: helper}); err == nil || len(changes) > 0 || len(files(t, root)) > 0 {
			t.Errorf("%s: %v, %v", helper, changes, err)
		}
	}
}
