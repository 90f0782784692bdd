package devices_test

import (
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices"
	"offhook/devices/virtual"
	"offhook/hid/report"
)

// Reports of any kind must neither panic nor make the driver write what the phone does not know.
func FuzzVendorDrivers(f *testing.F) {
	f.Add([]byte{2, 0, 3, 2, 0, 1, 4, 0x40, 8, 0, 0, 3, 1, 7, 0, 17, 1})
	numbers := [][2]uint16{
		{0x03F0, 0x1C07}, {0x04B4, 0x0307}, {0x04B4, 0x0302}, {0x04D9, 0x0602}, {0x0D8C, 0x0008}, {0x0D8C, 0x000E}, {0x0D8C, 0x000C},
		{0x0471, 0x2013}, {0x6993, 0xB001}, {0x6993, 0xB700},
	}
	sizes := map[uint16]int{0x0302: 33, 0x0602: 8, 0x2013: 5, 0xB001: 17, 0xB700: 9, 0x000E: 5, 0x000C: 5}
	models := []devices.Model{
		{Device: "0d8c:000e", Model: "gtalk"}, {Device: "0d8c:000c", Model: "adapter", Hook: "gpio1", Ring: "gpio2"},
	}
	// versions are what phones that are asked for it say.
	versions := map[uint16][]byte{
		0xB001: {0x87, 2, 0, 0, 0x02, 0x31, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x44}, 0xB700: {0x87, 0, 0, 0, 0, 0, 0, 0x79},
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 512 {
			return
		}
		for _, number := range numbers {
			synctest.Test(t, func(t *testing.T) {
				n := newNode(nil)
				n.info.VendorID, n.info.ProductID = number[0], number[1]
				n.getInput = func(uint8) []byte { return []byte{0x40, 0x80, 0, 0} }
				n.onWrite = func(rep []byte) {
					if versions[number[1]] != nil && rep[1] == 0x87 {
						if len(rep) == sizes[number[1]] {
							n.in <- versions[number[1]]
						}
					} else if len(rep) != sizes[number[1]] {
						t.Errorf("%04x: wrote % x", number, rep)
					}
				}
				d, err := devices.Open(n, devices.Options{Models: models})
				if err != nil {
					t.Fatal(err)
				}
				held := map[byte]bool{}
				for rest := script; len(rest) > 0; {
					size := min(int(rest[0]%20), len(rest)-1)
					n.in <- rest[1 : 1+size]
					d.Show(devices.Indicators{OffHook: rest[0]&0x20 != 0, Ring: rest[0]&0x40 != 0, Line1: string(rest[1 : 1+size])})
					rest = rest[1+size:]
					time.Sleep(ms(30))
					synctest.Wait()
					for more := true; more; {
						select {
						case e := <-d.Events():
							if e.Kind == devices.KeyDown || e.Kind == devices.KeyUp {
								if held[e.Key] == (e.Kind == devices.KeyDown) {
									t.Errorf("%04x: %s twice", number, word(e))
								}
								held[e.Key] = e.Kind == devices.KeyDown
							}
						default:
							more = false
						}
					}
				}
				d.Close()
			})
		}
	})
}

// The same of the drivers that add to a descriptor: what they write is what it declares, and nothing harmful.
func FuzzDriversThatAddToADescriptor(f *testing.F) {
	f.Add([]byte{8, 1, 1, 2, 3, 0x40, 0x10, 0x10, 0, 2, 3, 4, 1, 1, 2, 0x80, 0xFF})
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 256 {
			return
		}
		for _, name := range []string{"cx300", "cx100", "gn8120", "gn9350", "magicjack"} {
			p := profile(t, name)
			synctest.Test(t, func(t *testing.T) {
				desc, err := report.Parse(p.Descriptor)
				if err != nil {
					t.Fatal(err)
				}
				n := &featureNode{node: newNode(p.Descriptor)}
				info := virtual.New(p).Info()
				n.info.VendorID, n.info.ProductID = info.VendorID, info.ProductID
				n.onWrite = func(rep []byte) {
					if len(rep) == 0 || len(rep)-1 != desc.Size(report.Output, rep[0]) {
						t.Errorf("%s: wrote % x", name, rep)
					}
				}
				n.answer = func(buf []byte) { copy(buf, script) }
				d, err := devices.Open(n, devices.Options{})
				if err != nil {
					t.Fatal(err)
				}
				for rest := script; len(rest) > 0; {
					size := min(int(rest[0]%12), len(rest)-1)
					n.in <- rest[1 : 1+size]
					d.Show(devices.Indicators{
						OffHook: rest[0]&0x10 != 0, Ring: rest[0]&0x20 != 0, Mute: rest[0]&0x40 != 0, Line1: string(rest[1 : 1+size]),
					})
					rest = rest[1+size:]
					time.Sleep(ms(30))
					synctest.Wait()
					for more := true; more; {
						select {
						case <-d.Events():
						default:
							more = false
						}
					}
				}
				d.Close()
				for _, rep := range n.features {
					if len(rep)-1 != desc.Size(report.Feature, rep[0]) {
						t.Errorf("%s: feature report % x", name, rep)
					}
				}
			})
		}
	})
}
