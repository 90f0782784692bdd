//go:build usb && cgo

package usb_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/devices/virtual/usb"
	"offhook/devices/virtual/usb/usbtest"
	"offhook/hid"
)

// holds names, in the environment of a child of the test below, the phone to hold.
const holds = "OFFHOOK_TEST_HOLDS"

func init() {
	path := os.Getenv(holds)
	if path == "" {
		return
	}
	info, err := find(func(i hid.Info) bool { return i.Path == path })
	if err == nil {
		_, err = hid.Open(info)
	}
	fmt.Println("held:", err)
	select {} // until killed
}

func find(wanted func(hid.Info) bool) (hid.Info, error) {
	infos, err := hid.Enumerate()
	if err != nil {
		return hid.Info{}, err
	}
	for _, i := range infos {
		if wanted(i) {
			return i, nil
		}
	}
	return hid.Info{}, fmt.Errorf("not among %v", infos)
}

// libusb takes the kernel's driver off a phone. Who is killed does not put it back.
func TestAPhoneHeldByAProgramThatIsKilledWorksForTheNext(t *testing.T) {
	events := usbtest.Listen(t)
	phone := virtual.New(usbtest.Profile(t, "handset-unnumbered"), virtual.WithSerial("killed"))
	a, err := usb.Plug(phone, usb.Config{VendorID: 0x6993, ProductID: 0xB001, NoSound: true})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	usbtest.Await(t, events, "the kernel's driver", func(e usbtest.News) bool {
		return e.Subsystem == "usb" && e.Properties["DEVTYPE"] == "usb_interface" && e.Action == "bind"
	})
	libusb := func(i hid.Info) bool { return i.Backend == hid.BackendLibusb }
	info, err := find(libusb)
	if err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), holds+"="+info.Path)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "held: <nil>\n" {
			t.Errorf("round %d: %q, %v", round, line, err)
		}
		child.Process.Kill()
		child.Wait()
	}

	again, err := find(libusb)
	if err != nil || again != info {
		t.Fatalf("afterwards %v, %v; before %v", again, err, info)
	}
	d, err := hid.Open(again)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	before := phone.State().Reports
	if err := d.Write([]byte{0, 1}); err != nil || phone.State().Reports != before+1 {
		t.Errorf("writing: %v, %d reports after %d", err, phone.State().Reports, before)
	}
	read := make(chan []byte, 1)
	go func() {
		buf := make([]byte, 64)
		n, _ := d.Read(buf)
		read <- buf[:n]
	}()
	timeout := time.After(usbtest.Patience)
	for !phone.State().Opened {
		select {
		case <-phone.Changed():
		case <-timeout:
			t.Fatal("nobody opened the phone")
		}
	}
	if err := phone.Lift(); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-read:
		if !bytes.Equal(got, []byte{0, 0x10, 0}) {
			t.Errorf("read % x, want the lift", got)
		}
	case <-timeout:
		t.Error("the lift was not read")
	}
}
