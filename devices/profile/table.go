package profile

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

//go:embed tables/*.txt
var tables embed.FS

// Table is profiles of many devices. It is not changed once made, so any number of
// goroutines may use it. The nil Table is that of this program.
type Table struct{ user, own []Profile }

// builtIn is the table of this program. Tests see to it that it can be read.
var builtIn = sync.OnceValue(func() *Table {
	t := &Table{}
	err := fs.WalkDir(tables, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := tables.ReadFile(path)
		if err != nil {
			return err
		}
		list, err := Read(path, string(text))
		t.own = append(t.own, list...)
		return err
	})
	if err != nil {
		panic(err)
	}
	return t
})

// BuiltIn lists the profiles of this program.
func BuiltIn() []Profile { return slices.Clone(builtIn().own) }

// With is this program's table and more profiles, which overrule it.
func With(user []Profile) *Table {
	t := &Table{own: builtIn().own}
	for _, p := range user {
		p.User = true
		t.user = append(t.user, p)
	}
	return t
}

// Find puts together what is known of a device: of its vendor, then of itself, by
// this program and then by the user.
func (t *Table) Find(vendor, product uint16) Profile {
	if t == nil {
		t = builtIn()
	}
	var p Profile
	for _, list := range [][]Profile{t.own, t.user} {
		for _, every := range []bool{true, false} {
			for i := range list {
				if slices.ContainsFunc(list[i].IDs, func(id ID) bool {
					return id.Vendor == vendor && id.Every == every && (every || id.Product == product)
				}) {
					p.over(&list[i])
				}
			}
		}
	}
	return p
}

// maxFile bounds a user's table in bytes, maxFiles how many are read.
const (
	maxFile  = 256 << 10
	maxFiles = 256
)

// SystemFolder has the tables of all users of a machine. The udev rules go by them,
// too: a device that is taught there may be opened.
const SystemFolder = "/etc/offhook/devices"

// Load reads the users' tables, *.txt in folders, in the order of their names; later
// folders overrule. A folder that is not there is none. A file that is wrong is left
// out, and the error, which is then joined of one for each file, says so; the table
// is good to use all the same.
func Load(folders ...string) (*Table, error) {
	var all []Profile
	var errs []error
	for _, folder := range folders {
		list, err := loadFolder(folder)
		all, errs = append(all, list...), append(errs, err)
	}
	return With(all), errors.Join(errs...)
}

func loadFolder(folder string) ([]Profile, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the device profiles: %w", err)
	}
	var all []Profile
	var errs []error
	read := 0
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".txt") {
			continue
		}
		path := filepath.Join(folder, e.Name())
		if read++; read > maxFiles {
			errs = append(errs, fmt.Errorf("%s: more than %d device profiles; this one and those after it are left out", path, maxFiles))
			break
		}
		list, err := readFile(path)
		if err != nil {
			errs = append(errs, fmt.Errorf("device profile left out: %w", err))
			continue
		}
		all = append(all, list...)
	}
	return all, errors.Join(errs...)
}

func readFile(path string) ([]Profile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s is larger than %d kB: this is no device profile", path, maxFile>>10)
	}
	return Read(path, string(text))
}
