// Package udev knows what is plugged in where, hears when that changes, and
// keeps the rules that say who may open it. It is about Linux; on other systems
// its functions find nothing, or say that they are not supported.
//
// # Topology
//
// A USB handset is one USB device with several interfaces: HID for hook and
// keys, audio for earpiece and microphone. The kernel makes a hidraw node of the
// one and a sound card of the other; that both stand below the same USB device
// is what tells which card belongs to which handset:
//
//	/sys/devices/…/1-1/               the USB device: idVendor, idProduct, serial
//	        1-1:1.0/sound/card1/      its sound card
//	        1-1:1.3/0003:…/hidraw/…   its HID interface
//
// # Events
//
// [Listen] hears of devices that come and go, without looking: from udev, when
// it has done its work and permissions are set, or from the kernel where no udev
// runs.
//
//	kernel ── group 1 ──► udevd ── rules, permissions, database ── group 2 ──► Monitor
//	   └───────────────── only where /run/udev/control is missing ───────────────┘
//
// A session that becomes active gets its permissions later and without event;
// [NodeWatch] tells of that by inotify.
//
// # Rules
//
// [Install] puts the rules in place that let the user at the seat and the group
// plugdev open telephones, by what their descriptors say and so for every make.
// They also keep the desktop from a handset's sound and keys, which are for
// calls; a headset's are left alone. The helper offhook-hid-id reads the
// descriptors for them.
//
//	hidraw node  ── is this descriptor a telephone's, and no keyboard's? ── group, uaccess
//	usb node     ── a phone that gets no hidraw node? (by its numbers) ──── group, uaccess
//	sound card   ── has this USB device a handset's HID interface? ──────── hidden, group
//	event node   ── the same ────────────────────────────────────────────── ignored by libinput
//	event node   ── a telephone's that may be opened? ───────────────────── without KEY_MICMUTE
//
// The sound card is the hard one: interfaces are probed one after the other,
// and a card is often announced before the HID interface beside it has been
// asked for its descriptor. Hiding the card afterwards is no remedy: both
// PulseAudio and PipeWire skip every event of a card with their mark, also the
// one of its removal, and would keep a card that is gone. So the helper decides
// while udev handles the card's "add", before anyone else hears of it: when a
// HID interface of the same device is still without descriptor it waits for the
// kernel's event of it, two seconds at most. What is decided then is kept in
// udev's database until the card goes. A card that the desktop has been given
// already stays there until it is plugged in again.
package udev
