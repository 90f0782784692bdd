package usb

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"
)

func TestStandardRequestsAreAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := power(t, "handset", Config{})
		for _, tt := range []struct {
			name          string
			kind, request uint8
			value, index  uint16
			data          []byte
			length        int
			want          string
			stall         bool
		}{
			{"status", ofDevice, getStatus, 0, 0, nil, 2, "0000", false},
			{"no configuration yet", ofDevice, getConfiguration, 0, 0, nil, 1, "00", false},
			{"set configuration", toDevice, setConfiguration, 1, 0, nil, 0, "", false},
			{"configuration", ofDevice, getConfiguration, 0, 0, nil, 1, "01", false},
			{"a configuration that is not", toDevice, setConfiguration, 2, 0, nil, 0, "", true},
			{"first eight bytes", ofDevice, getDescriptor, 0x0100, 0, nil, 8, "12 01 1001 00 00 00 40", false},
			{"device qualifier", ofDevice, getDescriptor, 0x0600, 0, nil, 10, "", true},
			{"string that is not", ofDevice, getDescriptor, 0x0304, 0, nil, 255, "", true},
			{"earpiece on", toInterface, setInterface, 1, 1, nil, 0, "", false},
			{"earpiece is on", ofInterface, getInterface, 0, 1, nil, 1, "01", false},
			{"microphone is off", ofInterface, getInterface, 0, 2, nil, 1, "00", false},
			{"setting that is not", toInterface, setInterface, 2, 1, nil, 0, "", true},
			{"interface that is not", toInterface, setInterface, 0, 4, nil, 0, "", true},
			{"clear halt", toEndpoint, clearFeature, 0, 0x83, nil, 0, "", false},
			{"HID descriptor", ofInterface, getDescriptor, 0x2100, 3, nil, 3, "09 21 11", false},
			{"idle", classSet, hidSetIdle, 0, 3, nil, 0, "", false},
			{"rate", classSetOfEnd, setCur, 0x0100, 0x01, []byte{0x80, 0x3E, 0}, 0, "", false},
			{"rate is set", classGetOfEnd, getCur, 0x0100, 0x01, nil, 3, "80 3e 00", false},
			{"rate that is not", classSetOfEnd, setCur, 0x0100, 0x01, []byte{0x44, 0xAC, 0}, 0, "", true},
			{"vendor's", 0xC0, 1, 0, 0, nil, 4, "", true},
		} {
			r := h.control(tt.kind, tt.request, tt.value, tt.index, tt.data, tt.length)
			want := unhex(t, tt.want)
			switch {
			case tt.stall && r.status != statusStall:
				t.Errorf("%s: %+v, want a stall", tt.name, r)
			case !tt.stall && (r.status != statusOK || !bytes.Equal(r.data, want)):
				t.Errorf("%s: %d %x, want %x", tt.name, r.status, r.data, want)
			}
		}
		if n := h.device.Stats().Stalled; n != 7 {
			t.Errorf("%d stalls counted", n)
		}
	})
}

func TestFeatureUnitsKeepVolumeAndMute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := power(t, "handset", Config{Mixer: Mixer{Microphone: Level{Mute: true}}})
		earpiece, microphone := uint16(unitEarpiece<<8), uint16(unitMicrophone<<8)
		get := func(request uint8, control, index uint16, length int) string {
			r := h.control(classGet, request, control<<8, index, nil, length)
			if r.status != 0 {
				return "stall"
			}
			return string(r.data)
		}
		for name, ok := range map[string]bool{
			"earpiece at 0 dB":   get(getCur, controlVolume, earpiece, 2) == "\x00\x00",
			"lowest is -40 dB":   get(getMin, controlVolume, earpiece, 2) == "\x00\xd8",
			"highest is 0 dB":    get(getMax, controlVolume, earpiece, 2) == "\x00\x00",
			"a step is 1 dB":     get(getRes, controlVolume, earpiece, 2) == "\x00\x01",
			"earpiece speaks":    get(getCur, controlMute, earpiece, 1) == "\x00",
			"microphone is mute": get(getCur, controlMute, microphone, 1) == "\x01",
			"bass is not there":  get(getCur, 3, earpiece, 1) == "stall",
			"unit 9 neither":     get(getCur, controlMute, 9<<8, 1) == "stall",
		} {
			if !ok {
				t.Errorf("not so: %s", name)
			}
		}
		h.control(classSet, setCur, controlVolume<<8, earpiece, []byte{0x00, 0xF4}, 0) // -12 dB
		h.control(classSet, setCur, controlMute<<8, microphone, []byte{0}, 0)
		want := Mixer{Earpiece: Level{Volume: -12 * 256}}
		if m := h.device.Mixer(); m != want {
			t.Errorf("mixer %+v, want %+v", m, want)
		}
		h.control(classSet, setCur, controlVolume<<8, earpiece, []byte{0x00, 0x80}, 0)
		if v := h.device.Mixer().Earpiece.Volume; v != LowestVolume {
			t.Errorf("below the lowest volume: %d", v)
		}
	})
}

