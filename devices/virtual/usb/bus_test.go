package usb

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices/virtual"
)

func TestInputReportsComeOneInEachInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := power(t, "handset", Config{Interval: 8})
		from := time.Now()
		first := h.input()
		time.Sleep(20 * time.Millisecond)
		if _, ok := h.reply(first); ok {
			t.Fatal("a report out of nothing")
		}
		if !h.phone.State().Opened {
			t.Error("the phone does not know that it is open")
		}
		if err := h.phone.Press("5"); err != nil { // press and release
			t.Fatal(err)
		}
		second := h.input()
		time.Sleep(20 * time.Millisecond)
		for i, want := range []struct {
			seq  uint32
			at   time.Duration
			data []byte
		}{{first, 24 * time.Millisecond, []byte{1, 0xC0, 0}}, {second, 32 * time.Millisecond, []byte{1, 0, 0}}} {
			r := h.must(want.seq)
			if !bytes.Equal(r.data, want.data) || r.at.Sub(from) != want.at {
				t.Errorf("report %d: %x after %v, want %x after %v", i, r.data, r.at.Sub(from), want.data, want.at)
			}
		}
	})
}

func TestUnlinkingTheLastInputTransferClosesThePhone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := power(t, "handset", Config{})
		seq := h.input()
		synctest.Wait()
		if r := h.must(h.unlink(seq)); r.status != statusUnlinked {
			t.Errorf("%+v", r)
		}
		if h.phone.State().Opened {
			t.Error("still open")
		}
		if r := h.must(h.unlink(seq)); r.status != statusOK {
			t.Errorf("unlinked twice: %+v", r)
		}
		seq = h.input()
		synctest.Wait()
		if err := h.phone.Lift(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(16 * time.Millisecond)
		if r := h.must(seq); !bytes.Equal(r.data, []byte{1, 1, 0}) {
			t.Errorf("opened again: %x", r.data)
		}
	})
}

// tape is a Sound that keeps what was played, and speaks the numbers 1, 2, 3 …
type tape struct {
	at     []time.Time
	rates  []int
	heard  []int16
	spoken int16
}

func (x *tape) Play(at time.Time, rate int, samples []int16) {
	x.at, x.rates, x.heard = append(x.at, at), append(x.rates, rate), append(x.heard, samples...)
}

func (x *tape) Capture(_ time.Time, _ int, samples []int16) {
	for i := range samples {
		x.spoken++
		samples[i] = x.spoken
	}
}

func TestSoundTakesItsTimeOnTheBus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &tape{}
		h := power(t, "handset", Config{Sound: x})
		from := time.Now()
		h.control(toInterface, setInterface, 1, 1, nil, 0)
		time.Sleep(9*time.Millisecond + 300*time.Microsecond)
		a, b := h.frames(false, 5, 16, 1), h.frames(false, 5, 16, 2)
		time.Sleep(time.Second)
		for i, want := range []struct {
			seq uint32
			at  time.Duration
		}{{a, 16 * time.Millisecond}, {b, 21 * time.Millisecond}} {
			r := h.must(want.seq)
			if r.at.Sub(from) != want.at || r.actual != 80 || r.status != statusOK {
				t.Errorf("transfer %d ended after %v, want %v: %+v", i, r.at.Sub(from), want.at, r)
			}
		}
		if len(x.heard) != 80 || x.heard[0] != 0x0101 || x.heard[79] != 0x0202 {
			t.Errorf("heard %v", x.heard)
		}
		if x.at[0].Sub(from) != 11*time.Millisecond || x.at[9].Sub(from) != 20*time.Millisecond || x.rates[0] != 8000 {
			t.Errorf("played at %v, at %d Hz", x.at, x.rates[0])
		}
	})
}

func TestTheMicrophoneGivesEachFrameItsSamples(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &tape{}
		h := power(t, "handset", Config{Sound: x, Rates: []int{44100}})
		seq := h.frames(true, 11, 92, 0)
		time.Sleep(20 * time.Millisecond)
		r := h.must(seq)
		var sizes []uint32
		for _, p := range r.packets {
			sizes = append(sizes, p.actual)
		}
		if !slices.Equal(sizes, []uint32{88, 88, 88, 88, 88, 88, 88, 88, 88, 90, 88}) || r.actual != 970 {
			t.Errorf("packets of %v, together %d", sizes, r.actual)
		}
		for i := range 485 {
			if v := binary.LittleEndian.Uint16(r.data[2*i:]); int(v) != i+1 {
				t.Fatalf("sample %d is %d: samples are lost or out of order", i, v)
			}
		}
	})
}

