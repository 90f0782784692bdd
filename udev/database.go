package udev

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Database is the folder in which udev keeps what its rules said of each device.
type Database string

// RunDatabase is the one of this machine.
const RunDatabase Database = "/run/udev/data"

// Record is what the database has of one device.
type Record struct {
	Properties map[string]string
	Tags       []string
}

// maxRecord bounds what is read of a record, in bytes.
const maxRecord = 64 << 10

// Record reads what is known of a device by its ID: "c244:3" for the character
// device 244:3, "+sound:card1" for a device without a node. False when udev has
// not seen it.
func (d Database) Record(id string) (Record, bool) {
	f, err := os.Open(filepath.Join(string(d), id))
	if err != nil {
		return Record{}, false
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxRecord))
	if err != nil {
		return Record{}, false
	}
	r := Record{Properties: map[string]string{}}
	for line := range bytes.Lines(raw) {
		kind, value, _ := strings.Cut(strings.TrimRight(string(line), "\n"), ":")
		switch kind {
		case "E":
			key, value, _ := strings.Cut(value, "=")
			r.Properties[key] = value
		case "G":
			r.Tags = append(r.Tags, value)
		}
	}
	return r, true
}

// RecordOf reads the record of the node of a device, given by its directory in
// sysfs, such as /sys/class/hidraw/hidraw3. usb nodes and hidraw nodes are both
// character devices.
func (d Database) RecordOf(dir string) (Record, bool) {
	number, err := os.ReadFile(filepath.Join(dir, "dev"))
	if err != nil {
		return Record{}, false
	}
	return d.Record("c" + strings.TrimSpace(string(number)))
}

// Marked are the hidraw nodes that our rules have opened to users.
func (s Sysfs) Marked(db Database) []string {
	links, err := filepath.Glob(filepath.Join(string(s), "class", "hidraw", "hidraw*"))
	if err != nil {
		return nil // only a malformed pattern gives one, and this is none
	}
	var nodes []string
	for _, link := range links {
		if r, ok := db.RecordOf(link); ok && r.Properties["OFFHOOK_PHONE"] != "" {
			nodes = append(nodes, filepath.Join("/dev", filepath.Base(link)))
		}
	}
	return nodes
}
