package watch

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"offhook/hid"
)

// interfaceOf is one of the HID interfaces of a USB device that has n.
func interfaceOf(number int, device string) hid.Info {
	info := hidraw(number, "")
	info.Sysfs, info.Interface = device+"/"+info.Path[len("/dev/"):], number
	return info
}

func TestAPhoneOfSeveralNodesIsOpenedOnceAllAreThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plug(interfaceOf(1, "/sys/devices/1-2x2"), "handset", "one")
		m.plug(interfaceOf(2, "/sys/devices/1-2x2"), "", "")
		m.plug(interfaceOf(3, "/sys/devices/1-3x1"), "headset", "two")
		stop := m.run()
		settle()
		if got := m.ids(); got != "one two" && got != "two one" {
			t.Errorf("at the start: %q", got)
		}
		slices.Sort(m.together)
		if !slices.Equal(m.together, []int{1, 2}) {
			t.Errorf("phones of so many interfaces: %v", m.together)
		}
		m.unplug("/dev/hidraw1")
		m.unplug("/dev/hidraw2")
		m.tell("remove", "hidraw", "/dev/hidraw2")
		m.tell("remove", "hidraw", "/dev/hidraw1")

		// Plugged in again: its nodes are made, and announced, one after the other.
		was := m.ids()
		m.plug(interfaceOf(1, "/sys/devices/1-2x2"), "handset", "one")
		m.tell("add", "hidraw", "/dev/hidraw1")
		m.want("one of two nodes", was)
		m.plug(interfaceOf(2, "/sys/devices/1-2x2"), "", "")
		m.want("not announced yet: udev may still be at its permissions", was)
		m.tell("add", "hidraw", "/dev/hidraw2")
		settle()
		m.want("both", was+" one")
		if !slices.Equal(m.together, []int{1, 2, 2}) {
			t.Errorf("phones of so many interfaces: %v", m.together)
		}
		stop()
	})
}

func TestANodeThatDoesNotComeIsNotWaitedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plug(interfaceOf(1, "/sys/devices/1-2x2"), "handset", "one")
		stop := m.run()
		time.Sleep(gatherWait - time.Millisecond)
		m.want("in time", "")
		settle()
		m.want("late", "one")
		// It comes after all, and what is in use is not disturbed.
		m.plug(interfaceOf(2, "/sys/devices/1-2x2"), "", "")
		m.tell("add", "hidraw", "/dev/hidraw2")
		settle()
		m.want("the other node", "one")
		stop()
	})
}

func TestATelephonyNodeThatComesAfterOthersIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plug(interfaceOf(1, "/sys/devices/1-2x2"), "", "")
		stop := m.run()
		time.Sleep(gatherWait)
		settle()
		m.plug(interfaceOf(2, "/sys/devices/1-2x2"), "handset", "one")
		m.phones["/dev/hidraw1"] = m.phones["/dev/hidraw2"] // opened by its first interface here
		m.tell("add", "hidraw", "/dev/hidraw2")
		settle()
		m.want("the other node", "one")
		stop()
	})
}

func TestTwoPhonesWithOneSerialNumberAreTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		at := func(node int, port string) hid.Info {
			info := hidraw(node, "of "+port)
			info.Serial, info.Phys = "ABCDEF0123", port
			return info
		}
		m.plug(at(1, "port-1"), "handset", "a")
		stop := m.run()
		settle()
		m.plug(at(2, "port-2"), "handset", "b")
		m.tell("add", "hidraw", "/dev/hidraw2")
		settle()
		m.want("two", "ABCDEF0123 port-2")
		// Each is again what it was.
		m.unplug("/dev/hidraw2")
		m.tell("remove", "hidraw", "/dev/hidraw2")
		again := at(2, "port-2")
		again.Sysfs += "/again"
		m.plug(again, "handset", "b")
		m.tell("add", "hidraw", "/dev/hidraw2")
		settle()
		m.want("the second plugged in again", "ABCDEF0123 port-2 port-2")
		stop()
	})
}