// A host that comes late: the device's time waits for it, or what it had to say
// is lost.
func TestStarvation(t *testing.T) {
	for _, tt := range []struct {
		name string
		drop bool
		lost int
	}{{"stretches time", false, 0}, {"drops as hardware does", true, 8}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := &tape{}
				h := power(t, "handset", Config{Sound: x, Drop: tt.drop})
				h.frames(false, 2, 16, 1) // frames 1 and 2
				h.frames(true, 2, 18, 0)
				time.Sleep(10*time.Millisecond + 500*time.Microsecond) // and now it is frame 10
				late := h.frames(true, 1, 18, 0)
				h.frames(false, 2, 16, 1)
				time.Sleep(10 * time.Millisecond)
				s := h.device.Stats()
				for name, st := range map[string]StreamStats{"earpiece": s.Earpiece, "microphone": s.Microphone} {
					if st.Starved != 1 || st.Gap != 7500*time.Microsecond || st.Lost != tt.lost {
						t.Errorf("%s: %+v", name, st)
					}
				}
				if want := (4 + tt.lost) * 8; len(x.heard) != want {
					t.Errorf("the earpiece played %d samples, want %d", len(x.heard), want)
				}
				first := binary.LittleEndian.Uint16(h.must(late).data)
				if want := 2*8 + tt.lost*8 + 1; int(first) != want {
					t.Errorf("the microphone went on with sample %d, want %d", first, want)
				}
			})
		})
	}
}

func TestAStreamThatWasStoppedIsNotLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := power(t, "handset", Config{Drop: true})
		h.unlink(h.frames(false, 100, 16, 1))
		time.Sleep(time.Second)
		seq := h.frames(false, 1, 16, 1)
		time.Sleep(10 * time.Millisecond)
		if r := h.must(seq); r.status != statusOK {
			t.Errorf("%+v", r)
		}
		if s := h.device.Stats().Earpiece; s.Starved != 0 || s.Lost != 0 || s.Transfers != 1 {
			t.Errorf("%+v", s)
		}
	})
}

func TestMuteAndVolumeAreHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for level, want := range map[Level]int16{{}: 0x0101, {Mute: true}: 0, {Volume: -20 * 256}: 26} {
			x := &tape{}
			h := power(t, "handset", Config{Sound: x, Mixer: Mixer{Earpiece: level}})
			h.frames(false, 1, 16, 1)
			time.Sleep(10 * time.Millisecond)
			h.device.Close()
			if len(x.heard) != 8 || x.heard[0] != want {
				t.Errorf("%+v: heard %v, want %d", level, x.heard, want)
			}
		}
	})
}

func TestAHostOutOfStepIsLeft(t *testing.T) {
	for name, messages := range map[string][][]byte{
		"garbage":             {make([]byte, headerSize)},
		"a number used twice": {encode(&transfer{seq: 1, in: true, endpoint: 3, length: 8}), encode(&transfer{seq: 1, in: true, endpoint: 3, length: 8})},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := power(t, "handset", Config{})
				for _, m := range messages {
					h.write(m)
				}
				<-h.device.Done()
				if h.device.Err() == nil {
					t.Error("no reason was given")
				}
			})
		})
	}
}

func TestTransfersToNowhereStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := power(t, "handset", Config{})
		for name, tr := range map[string]*transfer{
			"endpoint that is not":             {in: true, endpoint: 7, length: 8},
			"interrupt OUT that is not":        {endpoint: 4, length: 1, data: []byte{0}},
			"sound without packets":            {endpoint: 1, length: 1, data: []byte{0}},
			"packets on an interrupt endpoint": {in: true, endpoint: 3, length: 8, packets: []packet{{0, 8, 0}}},
		} {
			seq := h.submit(tr)
			time.Sleep(8 * time.Millisecond)
			if r := h.must(seq); r.status != statusStall {
				t.Errorf("%s: %+v", name, r)
			}
		}
	})
}

func TestTheEndOfTheConnectionIsNoError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := power(t, "handset", Config{})
		h.input()
		h.conn.Close()
		<-h.device.Done()
		if err := h.device.Err(); err != nil {
			t.Error(err)
		}
		if h.phone.State().Opened {
			t.Error("the phone is still open")
		}
	})
}

// Whatever a host sends, the device ends in order when the host is gone.
func FuzzHost(f *testing.F) {
	f.Add(slices.Concat(unhex(f, submitControl), unhex(f, submitSound), unhex(f, unlinkOf13)))
	f.Add(encode(&transfer{seq: 3, length: 2, data: []byte{2, 1}, setup: setup{classSet, hidSetReport, 0x0202, 3, 2}}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := virtual.ByName("handset")
		if err != nil {
			t.Fatal(err)
		}
		ours, theirs := net.Pipe()
		d, err := Serve(theirs, virtual.New(p), Config{Second: virtual.New(p)})
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, ours) }()
		_, _ = ours.Write(raw) // fails when the device has left
		ours.Close()
		d.Close()
	})
}

func TestFreePortsAreThoseOfFullSpeed(t *testing.T) {
	status := `hub port sta spd dev      sockfd local_busid
hs  0000 006 002 00010002 000003 1-1
hs  0001 004 000 00000000 000000 0-0
hs  0002 005 000 00000000 000000 0-0
hs  0003 004 000 00000000 000000 0-0
ss  0008 004 000 00000000 000000 0-0
`
	if got := freePorts(status); !slices.Equal(got, []int{1, 3}) {
		t.Errorf("%v", got)
	}
}
