package udev

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Event is one change of a device.
type Event struct {
	// Action is "add", "remove", "change", "bind", "unbind", …
	Action string
	// Subsystem is "hidraw", "sound", "usb", "input", …
	Subsystem string
	// Devpath is the directory of the device below the mount point of sysfs.
	Devpath string
	// Devname is the device's node, "/dev/hidraw3", empty when it has none.
	Devname string
	// Properties is all that was said, the fields above included.
	Properties map[string]string
}

// Errors of Monitor.Receive that do not end it.
var (
	// ErrOverrun: events were lost, since they came faster than they were
	// received. What is there must be looked at anew.
	ErrOverrun = errors.New("events of devices were lost")
	// errIgnored: not an event, or not one from whom it should be.
	errIgnored = errors.New("message ignored")
)

// Bounds of a message. The kernel's are at most 2 kB (UEVENT_BUFFER_SIZE) with
// 64 properties (UEVENT_NUM_ENVP); udev adds what its rules set.
const (
	maxMessage    = 32 << 10 // bytes
	maxProperties = 512
)

// The header that udev puts before its properties, in the host's byte order
// but for the magic number, which is in network order. Later versions may
// lengthen it.
//
//	0  "libudev\0"   8  magic   12  length of the header
//	16 offset of the properties   20 their length   24 filters (4 × 4 bytes)
const (
	headerPrefix = "libudev\x00"
	headerMagic  = 0xFEEDCAFE
	headerLength = 40
)

// parseMessage reads a message of either form.
func parseMessage(raw []byte) (Event, error) {
	if len(raw) > maxMessage {
		return Event{}, fmt.Errorf("%w: %d bytes", errIgnored, len(raw))
	}
	if bytes.HasPrefix(raw, []byte(headerPrefix)) {
		return parseUdev(raw)
	}
	return parseKernel(raw)
}

func parseUdev(raw []byte) (Event, error) {
	if len(raw) < headerLength {
		return Event{}, fmt.Errorf("%w: udev's header is cut", errIgnored)
	}
	if magic := binary.BigEndian.Uint32(raw[8:]); magic != headerMagic {
		return Event{}, fmt.Errorf("%w: udev's magic number is %08x", errIgnored, magic)
	}
	offset, length := binary.NativeEndian.Uint32(raw[16:]), binary.NativeEndian.Uint32(raw[20:])
	if offset < headerLength || uint64(offset)+uint64(length) > uint64(len(raw)) {
		return Event{}, fmt.Errorf("%w: udev's properties are at %d+%d of %d bytes", errIgnored, offset, length, len(raw))
	}
	return parseProperties(raw[offset : offset+length])
}

// parseKernel reads "add@/devices/…" and then properties.
func parseKernel(raw []byte) (Event, error) {
	head, rest, ok := bytes.Cut(raw, []byte{0})
	action, path, at := strings.Cut(string(head), "@")
	if !ok || !at {
		return Event{}, fmt.Errorf("%w: neither of the kernel nor of udev", errIgnored)
	}
	e, err := parseProperties(rest)
	if err == nil && (e.Action != action || e.Devpath != path) {
		err = fmt.Errorf("%w: its properties are of another device than its first line", errIgnored)
	}
	if err != nil {
		return Event{}, err
	}
	return e, nil
}

// parseProperties reads "KEY=VALUE\0" over and over.
func parseProperties(raw []byte) (Event, error) {
	e := Event{Properties: map[string]string{}}
	for len(raw) > 0 {
		line, rest, ended := bytes.Cut(raw, []byte{0})
		if !ended {
			return Event{}, fmt.Errorf("%w: its last property is cut", errIgnored)
		}
		raw = rest
		key, value, ok := strings.Cut(string(line), "=")
		if !ok || key == "" {
			return Event{}, fmt.Errorf("%w: %.40q is no property", errIgnored, line)
		}
		if len(e.Properties) >= maxProperties {
			return Event{}, fmt.Errorf("%w: more than %d properties", errIgnored, maxProperties)
		}
		e.Properties[key] = value
	}
	e.Action, e.Subsystem, e.Devpath = e.Properties["ACTION"], e.Properties["SUBSYSTEM"], e.Properties["DEVPATH"]
	if e.Action == "" || e.Subsystem == "" || !clean(e.Devpath) {
		return Event{}, fmt.Errorf("%w: no action, subsystem or device", errIgnored)
	}
	if name := e.Properties["DEVNAME"]; name != "" {
		// The kernel says "hidraw3" and "bus/usb/001/004", udev the whole path.
		if !strings.HasPrefix(name, "/") {
			name = "/dev/" + name
		}
		if !clean(name) || !strings.HasPrefix(name, "/dev/") {
			return Event{}, fmt.Errorf("%w: %.40q is no node", errIgnored, name)
		}
		e.Devname = name
	}
	return e, nil
}

// clean tells an absolute path without "..", empty parts or a slash at the end.
func clean(path string) bool {
	if !strings.HasPrefix(path, "/") || strings.ContainsRune(path, 0) {
		return false
	}
	for part := range strings.SplitSeq(path[1:], "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return true
}

// from is who sent a message.
type from struct {
	port   uint32 // netlink port: 0 is the kernel
	group  uint32 // it was sent to: a bit mask
	uid    uint32
	hasUID bool // there were credentials
}

// Groups of NETLINK_KOBJECT_UEVENT, as bit masks.
const (
	groupKernel = 1
	groupUdev   = 2
)

// check refuses messages that are not from whom they should be: anyone may
// send to a listener's own port, and only root is udev.
func (f from) check(listening uint32) error {
	switch {
	case f.group != listening:
		return fmt.Errorf("%w: sent to group %d", errIgnored, f.group)
	case !f.hasUID:
		return fmt.Errorf("%w: its sender is unknown", errIgnored)
	case f.uid != 0:
		return fmt.Errorf("%w: sent by user %d", errIgnored, f.uid)
	case listening == groupKernel && f.port != 0:
		return fmt.Errorf("%w: sent by a program as if by the kernel", errIgnored)
	}
	return nil
}
