package devices_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"offhook/devices"
)

// small is a headset with hook, mute, a keypad array, padding and two lights.
var small = []byte{
	0x05, 0x0B, 0x09, 0x05, 0xA1, 0x01, 0x85, 0x02, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x02,
	0x09, 0x20, 0x09, 0x2F, 0x81, 0x22,
	0x95, 0x02, 0x81, 0x03,
	0x09, 0x06, 0xA1, 0x02, 0x09, 0xB0, 0x09, 0xB1, 0x15, 0x01, 0x25, 0x02, 0x75, 0x04, 0x95, 0x01, 0x81, 0x00, 0xC0,
	0x85, 0x03, 0x05, 0x08, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x02, 0x09, 0x17, 0x09, 0x18, 0x91, 0x02,
	0x95, 0x06, 0x91, 0x03, 0xC0,
}

const smallJSON = `{"collections":[` +
	`{"page":11,"usage":5,"type":"application","parent":-1},` +
	`{"page":11,"usage":6,"type":"logical","parent":0}],` +
	`"fields":[` +
	`{"kind":"input","report":2,"bit":0,"size":1,"page":11,"usage":32,"flags":34,"min":0,"max":1,"collection":0},` +
	`{"kind":"input","report":2,"bit":1,"size":1,"page":11,"usage":47,"flags":34,"min":0,"max":1,"collection":0},` +
	`{"kind":"input","report":2,"bit":4,"size":4,"page":11,"usage":176,"usages":[{"page":11,"usage":176},{"page":11,"usage":177}],"flags":0,"min":1,"max":2,"collection":1},` +
	`{"kind":"output","report":3,"bit":0,"size":1,"page":8,"usage":23,"flags":2,"min":0,"max":1,"collection":0},` +
	`{"kind":"output","report":3,"bit":1,"size":1,"page":8,"usage":24,"flags":2,"min":0,"max":1,"collection":0}],` +
	`"controls":["hook","mute","keypad"],"indicators":["off-hook","ring"]}`

func TestDescriptionIsTheJSONThatOthersRelyOn(t *testing.T) {
	d, err := devices.Describe(small)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != smallJSON {
		t.Fatalf("got  %s\nwant %s", got, smallJSON)
	}
}

func TestDescriptionOfWhatIsNoTelephoneHasEmptyLists(t *testing.T) {
	d, err := devices.Describe([]byte{0x05, 0x01, 0x09, 0x02, 0xA1, 0x01, 0xC0})
	if err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(d)
	want := `{"collections":[{"page":1,"usage":2,"type":"application","parent":-1}],"fields":[],"controls":[],"indicators":[]}`
	if string(got) != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
	if _, ok := d.Telephony(); ok {
		t.Fatal("taken for a telephone")
	}
}

func TestDescriptionInWordsIsATree(t *testing.T) {
	d, err := devices.Describe(small)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := d.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"a headset\n",
		"  controls:   hook mute keypad\n",
		"  indicators: off-hook ring\n",
		"0B:05 Headset (application)\n",
		"  input report 2, bit 0, 1 bit, 0..1, variable switch: 0B:20 Hook Switch  -> hook\n",
		"  0B:06 Telephony Key Pad (logical)\n",
		"    input report 2, bit 4, 4 bit, 1..2, array: 0B:B0 Phone Key 0, 0B:B1 Phone Key 1  -> keypad\n",
		"  output report 3, bit 1, 1 bit, 0..1, variable: 08:18 Ring  -> ring\n",
	} {
		if !strings.Contains(b.String(), line) {
			t.Errorf("no line %q in\n%s", line, b.String())
		}
	}
}

func TestDescribeRefusesWhatIsNoDescriptor(t *testing.T) {
	if _, err := devices.Describe([]byte{0xA1, 0x01, 0x26}); err == nil {
		t.Fatal("described")
	}
}
