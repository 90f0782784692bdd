package udev

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// InstallOptions say what Install puts where.
type InstallOptions struct {
	// Root is the root of the system to install into; "" is this one.
	Root string
	// Helper is the program offhook-hid-id to install.
	Helper string
	// Share leaves handsets' sound and keys to the desktop as well.
	Share bool
}

// Change is what was done with one file.
type Change struct {
	Path string `json:"path"` // below the root
	Done string `json:"done"` // "written", "unchanged", "removed", "not there"
}

// Install puts the helper and the rules in place. A file appears whole or not
// at all; the rules come last, so that they never name a helper which is not
// there. Doing it again changes nothing. The error says what could not be
// written; fs.ErrPermission is among it when root is needed.
func Install(opt InstallOptions) ([]Change, error) {
	rules, err := Rules(HelperPath, opt.Share)
	if err != nil {
		return nil, err
	}
	helper, err := readHelper(opt.Helper)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for _, f := range []struct {
		path string
		data []byte
		mode fs.FileMode
	}{{HelperPath, helper, 0o755}, {RulesPath, []byte(rules), 0o644}} {
		done, err := put(filepath.Join(opt.Root, f.path), f.data, f.mode)
		if err != nil {
			return changes, fmt.Errorf("install the rules of udev: %w", err)
		}
		changes = append(changes, Change{f.path, done})
	}
	return changes, nil
}

// maxHelper bounds the size of the helper, in bytes.
const maxHelper = 32 << 20

// readHelper reads the helper, and refuses one that cannot work while the
// system boots: shared libraries may be on a disk that is not there yet.
func readHelper(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("the helper of the rules: %w", err)
	}
	if info.Size() > maxHelper || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("the helper of the rules: %s is no program", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the helper of the rules: %w", err)
	}
	program, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("the helper of the rules: %s is no program for Linux: %w", path, err)
	}
	for _, p := range program.Progs {
		if p.Type == elf.PT_INTERP {
			return nil, fmt.Errorf("the helper of the rules: %s needs shared libraries; "+
				"build it with CGO_ENABLED=0 go build ./cmd/offhook-hid-id", path)
		}
	}
	return data, nil
}

// Remove takes away what Install put in place, and nothing else: the folder of
// the helper goes when nothing is left in it. The rules go first.
func Remove(root string) ([]Change, error) {
	var changes []Change
	for _, path := range []string{RulesPath, HelperPath} {
		done := "removed"
		if err := os.Remove(filepath.Join(root, path)); errors.Is(err, fs.ErrNotExist) {
			done = "not there"
		} else if err != nil {
			return changes, fmt.Errorf("remove the rules of udev: %w", err)
		}
		changes = append(changes, Change{path, done})
	}
	// It fails when there is something of someone else's in it, which stays.
	_ = os.Remove(filepath.Join(root, filepath.Dir(HelperPath)))
	return changes, nil
}

// put writes a file as a whole, unless it is the same already.
func put(path string, data []byte, mode fs.FileMode) (string, error) {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
		if info, err := os.Lstat(path); err == nil && info.Mode() == mode {
			return "unchanged", nil
		}
	}
	dir := filepath.Dir(path)
	if !exists(dir) {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
		// A umask of root's must not keep users from seeing what is installed.
		if err := os.Chmod(dir, 0o755); err != nil {
			return "", err
		}
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*") // udev reads *.rules only
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name()) // fails when it has been renamed
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	return "written", nil
}

// Installed is what is in place of rules and helper.
type Installed string

// States of an installation.
const (
	InstalledNot      Installed = "missing"
	InstalledOutdated Installed = "outdated" // not those of this version
	InstalledShared   Installed = "shared"   // as by Install with Share
	InstalledFull     Installed = "installed"
)

// Inspect tells what is in place of the rules, and whether the helper is.
func Inspect(root string) (rules Installed, helper bool) {
	info, err := os.Stat(filepath.Join(root, HelperPath))
	helper = err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
	text, err := os.ReadFile(filepath.Join(root, RulesPath))
	if err != nil {
		return InstalledNot, helper
	}
	for share, state := range map[bool]Installed{false: InstalledFull, true: InstalledShared} {
		if want, err := Rules(HelperPath, share); err == nil && want == string(text) {
			return state, helper
		}
	}
	return InstalledOutdated, helper
}