func TestReportsGoThroughTheFirmware(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := power(t, "handset", Config{})
		if err := h.phone.Lift(); err != nil {
			t.Fatal(err)
		}
		if r := h.control(classGet, hidGetReport, 0x0101, 3, nil, 3); !bytes.Equal(r.data, []byte{1, 1, 0}) {
			t.Errorf("GET_REPORT: %+v", r)
		}
		if r := h.control(classGet, hidGetReport, 0x0107, 3, nil, 3); r.status != statusStall {
			t.Errorf("GET_REPORT of no report: %+v", r)
		}
		if r := h.control(classSet, hidSetReport, 0x0202, 3, []byte{2, 1}, 0); r.status != statusOK || !h.phone.State().Lights["ring"] {
			t.Errorf("SET_REPORT: %+v, lit %v", r, h.phone.State().Lit())
		}
	})
}

func TestADeviceWithoutReportIDsGetsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := power(t, "handset-unnumbered", Config{InterruptOut: true, NoSound: true})
		h.control(classSet, hidSetReport, 0x0200, 0, []byte{1}, 0)
		if h.phone.State().Reports != 1 || len(h.phone.State().Lit()) != 1 {
			t.Errorf("after SET_REPORT: %+v", h.phone.State())
		}
		seq := h.submit(&transfer{endpoint: 4, length: 1, data: []byte{0}})
		time.Sleep(8 * time.Millisecond)
		h.must(seq)
		if h.phone.State().Reports != 2 || len(h.phone.State().Lit()) != 0 {
			t.Errorf("after interrupt OUT: %+v", h.phone.State())
		}
	})
}

func TestARequestGivenUpLetsTheNextBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := power(t, "handset-stalls-get-report", Config{})
		asked := h.ask(classGet, hidGetReport, 0x0101, 3, nil, 3)
		behind := h.ask(ofDevice, getStatus, 0, 0, nil, 2)
		time.Sleep(4 * time.Second)
		if _, ok := h.reply(behind); ok {
			t.Fatal("endpoint 0 did two requests at once")
		}
		u := h.must(h.unlink(asked))
		time.Sleep(time.Millisecond)
		if !u.unlink || u.status != statusUnlinked {
			t.Errorf("unlink: %+v", u)
		}
		if r := h.must(behind); r.status != statusOK {
			t.Errorf("the request behind: %+v", r)
		}
		time.Sleep(4 * time.Second)
		if _, ok := h.reply(asked); ok {
			t.Error("a request that was given up was answered")
		}
	})
}

// Frames begin every millisecond; the host's requests come at 0.3 ms.
func TestRequestsTakeFramesAndReportsIntervals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := power(t, "handset-unnumbered", Config{InterruptOut: true, Interval: 4, NoSound: true})
		from := time.Now()
		time.Sleep(300 * time.Microsecond)
		var seqs []uint32
		for range 3 {
			seqs = append(seqs, h.ask(ofDevice, getStatus, 0, 0, nil, 2))
		}
		for range 2 {
			seqs = append(seqs, h.submit(&transfer{endpoint: 4, length: 1, data: []byte{0}}))
		}
		time.Sleep(20 * time.Millisecond)
		for i, want := range []time.Duration{1, 2, 3, 4, 8} {
			if at := h.must(seqs[i]).at.Sub(from); at != want*time.Millisecond {
				t.Errorf("transfer %d ended after %v, want %d ms", i, at, want)
			}
		}
	})
}

func TestFirmwareThatIsBusyMakesReportsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := power(t, "handset-stalls-writes", Config{InterruptOut: true, NoSound: true})
		a := h.submit(&transfer{endpoint: 4, length: 2, data: []byte{2, 1}})
		b := h.submit(&transfer{endpoint: 4, length: 2, data: []byte{2, 0}})
		time.Sleep(6 * time.Second)
		h.must(a)
		if _, ok := h.reply(b); ok || !h.phone.State().Lights["ring"] {
			t.Errorf("after 6 s the second of two reports of 5 s each is done: %v; lit %v", ok, h.phone.State().Lit())
		}
		time.Sleep(5 * time.Second)
		h.must(b)
		if h.phone.State().Lights["ring"] {
			t.Error("still lit")
		}
	})
}

func TestNobodyAnswersOnACutCable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := power(t, "handset-stalls-writes", Config{})
		stalled := h.ask(classSet, hidSetReport, 0x0202, 3, []byte{2, 1}, 0)
		behind := h.ask(ofDevice, getStatus, 0, 0, nil, 2)
		time.Sleep(time.Second)
		from := time.Now()
		cut := make(chan time.Duration)
		go func() { h.device.Cut(); cut <- time.Since(from) }()
		time.Sleep(4 * time.Millisecond)
		late := h.ask(ofDevice, getStatus, 0, 0, nil, 2)
		if took := <-cut; took != 14*time.Millisecond {
			t.Errorf("Cut returned after %v, not 10 ms after the last request", took)
		}
		for name, seq := range map[string]uint32{"under way": stalled, "waiting": behind, "late": late} {
			if r := h.must(seq); r.status != statusGone {
				t.Errorf("%s: %+v", name, r)
			}
		}
	})
}
