package devices_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"offhook/devices"
	"offhook/hid"
)

// featureNode is a node that takes feature reports as well.
type featureNode struct {
	*node
	features [][]byte
	answer   func(buf []byte) // fills what is read; nil leaves it 0
}

func (n *featureNode) SetFeature(rep []byte) error {
	n.features = append(n.features, rep)
	return nil
}

func (n *featureNode) GetFeature(_ uint8, b []byte) (int, error) {
	if n.answer != nil {
		n.answer(b)
	}
	return len(b), nil
}

func TestWritesThatCanDamageADeviceAreNotSent(t *testing.T) {
	long := func(b ...byte) []byte { return append(b, make([]byte, 65-len(b))...) }
	tests := []struct {
		name    string
		vendor  uint16
		product uint16
		feature bool
		rep     []byte
		refused bool
	}{
		{"C-Media: output pins", 0x0D8C, 0, false, []byte{0, 0x20, 0x0F, 0x0F, 0}, false},
		{"C-Media: writes a word of the settings", 0x0D8C, 0, false, []byte{0, 0x80, 0x34, 0x12, 0xC7}, true},
		{"C-Media: asks for a word of the settings", 0x0D8C, 0, false, []byte{0, 0x80, 0, 0, 0x87}, true},
		{"C-Media: generic registers", 0x0D8C, 0, false, []byte{0, 0x40, 0, 0, 0}, true},
		{"C-Media with report IDs: another thing", 0x0D8C, 0, false, []byte{2, 0xC0}, false},
		{"magicJack: reads a control register", 0x06E6, 0, true, long(0, 0, 0, 0x14, 0), false},
		{"magicJack: sets a control register", 0x06E6, 0, true, long(0, 0x20, 0x00, 0, 1, 1, 3, 0, 0), false},
		{"magicJack: memory and flash", 0x06E6, 0, true, long(0, 0x80, 0x02, 0x0E, 0x04, 0, 0, 0, 0, 'p', 'r', 'w', 'C'), true},
		{"magicJack: flash page", 0x06E6, 0, true, long(0, 0x80, 0x04, 0x13, 0x04), true},
		{"magicJack: a value for memory", 0x06E6, 0, true, long(0, 0x44, 1, 2, 3, 4), true},
		{"magicJack: registers of the chip", 0x06E6, 0, true, long(0, 0x04, 0x12, 0, 1, 0xFF), true},
		{"magicJack: a register that is not known", 0x06E6, 0, true, long(0, 0x20, 0x50, 0, 1, 1), true},
		{"magicJack: half a report", 0x06E6, 0, true, []byte{0, 0x20, 0}, true},
		{"Yealink: a light", 0x6993, 0xB001, false, append([]byte{0, 5, 1}, make([]byte, 14)...), false},
		{"Yealink: an unknown command", 0x6993, 0xB700, false, append([]byte{0, 0x40, 1}, make([]byte, 14)...), true},
		{"Yealink headset: its lights have an ID", 0x6993, 0xB02B, false, []byte{2, 0x40}, false},
		{"another vendor", 0x0B0E, 0, true, long(0, 0x80), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := &featureNode{node: newNode(nil)}
			n.info.VendorID, n.info.ProductID = tt.vendor, tt.product
			written := 0
			n.onWrite = func([]byte) { written++ }
			g := devices.Guard(n).(hid.FeatureDevice)
			var err error
			if tt.feature {
				err = g.SetFeature(tt.rep)
			} else {
				err = g.Write(tt.rep)
			}
			sent := written+len(n.features) > 0
			if errors.Is(err, devices.ErrHarmful) != tt.refused || sent == tt.refused || err != nil != tt.refused {
				t.Errorf("error %v, sent %v", err, sent)
			}
		})
	}
}

func TestADeviceWithoutFeaturesStaysOne(t *testing.T) {
	if _, ok := devices.Guard(newNode(nil)).(hid.FeatureDevice); ok {
		t.Error("it has feature reports now")
	}
}

// A light of a C-Media headset whose descriptor puts it into the two bits would reach the settings memory.
func TestADescriptorCannotMakeADriverDoHarm(t *testing.T) {
	descriptor := []byte{
		0x05, 0x0B, 0x09, 0x05, 0xA1, 0x01, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x01,
		0x09, 0x20, 0x81, 0x22, 0x75, 0x07, 0x81, 0x03, // hook and padding
		0x95, 0x07, 0x75, 0x01, 0x91, 0x03, 0x05, 0x08, 0x09, 0x17, 0x95, 0x01, 0x91, 0x22, // seven bits, then Off-Hook
		0x75, 0x18, 0x91, 0x03, 0xC0,
	}
	synctest.Test(t, func(t *testing.T) {
		n := newNode(descriptor)
		n.info.VendorID, n.info.ProductID = 0x0D8C, 0x0014
		var written [][]byte
		n.onWrite = func(rep []byte) { written = append(written, rep) }
		d, err := devices.Open(n, devices.Options{})
		if err != nil {
			t.Fatal(err)
		}
		d.Show(devices.Indicators{OffHook: true})
		synctest.Wait()
		d.Close()
		for _, rep := range written {
			if rep[1] != 0 {
				t.Errorf("wrote % x", rep)
			}
		}
		if len(written) == 0 {
			t.Error("wrote nothing")
		}
	})
}
