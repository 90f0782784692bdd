package devices

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

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

// Remedies of OpenAll.
const (
	remedyPermission = "run: sudo offhook udev install, then unplug the device and plug it in again"
	remedyDescriptor = "save the descriptor and report it: offhook devices describe --descriptor FILE"
	remedyUndecided  = "if it is a telephone, say which in the configuration: [[device]] with its id and model; see the manual"
	remedyGone       = "unplug the device and plug it in again"
)

// OpenAll opens every telephone that hid.Enumerate finds, all at the same
// time, and says of each other interface why it was left. Interfaces whose
// descriptor can be read without opening and is no telephone's are not opened.
// The error is that of hid.Enumerate.
func OpenAll(opt Options) ([]*Device, []Skipped, error) {
	infos, err := hid.Enumerate()
	if err != nil {
		return nil, nil, fmt.Errorf("look for telephones: %w", err)
	}
	opened, skipped := openEach(infos, hid.Open, opt)
	return opened, skipped, nil
}

// OpenInfo opens one interface, as when it has just been plugged in. The error
// wraps ErrNotTelephony, ErrUndecided, hid.ErrPermission, hid.ErrGone or a
// *report.ParseError.
func OpenInfo(info hid.Info, opt Options) (*Device, error) { return openInfo(info, hid.Open, opt) }

func openInfo(info hid.Info, open func(hid.Info) (hid.Device, error), opt Options) (*Device, error) {
	known := opt.Profiles.Find(info.VendorID, info.ProductID)
	if raw := sysfsDescriptor(info); raw != nil && familyOf(info) == nil && modelOf(info, opt.Models) == nil && !known.Raw() {
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
	return Open(dev, opt)
}

// openEach opens side by side, so that one slow device holds up none.
func openEach(infos []hid.Info, open func(hid.Info) (hid.Device, error), opt Options) (opened []*Device, skipped []Skipped) {
	devs, errs := make([]*Device, len(infos)), make([]error, len(infos))
	var wg sync.WaitGroup
	for i, info := range infos {
		wg.Go(func() { devs[i], errs[i] = openInfo(info, open, opt) })
	}
	wg.Wait()
	for i, info := range infos {
		if errs[i] == nil {
			opened = append(opened, devs[i])
			continue
		}
		skipped = append(skipped, Skipped{Info: info, Reason: errs[i], Remedy: Remedy(errs[i])})
	}
	return opened, skipped
}

// Remedy is what a user can do about an error of OpenInfo, empty when there is
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
