// Package usb plugs an emulated phone of package virtual into a kernel: the
// same firmware and the same keys, behind a USB cable instead of a method call.
//
//	virtual.Phone ◄─ reports ─► ┌─────── bus ───────┐
//	Sound         ◄─ samples ─► │ control  EP 0     │ ◄─ USB/IP ─► vhci_hcd ─► usbhid ─► hidraw
//	                            │ reports  interrupt│    messages            └► snd-usb-audio
//	                            │ sound    isochron.│
//	                            └───────────────────┘
//
// The phone is a composite device of USB 1.1 at full speed: an Audio 1.0
// function (earpiece and microphone, each with volume and mute) and a HID
// interface with the profile's report descriptor, or two ([Config.Second]).
// [Serve] speaks the device's side of USB/IP (Documentation/usb/usbip_protocol.rst of the Linux kernel) over
// any connection; [Plug] makes such a connection to the kernel of this machine,
// and follows the phone's cable: virtual.Phone.Unplug and Replug unplug and
// plug the USB device.
//
// One goroutine, the bus, owns the state of a plugged device; another reads and
// checks messages, and requests that the firmware may be slow to answer wait in
// goroutines of their own. Isochronous transfers take the time they take on a
// full-speed bus: frame n ends n ms after the plug, by an absolute clock, so that
// lateness does not add up. A host that queues nothing in time is waited for, and
// no sound is lost; with [Config].Drop it is lost, as with hardware.
package usb
