package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
)

// maxSecret bounds a password file, in bytes.
const maxSecret = 1024

// readPassword takes the password from the file named by password_file, or from the key password.
func readPassword(t *table, dst *Password) {
	var inline, file string
	hasInline, hasFile := t.text("password", &inline), t.text("password_file", &file)
	switch {
	case hasInline && hasFile:
		t.fail("password", "password and password_file are both there: take one out")
	case hasInline:
		*dst = NewPassword(inline)
	case hasFile && file == "":
		t.fail("password_file", "password_file is empty: name the file that holds the password, or take the line out")
	case hasFile:
		t.secretFile("password_file", t.absolute(file), dst)
	}
}

// secretFile reads a password from a file of one line.
func (t *table) secretFile(key, path string, dst *Password) {
	// Asked before opening: to open a FIFO is to wait for its writer.
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		t.fail(key, "password file %s is not a plain file", clip(path))
		return
	}
	f, err := os.Open(path)
	if err != nil {
		remedy := ""
		switch {
		case errors.Is(err, fs.ErrNotExist):
			remedy = ": write the password in it, with an editor, and chmod 600 it"
		case errors.Is(err, fs.ErrPermission):
			remedy = ": it must be readable by the user the phone runs as"
		}
		t.fail(key, "password file %s cannot be read: %v%s", clip(path), cause(err), remedy)
		return
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		t.fail(key, "password file %s cannot be read: %v", clip(path), cause(err))
		return
	}
	secret := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	switch {
	case len(data) > maxSecret:
		t.fail(key, "password file %s is larger than %d bytes: it holds the password and nothing else", clip(path), maxSecret)
	case secret == "":
		t.fail(key, "password file %s is empty: write the password in it", clip(path))
	case badText(secret) != "":
		t.fail(key, "password file %s holds more than one line: it holds the password and nothing else", clip(path))
	default:
		*dst = NewPassword(secret)
		if othersRead(info) {
			t.warn(key, "password file %s can be read by others: chmod 600 it", clip(path))
		}
	}
}

// othersRead says whether group or world may read the file. Windows has no such bits.
func othersRead(info fs.FileInfo) bool {
	return runtime.GOOS != "windows" && info.Mode().Perm()&0o044 != 0
}

// inlinePasswords warns of passwords that stand in a file others may read.
func inlinePasswords(name string, data []byte, cfg *Config, info fs.FileInfo) []Warning {
	if !othersRead(info) {
		return nil
	}
	var warnings []Warning
	lines := indexLines(string(data))
	for i := range cfg.Accounts {
		if line, ok := lines[fmt.Sprintf("account[%d].password", i)]; ok {
			warnings = append(warnings, Warning{name, line,
				"the password stands in a file that others can read: chmod 600 it, or use password_file"})
		}
	}
	return warnings
}
