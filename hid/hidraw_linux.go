package hid

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// hidraws is the kernel's hidraw interface: where sysfs and the nodes are, and
// the two system calls that tests replace.
type hidraws struct {
	sys, dev string
	open     func(path string) (fd int, err error)
	getInput func(fd uintptr, buf []byte) (int, error)
}

var kernel = hidraws{sys: "/sys", dev: "/dev", open: openNode, getInput: ioctlGetInput}

func enumerateHidraw() ([]Info, error)     { return kernel.enumerate() }
func openHidraw(info Info) (Device, error) { return kernel.openDevice(info) }

// enumerate reads /sys/class/hidraw. It opens no node.
func (h *hidraws) enumerate() ([]Info, error) {
	class := filepath.Join(h.sys, "class", "hidraw")
	entries, err := os.ReadDir(class)
	if err != nil {
		if os.IsNotExist(err) {
			return nil, nil // the module hidraw is not loaded: no device came yet
		}
		return nil, fmt.Errorf("list HID devices: %w", err)
	}
	var infos []Info
	for _, entry := range entries {
		if info, ok := h.info(class, entry.Name()); ok {
			infos = append(infos, info)
		}
	}
	slices.SortFunc(infos, func(a, b Info) int { return nodeNumber(a.Path) - nodeNumber(b.Path) })
	return infos, nil
}

// info describes one node; not ok when the device leaves meanwhile.
func (h *hidraws) info(class, node string) (Info, bool) {
	device, err := filepath.EvalSymlinks(filepath.Join(class, node, "device"))
	if err != nil {
		return Info{}, false
	}
	uevent, err := readSysfs(filepath.Join(device, "uevent"))
	if err != nil {
		return Info{}, false
	}
	info := Info{
		Path:      filepath.Join(h.dev, node),
		Interface: -1,
		Backend:   BackendHidraw,
		Sysfs:     device,
	}
	if !info.fromUevent(uevent) {
		return Info{}, false
	}
	info.fromUSB(filepath.Dir(device))
	return info, true
}

// nodeNumber is 12 of "/dev/hidraw12".
func nodeNumber(path string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(path), "hidraw"))
	if err != nil {
		return 1 << 30
	}
	return n
}

// openDevice opens the node for reading and writing, nothing less: a phone
// whose lights cannot be set is not usable.
func (h *hidraws) openDevice(info Info) (Device, error) {
	fd, err := h.open(info.Path)
	if err != nil {
		return nil, openError(info, err)
	}
	f := os.NewFile(uintptr(fd), info.Path)
	// The descriptor is read after the node is open: node numbers are used
	// again, but the directory of the HID device is not, and when it still has
	// this node then the two belong together.
	_, err = os.Stat(filepath.Join(info.Sysfs, "hidraw", filepath.Base(info.Path)))
	if err != nil {
		f.Close()
		return nil, openError(info, err)
	}
	desc, err := sysfsDescriptor(info)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open %s: %w", info.Path, err)
	}
	return &rawDevice{info: info, desc: desc, f: f, getInput: h.getInput, feature: ioctlFeature, closing: make(chan struct{})}, nil
}

func openNode(path string) (int, error) {
	for {
		fd, err := unix.Open(path, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

func openError(info Info, err error) error {
	switch {
	case os.IsPermission(err):
		return fmt.Errorf("open %v: %w (%v): run `sudo offhook udev install` and plug the device in again; "+
			"over ssh or without a desktop also add the user to the group plugdev and log in anew", info, ErrPermission, err)
	case gone(err):
		return fmt.Errorf("open %v: %w", info, ErrGone)
	}
	return fmt.Errorf("open %v: %w", info, err)
}
