package devices_test

import (
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices"
	"offhook/devices/virtual"
	"offhook/hid/report"
)

// FuzzDriver gives the driver a descriptor and reports of somebody who means
// harm: it must neither panic nor hang, and write only reports that the
// descriptor declares, a bounded number of them.
func FuzzDriver(f *testing.F) {
	for _, p := range virtual.Profiles() {
		f.Add(p.Descriptor, []byte{2, 1, 1, 0, 3, 1, 0xFF, 0xFF, 1, 0, 3, 2, 0xFF, 0})
	}
	f.Add(small, []byte{2, 2, 0x11})
	f.Add([]byte{0x05, 0x14, 0x09, 0x2C, 0x91, 0x02, 0x05, 0x0B, 0x09, 0x20, 0x81, 0x02}, []byte{1, 1})
	f.Fuzz(func(t *testing.T, descriptor, script []byte) {
		if len(script) > 512 {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			n := newNode(descriptor)
			written := 0
			parsed, _ := report.Parse(descriptor)
			n.onWrite = func(rep []byte) {
				written++
				if len(rep) == 0 || len(rep)-1 != parsed.Size(report.Output, rep[0]) {
					t.Errorf("wrote % x, which is no report of the device", rep)
				}
			}
			n.getInput = func(id uint8) []byte { return append([]byte{id}, script...) }
			if desc, err := devices.Describe(descriptor); err == nil {
				if err := desc.WriteText(io.Discard); err != nil {
					t.Error(err)
				}
			}
			d, err := devices.Open(n, devices.Options{})
			if err != nil {
				if !n.isClosed() {
					t.Error("refused, but left open")
				}
				var parse *report.ParseError
				if !errors.Is(err, devices.ErrNotTelephony) && !errors.As(err, &parse) {
					t.Errorf("Open: %v", err)
				}
				return
			}
			events, transitions := 0, 1
			for len(script) > 0 {
				size := min(int(script[0]%16), len(script)-1)
				n.in <- script[1 : 1+size]
				i := devices.Indicators{OffHook: script[0]&0x10 != 0, Mute: script[0]&0x20 != 0, Ring: script[0]&0x40 != 0}
				i.Line1 = string(script[1 : 1+size])
				script = script[1+size:]
				d.Show(i)
				transitions++
				synctest.Wait()
			drain:
				for {
					select {
					case <-d.Events():
						events++
					default:
						break drain
					}
				}
				time.Sleep(time.Duration(binary.BigEndian.Uint16([]byte{0, byte(size)})) * 50 * time.Millisecond)
			}
			d.Close()
			if most := 2 * (transitions + 1) * (256 + 130); written > most {
				t.Errorf("%d reports written in %d transitions", written, transitions)
			}
			if events > 64*transitions*len(descriptor) {
				t.Errorf("%d events of %d reports", events, transitions)
			}
		})
	})
}
