package hid

import (
	"errors"
	"fmt"
)

// Info says which HID interface this is and how it is reached. It is
// comparable, and valid after the device has gone.
type Info struct {
	// Path is what Open uses: the node for hidraw ("/dev/hidraw3"); for libusb
	// on Linux the USB interface as sysfs names it, that is bus, ports,
	// configuration and interface ("1-2.4:1.3"), elsewhere the system's path.
	Path string
	// Bus is "usb", "bluetooth", "i2c", "virtual", or the number of the bus
	// type in hexadecimal.
	Bus                 string
	VendorID, ProductID uint16
	// Name is the product's name as the device tells it.
	Name, Manufacturer string
	// Serial is empty for the many devices that have none.
	Serial string
	// Phys is the place of the interface in the machine, the same each time the
	// device is plugged into the same port ("usb-0000:00:14.0-2/input3").
	Phys string
	// Interface is the number of the USB interface, -1 when not known.
	Interface int
	// Backend is the transport: BackendHidraw, BackendLibusb or BackendVirtual.
	Backend string
	// Sysfs is the directory of the HID device (hidraw) or of the USB
	// interface (libusb) under /sys; empty on other systems.
	Sysfs string
}

// Names of transports in Info.Backend.
const (
	BackendHidraw  = "hidraw"
	BackendLibusb  = "libusb"
	BackendVirtual = "virtual" // an emulated phone within this process
)

// String is for logs and messages: "6993:b02b Yealink WH66 at /dev/hidraw3".
func (i Info) String() string {
	name := i.Name
	if name == "" {
		name = "unnamed device"
	}
	return fmt.Sprintf("%04x:%04x %s at %s", i.VendorID, i.ProductID, name, i.Path)
}

// Device is an open HID interface. One goroutine reads and one other writes;
// Info, Descriptor, GetInput and Close may be called from any.
type Device interface {
	// Info is what Enumerate said of the interface.
	Info() Info

	// Descriptor is the raw report descriptor; the caller must not change it.
	// It is nil where the system does not give it (see the package comment).
	Descriptor() []byte

	// Read waits for one input report and copies it to buf, beginning with the
	// report ID if the device numbers its reports. A report longer than buf is
	// cut. It returns ErrClosed after Close and ErrGone after the unplug.
	Read(buf []byte) (int, error)

	// Write sends one whole output report, its first byte the report ID, 0 if
	// the device does not number its reports. It may block for as long as the
	// device stalls: on Linux 5 s, the kernel's time limit.
	Write(rep []byte) error

	// GetInput asks the device for the input report with this ID (0 if it
	// does not number its reports) and copies it to buf as Read would. Devices
	// that stall the question are common: it may take the kernel's 5 s. Close
	// ends the wait with ErrClosed. ErrUnsupported: the transport cannot ask,
	// or the device refuses.
	GetInput(id uint8, buf []byte) (int, error)

	// Close lets go of the device and wakes a waiting Read. Calling it again
	// does nothing.
	Close() error
}

// FeatureDevice is a Device whose feature reports can be read and written, as
// those of hidraw are. Few phones need it. Both calls may take the kernel's 5 s; Close
// ends a wait for GetFeature with ErrClosed. One goroutine writes, as with Write.
type FeatureDevice interface {
	Device

	// SetFeature sends one whole feature report, its first byte the report ID,
	// 0 if the device does not number its reports. At most 4096 bytes.
	SetFeature(rep []byte) error

	// GetFeature asks for the feature report with this ID and copies it to buf,
	// beginning with the report ID if the device numbers its reports. The length of
	// buf, at most 4096, is also what is asked for. ErrUnsupported: the device refuses.
	GetFeature(id uint8, buf []byte) (int, error)
}

// maxReport bounds the buffer for a report in bytes, as hid/report bounds its length.
const maxReport = 4096

// What callers decide by: errors of this package wrap one of these where it
// applies.
var (
	ErrClosed      = errors.New("the device is closed")
	ErrGone        = errors.New("the device was unplugged")
	ErrUnsupported = errors.New("not supported")
	ErrPermission  = errors.New("no permission")
)

// Enumerate lists the HID interfaces of the machine without opening any: on
// Linux every hidraw node, and those phones that the kernel gives none; on
// other systems what tells of itself to be a phone. What comes or goes in
// between is left out.
func Enumerate() ([]Info, error) {
	infos, err := enumerateHidraw()
	more, errUSB := enumerateLibusb()
	return append(infos, more...), errors.Join(err, errUSB)
}

// Descriptor reads the report descriptor of an interface without opening it,
// so that one can tell phones from keyboards and leave those alone. It needs
// no permission. ErrUnsupported: the system does not give it.
func Descriptor(info Info) ([]byte, error) {
	if info.Sysfs == "" {
		return nil, fmt.Errorf("report descriptor of %v: %w on this system", info, ErrUnsupported)
	}
	return sysfsDescriptor(info)
}

// Open opens an interface that Enumerate listed. With libusb this takes the
// device away from the kernel and from other programs until Close.
func Open(info Info) (Device, error) {
	switch info.Backend {
	case BackendHidraw:
		return openHidraw(info)
	case BackendLibusb:
		return openLibusb(info)
	}
	return nil, fmt.Errorf("open %v: transport %q is %w", info, info.Backend, ErrUnsupported)
}
