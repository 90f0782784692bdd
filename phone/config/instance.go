package config

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// Instance is the UUID by which servers know this phone again (RFC 5626 section 4.1). It is kept in the folder dir; a
// phone that finds none there makes one. On an error the UUID is good for this run.
func Instance(dir string) (string, error) {
	path := filepath.Join(dir, "instance")
	data, err := os.ReadFile(path)
	if id := strings.TrimSpace(string(data)); err == nil && uuidForm.MatchString(id) {
		return id, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return newUUID(), fmt.Errorf("the instance of this phone cannot be read: %w", err)
	}
	id := newUUID()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return id, fmt.Errorf("the instance of this phone cannot be kept: %w", err)
	}
	if err := os.WriteFile(path, []byte(id+"\n"), 0o600); err != nil {
		return id, fmt.Errorf("the instance of this phone cannot be kept: %w", err)
	}
	return id, nil
}

// newUUID is a random UUID (RFC 9562 section 5.4).
func newUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
