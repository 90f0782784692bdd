// Package hid opens HID interfaces and moves whole reports; what the reports
// mean is for the packages above (hid/report, devices).
//
// # Transports
//
//	                      descriptor   GetInput   the desktop keeps the device
//	hidraw   Linux        yes          yes        yes: everyone gets a copy
//	libusb   Linux, cgo   if kept      no         no: the kernel's driver is detached
//	libusb   other, cgo   no           no         macOS and Windows share it
//
// hidraw is what Linux has for nearly every phone. It needs no C. A node gives
// reports to all who have it open, and the kernel's own driver stays, so
// volume keys go on working.
//
// libusb (package github.com/karalabe/hid) is for the phones to which Linux
// gives no hidraw node because its HID core ignores them on purpose: Yealink
// P1K and relatives (6993:b001) and C-Media CM109 (0d8c:000e). Both speak
// protocols of their own, so that they can be used without descriptor. Where a
// kernel without hidraw keeps a HID device all the same, its descriptor is in
// sysfs and is read before opening: opening detaches the driver, and what it
// knew goes away with it. The driver is attached again by Close, though not
// after the process was killed; then only plugging in anew helps.
//
// # Other systems
//
// On macOS and Windows the library lists devices by their usage page, but it
// does not give the report descriptor, and Device.Descriptor is nil. So only
// phones whose reports are known beforehand can be used there, not the generic
// ones. On Windows the library puts a byte 00 before everything written, which
// is right for reports without ID only: Write of a numbered report fails with
// ErrUnsupported. Programs built without cgo find no device at all there.
//
// # Life of a device
//
//	          Open                 Read: EIO, hang-up
//	(listed) ------> (open) ---------------------------> (gone)
//	                    |                                   |
//	                    | Close: Read ends with ErrClosed   | Close
//	                    v                                   v
//	                 (closed) <----------------------------+
//
// A hidraw Read sleeps in the runtime's poller and costs nothing. A Read of
// libusb cannot be interrupted, and closing below it would free memory in use:
// there one goroutine owns reading and closing, and wakes four times a second
// to see whether it should close. Writes can take 5 s when a device stalls, so
// they belong to a goroutine of their own.
package hid
