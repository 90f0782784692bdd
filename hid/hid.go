package hid

import "errors"

// Info says which HID interface this is and how it is reached.
// It is comparable and safe to keep after the device has gone.
type Info struct {
	// Path names the node or port and is what Open uses: "/dev/hidraw3" for
	// hidraw, "1-2:1.3" (bus, port, configuration, interface) for libusb on Linux.
	Path string
	// Bus is "usb", "bluetooth", "i2c", "virtual" or the bus number in hexadecimal.
	Bus                              string
	VendorID, ProductID              uint16
	Name, Manufacturer, Serial, Phys string
	// Interface is the USB interface number, -1 when unknown.
	Interface int
	// Backend is "hidraw", "libusb" or "virtual".
	Backend string
	// Sysfs is the directory of the HID device (hidraw) or of the USB
	// interface (libusb) below /sys, empty elsewhere.
	Sysfs string
}

// Device is an open HID interface. Read belongs to one goroutine and Write to
// one other; Info, Descriptor and Close may be called from any.
type Device interface {
	// Info is what Enumerate said of the interface.
	Info() Info
	// Descriptor is the raw report descriptor. The caller must not change it.
	Descriptor() []byte
	// Read waits for one input report and copies it to buf, beginning with the
	// report ID when the device numbers its reports. It returns ErrClosed after
	// Close and ErrGone when the device was unplugged.
	Read(buf []byte) (int, error)
	// Write sends one whole output report. Its first byte is the report ID,
	// 0 when the device does not number its reports. It may block for as long
	// as the device stalls (5 s on Linux).
	Write(rep []byte) error
	// GetInput asks the device for its input report with this ID and copies it
	// to buf as Read would give it. ErrUnsupported means that the transport
	// cannot ask.
	GetInput(id uint8, buf []byte) (int, error)
	// Close lets go of the device and wakes a blocked Read. Calling it again
	// does nothing.
	Close() error
}

// What callers decide by. Errors of this package wrap one of them where it applies.
var (
	ErrClosed      = errors.New("device closed")
	ErrGone        = errors.New("device unplugged")
	ErrUnsupported = errors.New("not supported by this transport")
	ErrPermission  = errors.New("no permission to open the device")
)
