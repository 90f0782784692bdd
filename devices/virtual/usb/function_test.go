package usb

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices/virtual"
)

// A phone of two HID interfaces: each has its own descriptor, reports and firmware.
func TestASecondInterfaceHasFirmwareOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := virtual.ByName("headset")
		if err != nil {
			t.Fatal(err)
		}
		second := virtual.New(p)
		h := power(t, "handset", Config{Second: second})
		if r := h.control(ofDevice, getDescriptor, 0x0200, 0, nil, 9); r.data[4] != 5 {
			t.Errorf("%d interfaces, want 5", r.data[4])
		}
		for number, phone := range map[uint16]*virtual.Phone{3: h.phone, 4: second} {
			want := phone.Profile().Descriptor
			if r := h.control(ofInterface, getDescriptor, 0x2200, number, nil, len(want)); !bytes.Equal(r.data, want) {
				t.Errorf("report descriptor of interface %d: % x", number, r.data)
			}
		}
		if r := h.control(toInterface, setInterface, 0, 5, nil, 0); r.status != statusStall {
			t.Errorf("a third interface: %+v", r)
		}

		seq := h.submit(&transfer{in: true, endpoint: endpointSecond & 0x0F, length: 16})
		synctest.Wait()
		if !second.State().Opened || h.phone.State().Opened {
			t.Fatal("it is not the second interface that was opened")
		}
		if err := second.PressMute(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
		if r := h.must(seq); len(r.data) == 0 {
			t.Errorf("the mute key: %+v", r)
		}
		h.control(classSet, hidSetReport, 0x0203, 4, []byte{3, 0xFF}, 0)
		if second.State().Reports == 0 || h.phone.State().Reports != 0 {
			t.Errorf("reports: %d to the first, %d to the second", h.phone.State().Reports, second.State().Reports)
		}
		seq = h.submit(&transfer{in: true, endpoint: endpointSecond & 0x0F, length: 16})
		synctest.Wait()
		h.must(h.unlink(seq))
		if second.State().Opened {
			t.Error("it is still open")
		}
	})
}
