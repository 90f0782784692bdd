package devices

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"offhook/hid"
	"offhook/hid/report"
)

// Skipped is a HID interface that was not opened.
type Skipped struct {
	Info   hid.Info
	Reason error
	// Remedy is what the user can do about it, empty when nothing is wrong: most
	// HID interfaces are keyboards and mice.
	Remedy string
}

// Remedies of the errors of OpenPhone.
const (
	remedyPermission = "run: sudo offhook udev install, then unplug the device and plug it in again"
	remedyDescriptor = "save the descriptor and report it: offhook devices describe --descriptor FILE"
	remedyUndecided  = "if it is a telephone, say which in the configuration: [[device]] with its id and model; see the manual"
	remedyGone       = "unplug the device and plug it in again"
)

// OpenPhone opens the HID interfaces of one phone as one device, as when it has
// just been plugged in; those that are no telephone's are left alone, and not even
// opened where their descriptor says so without. The error wraps ErrNotTelephony
// when none is left, ErrUndecided, hid.ErrPermission, hid.ErrGone or a
// *report.ParseError.
func OpenPhone(infos []hid.Info, opt Options) (*Device, error) {
	return openPhone(infos, hid.Open, opt)
}

func openPhone(infos []hid.Info, open func(hid.Info) (hid.Device, error), opt Options) (*Device, error) {
	infos = slices.SortedStableFunc(slices.Values(infos), func(a, b hid.Info) int { return cmp.Compare(a.Interface, b.Interface) })
	if len(infos) > 1 && ownProtocol(infos[0], opt) {
		infos = []hid.Info{ownInterface(infos)}
	}
	var nodes []hid.Device
	none := ErrNotTelephony
	for _, info := range infos {
		node, err := openNode(info, open, opt)
		switch {
		case err == nil:
			nodes = append(nodes, node)
		case errors.Is(err, ErrNotTelephony):
			none = err
		default:
			for _, n := range nodes {
				_ = n.Close() // the reason for giving up matters more
			}
			return nil, err
		}
	}
	switch len(nodes) {
	case 0:
		return nil, none
	case 1:
		return Open(nodes[0], opt)
	}
	return Open(newJoint(nodes), opt)
}

// ownProtocol tells whether a device is driven by its numbers or by what the user
// says of it, which is a protocol of one interface.
func ownProtocol(info hid.Info, opt Options) bool {
	known := opt.Profiles.Find(info.VendorID, info.ProductID)
	return familyOf(info) != nil || modelOf(info, opt.Models) != nil || known.Raw()
}

// ownInterface is the interface of a phone with a protocol of its own: the first
// that does not pass for a keyboard, a mouse or the keys of a media player.
func ownInterface(infos []hid.Info) hid.Info {
	for _, info := range infos {
		d, err := report.Parse(sysfsDescriptor(info))
		if err != nil || len(d.Collections) == 0 {
			continue
		}
		if page := d.Collections[0].Usage.Page(); page != report.PageGenericDesktop && page != report.PageConsumer {
			return info
		}
	}
	return infos[0]
}

// openNode opens one interface, if it is a telephone's.
func openNode(info hid.Info, open func(hid.Info) (hid.Device, error), opt Options) (hid.Device, error) {
	if raw := sysfsDescriptor(info); raw != nil && !ownProtocol(info, opt) {
		known := opt.Profiles.Find(info.VendorID, info.ProductID)
		if d, err := DescribeAs(raw, &known); err == nil && d.kind == 0 {
			return nil, fmt.Errorf("open %s (%s): %w", nameOf(info), info.Path, ErrNotTelephony)
		}
	}
	if undecided(info, opt) {
		return nil, fmt.Errorf("open %s (%s): %w", nameOf(info), info.Path, ErrUndecided)
	}
	dev, err := open(info)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", nameOf(info), err)
	}
	if _, err := driverFor(dev, opt); err != nil {
		_ = dev.Close() // the reason for giving up matters more
		return nil, fmt.Errorf("open %s (%s): %w", nameOf(info), info.Path, err)
	}
	return dev, nil
}

// Remedy is what a user can do about an error of OpenPhone, empty when there is
// nothing to be mended.
func Remedy(err error) string {
	var parse *report.ParseError
	switch {
	case err == nil, errors.Is(err, ErrNotTelephony):
		return ""
	case errors.Is(err, ErrUndecided):
		return remedyUndecided
	case errors.Is(err, hid.ErrPermission):
		return remedyPermission
	case errors.Is(err, hid.ErrGone):
		return remedyGone
	case errors.As(err, &parse):
		return remedyDescriptor
	}
	return ""
}

// sysfsDescriptor reads the report descriptor that Linux shows to everybody, nil
// where there is none.
func sysfsDescriptor(info hid.Info) []byte {
	if info.Sysfs == "" {
		return nil
	}
	f, err := os.Open(filepath.Join(info.Sysfs, "report_descriptor"))
	if err != nil {
		return nil
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil || len(raw) == 0 {
		return nil
	}
	return raw
}
