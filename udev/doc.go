// Package udev knows what is plugged in where: the topology of the buses as Linux shows it in sysfs. On other systems
// its functions find nothing.
//
// A USB handset is one USB device with several interfaces: HID for hook and keys, audio for earpiece and microphone.
// The kernel makes a hidraw node of the one and a sound card of the other; that both stand below the same USB device is
// what tells which card belongs to which handset:
//
//	/sys/devices/…/1-1/               the USB device: idVendor, idProduct, serial
//	        1-1:1.0/sound/card1/      its sound card
//	        1-1:1.3/0003:…/hidraw/…   its HID interface
package udev
