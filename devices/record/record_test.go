package record_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"offhook/devices/record"
	"offhook/devices/virtual"
	"offhook/hid"
)

func example() *record.Recording {
	r := record.New(hid.Info{VendorID: 0x6993, ProductID: 0xB02B, Name: "  WH66\n dual ", Serial: "secret", Interface: 3},
		bytes.Repeat([]byte{0x05, 0x0B, 0xC0}, 20))
	r.Add(record.Entry{Dir: record.Get, ID: 2, Report: []byte{2, 1}})
	r.Add(record.Entry{At: 5 * time.Millisecond, Dir: record.In, Report: []byte{2, 1}})
	r.Add(record.Entry{At: 531 * time.Millisecond, Dir: record.Out, Report: []byte{2, 1, 0}})
	r.Add(record.Entry{At: 2 * time.Second, Dir: record.Feature, Report: []byte{0, 9}})
	return r
}

func TestARecordingIsReadAsItIsWritten(t *testing.T) {
	var file bytes.Buffer
	if err := example().Write(&file); err != nil {
		t.Fatal(err)
	}
	text := file.String()
	for _, want := range []string{"offhook recording 1\ndevice 6993:b02b  WH66 dual\ninterface 3\ndescriptor 05 0B C0", "\nget 2  02 01\n+0.005 in   02 01\n+0.531 out  02 01 00\n+2.000 feature 00 09\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "secret") {
		t.Error("the serial number is in it")
	}
	if !record.Is(file.Bytes()) || record.Is([]byte("05 0B")) {
		t.Error("Is")
	}
	got, err := record.Read(strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n# a comment\n\n")[0:]))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, example()) {
		t.Errorf("%+v", got)
	}
}

func TestAFileThatIsNoRecordingSaysWhere(t *testing.T) {
	const head = "offhook recording 1\n"
	for text, want := range map[string]string{
		"":                            "line 1: want \"offhook recording 1\"",
		head:                          "the line \"device VENDOR:PRODUCT NAME\" is missing",
		head + "device 1":             "line 2: want device, VENDOR:PRODUCT",
		head + "interface x":          "line 2: \"x\" is no number",
		head + "descriptor 0":         "line 2: \"0\" is not hexadecimal",
		head + "\nget x 00":           "line 3: want get",
		head + "+0.1 sideways 00":     "line 2: want +SECONDS",
		head + "+x in 00":             "line 2: want +SECONDS",
		head + "+NaN in 00":           "line 2: want +SECONDS",
		head + "+1e9 in 00":           "line 2: want +SECONDS",
		head + "+1 in 0g":             "line 2: \"0g\" is not",
		head + "+1 in 00\n+0.5 in 00": "line 3: time goes back",
		head + "hello":                "line 2: want +SECONDS",
		strings.Repeat("x", 8<<20+1):  "larger than 8 MB",
		head + "descriptor " + strings.Repeat("00", 4097): "line 2: a report descriptor of more than 4096 bytes",
	} {
		if _, err := record.Read(strings.NewReader(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
}

func TestATapHearsBothWays(t *testing.T) {
	made, err := virtual.ByName("hp-handset")
	if err != nil {
		t.Fatal(err)
	}
	phone := virtual.New(made)
	dev, err := phone.Plug()
	if err != nil {
		t.Fatal(err)
	}
	var heard []string
	now := time.Unix(0, 0)
	tap := record.NewTap(dev, func() time.Time { return now }, func(e record.Entry) { heard = append(heard, e.At.String()+" "+e.Dir.String()) })
	var f hid.FeatureDevice = tap
	now = now.Add(time.Second)
	if err := phone.Lift(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 64)
	if _, err := tap.Read(buf); err != nil {
		t.Fatal(err)
	}
	if err := tap.Write([]byte{0, 1}); err != nil {
		t.Fatal(err)
	}
	if err := f.SetFeature([]byte{0, 0}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.GetFeature(0, buf); err != nil {
		t.Fatal(err)
	}
	_, _ = tap.GetInput(0, buf) // this one refuses
	if got := strings.Join(heard, ", "); got != "1s in, 1s out, 1s feature" {
		t.Error(got)
	}
	if err := tap.Close(); err != nil {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	var file bytes.Buffer
	if err := example().Write(&file); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Add([]byte("offhook recording 1\ndevice 0001:0002 x\n+0 in\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := record.Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := r.Write(&again); err != nil {
			t.Fatal(err)
		}
		if _, err := record.Read(&again); err != nil && r.Name != "" {
			t.Errorf("%v in\n%s", err, again.String())
		}
	})
}
