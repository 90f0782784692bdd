package engine

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"offhook/media/sound/ring"
)

func newRing(t testing.TB, period int) (*ring.Ring, *ring.Program) {
	t.Helper()
	words := make([]uint64, (ring.Size+7)/8)
	r, err := ring.New(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), ring.Size))
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Program(period, 1)
	if err != nil {
		t.Fatal(err)
	}
	return r, p
}

// talk sends lines to a server and returns its answers, one string per line.
func talk(t testing.TB, cfg Config, lines ...string) []string {
	t.Helper()
	var out strings.Builder
	if cfg.Ring == nil {
		cfg.Ring, _ = newRing(t, 480)
	}
	cfg.Now = func() time.Duration { return 0 }
	cfg.Wake = func() {}
	Serve(strings.NewReader(strings.Join(lines, "\n")), &out, cfg)
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

func TestProtocol(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []string
		want  []string // a part of each answer
	}{
		{"list", []string{`{"id":7,"cmd":"list"}`}, []string{`{"id":7,"devices":[{"index":-1,"name":"null"`}},
		{"a whole life", []string{
			`{"id":1,"cmd":"open","output":"null","input":"null"}`,
			`{"id":2,"cmd":"start","rate":48000}`,
			`{"id":3,"cmd":"stop"}`,
			`{"id":4,"cmd":"state"}`,
		}, []string{`"open":{"output":{"index":-1`, `"state":{"running":true,"capture":false,"rate":48000`, `"event":"capture"`, `{"id":3,"state":{"running":false`, `{"id":4,"state":{"running":false`}},
		{"no microphone", []string{
			`{"id":1,"cmd":"open","output":"null","input":"-"}`,
			`{"id":2,"cmd":"start","rate":48000}`,
			`{"id":3,"cmd":"stop"}`,
		}, []string{`"open"`, `"running":true`, `"id":3`}},
		{"start before open", []string{`{"id":1,"cmd":"start","rate":48000}`}, []string{`"code":"protocol"`}},
		{"started twice", []string{
			`{"id":1,"cmd":"open","output":"null","input":"-"}`, `{"id":2,"cmd":"start","rate":48000}`, `{"id":3,"cmd":"start","rate":48000}`, `{"id":4,"cmd":"open","output":"null"}`,
		}, []string{`"open"`, `"running":true`, `started already`, `open while running`}},
		{"wrong period", []string{`{"id":1,"cmd":"open","output":"null","input":"-"}`, `{"id":2,"cmd":"start","rate":8000}`}, []string{`"open"`, `"code":"protocol"`}},
		{"wild rate", []string{`{"id":1,"cmd":"open","output":"null","input":"-"}`, `{"id":2,"cmd":"start","rate":-1}`}, []string{`"open"`, `"code":"protocol"`}},
		{"stop when stopped", []string{`{"id":1,"cmd":"stop"}`}, []string{`"running":false`}},
		{"no such command", []string{`{"id":5,"cmd":"explode"}`}, []string{`{"id":5,"error":{"code":"protocol"`}},
		{"no such device", []string{`{"id":5,"cmd":"open","output":"hw:3,0"}`}, []string{`"code":"no-device"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := talk(t, Config{}, c.lines...)
			if len(got) != len(c.want) {
				t.Fatalf("answers %q", got)
			}
			for i, want := range c.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("answer %s\nwant   %s", got[i], want)
				}
			}
		})
	}
}

func TestLoopbackComesBackThroughTheRing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, p := newRing(t, 480)
		in, feed := io.Pipe()
		answers, out := io.Pipe()
		done := make(chan error, 1)
		go func() {
			done <- Serve(in, out, Config{Ring: r, Now: func() time.Duration { return 0 }, Wake: func() {}})
		}()
		read := bufio.NewScanner(answers)
		ask := func(line string) (reply Reply) {
			fmt.Fprintln(feed, line)
			read.Scan()
			if err := json.Unmarshal(read.Bytes(), &reply); err != nil || reply.Error != nil {
				t.Fatalf("%s: %s (%v)", line, read.Text(), err)
			}
			return reply
		}
		ask(`{"id":1,"cmd":"open","output":"loopback","input":"loopback"}`)
		ask(`{"id":2,"cmd":"start","rate":48000}`)
		if read.Scan(); !strings.Contains(read.Text(), `"capture":true`) {
			t.Fatal(read.Text())
		}
		n := 0
		var heard []int16
		for n < 20 {
			time.Sleep(time.Millisecond) // of virtual time
			p.Run(func(mic, ear []int16) {
				n++
				heard = append(heard, mic[0])
				ear[0] = int16(n)
			})
		}
		if r.Counters().Underruns != 0 {
			t.Errorf("%+v", r.Counters())
		}
		for i, v := range heard {
			// Made in n, played in n+1, heard in n+2.
			if want := int16(max(0, i+1-2)); v != want && i > 2 {
				t.Errorf("period %d heard %d, want %d", i+1, v, want)
			}
		}
		ask(`{"id":3,"cmd":"stop"}`)
		feed.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestFindDevices(t *testing.T) {
	devices := []Device{
		{Index: 0, Name: "HDA Intel: ALC (hw:0,0)", HW: "hw:0,0", Inputs: 2, Outputs: 2},
		{Index: 1, Name: "HID Phone: USB Audio (hw:1,0)", HW: "hw:1,0", Inputs: 1, Outputs: 2},
		{Index: 2, Name: "HID Phone: Ringer (hw:1,1)", HW: "hw:1,1", Outputs: 1},
		{Index: 3, Name: "default", Inputs: 32, Outputs: 32},
	}
	card := func(id string) string { return map[string]string{"Phone": "1"}[id] }
	for _, c := range []struct {
		name string
		dir  direction
		want int // index; -1: an error
		text string
	}{
		{"", forOutput, 3, ""},
		{"default", forInput, 3, ""},
		{"hw:1,0", forOutput, 1, ""},
		{"plughw:1,0", forOutput, 1, ""},
		{"hw:1", forInput, 1, ""},
		{"hw:CARD=Phone,DEV=1", forOutput, 2, ""},
		{"hw:Phone", forOutput, 1, ""},
		{"hw:1,1", forInput, -1, "microphone hw:1,1"},
		{"hw:CARD=Gone", forOutput, -1, "not plugged in"},
		{"hw:5,0", forOutput, -1, "HID Phone: USB Audio"},
		{"HID Phone: Ringer (hw:1,1)", forOutput, 2, ""},
		{"ringer", forOutput, 2, ""},
		{"hid phone", forInput, 1, ""},
		{"hid phone", forOutput, -1, "several"},
		{"bluetooth", forOutput, -1, `no sound output named "bluetooth"`},
		{"hw:", forOutput, -1, ""},
		{"hw:../../etc,0", forOutput, -1, ""},
	} {
		got, err := find(devices, c.name, c.dir, card)
		if c.want < 0 {
			var f *Failure
			if err == nil || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%q: %v %v, want an error with %q", c.name, got, err, c.text)
			} else if f = asFailure(err); c.text != "" && f.Code != NoDevice {
				t.Errorf("%q: code %q", c.name, f.Code)
			}
			continue
		}
		if err != nil || got.Index != c.want {
			t.Errorf("%q: %v %v, want %d", c.name, got.Name, err, c.want)
		}
	}
	if _, err := find(nil, "", forOutput, card); err == nil || !strings.Contains(err.Error(), "no sound device was found at all") {
		t.Error(err)
	}
	if got := cardNumber("../../etc/passwd"); got != "" {
		t.Error(got)
	}
}

func TestHWName(t *testing.T) {
	for name, want := range map[string]string{"HID Phone: USB Audio (hw:1,0)": "hw:1,0", "x (hw:12,3)": "hw:12,3", "default": "", "(hw:1,0) trailing": ""} {
		if got := HWName(name); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}

func period(v int16) []int16 {
	p := make([]int16, 80)
	for i := range p {
		p[i] = v
	}
	return p
}

func TestQueueFindsItsDepth(t *testing.T) {
	q := newQueue(80)
	if q.begun() || q.take() != nil {
		t.Fatal("something out of nothing")
	}
	// In step: each period is passed on at once.
	for n := range 10 {
		q.put(period(int16(n)), 1)
		if got := q.take(); got == nil || got[0] != int16(n) {
			t.Fatalf("period %d: %v", n, got)
		}
	}
	// The microphone comes late once: one gap, then one period stays in reserve
	// and the next lateness is bridged.
	if q.take() != nil {
		t.Fatal("old sound again")
	}
	q.put(period(1), 1)
	q.put(period(2), 1)
	if got := q.take(); got[0] != 1 {
		t.Fatal(got[0])
	}
	if got := q.take(); got == nil || got[0] != 2 {
		t.Fatal("not bridged")
	}
}

func TestQueueSpareIsBlendedAway(t *testing.T) {
	q := newQueue(80)
	n := int16(0)
	put := func() { n++; q.put(period(n), 1) }
	put()
	put()
	for range 2 * review {
		put()
		if q.take() == nil {
			t.Fatal("a gap")
		}
	}
	if left := q.head.Load() - q.tail.Load(); left != 0 {
		t.Errorf("%d periods are kept for nothing", left)
	}
}

func TestQueueBlendIsSmooth(t *testing.T) {
	q := newQueue(80)
	q.put(period(1000), 1)
	q.put(period(-1000), 1)
	got := q.blend()
	if got[0] != 1000 || math.Abs(float64(got[79])+1000) > 30 {
		t.Errorf("from %d to %d", got[0], got[79])
	}
	for i := 1; i < len(got); i++ {
		if d := got[i-1] - got[i]; d < 0 || d > 30 {
			t.Fatalf("a step of %d at %d", d, i)
		}
	}
}

func TestQueueDropsWhenTheOutputHasStalled(t *testing.T) {
	q := newQueue(80)
	for n := range 100 {
		q.put(period(int16(n)), 1)
	}
	if got := q.take(); got[0] != 0 || q.head.Load() != queueSlots {
		t.Errorf("%d of %d", got[0], q.head.Load())
	}
}

func TestQueueTakesTheFirstChannel(t *testing.T) {
	q := newQueue(80)
	stereo := make([]int16, 160)
	for i := range 80 {
		stereo[2*i], stereo[2*i+1] = int16(i), -1
	}
	q.put(stereo, 2)
	if got := q.take(); got[5] != 5 || got[79] != 79 {
		t.Error(got)
	}
	q.put(stereo[:10], 2) // a short period is silence
	if got := q.take(); got[0] != 0 || got[79] != 0 {
		t.Error(got)
	}
}

func TestStereoOutputIsOnBothEars(t *testing.T) {
	r, p := newRing(t, 480)
	dev, err := r.Device()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{cfg: Config{Now: func() time.Duration { return 0 }, Wake: func() {}}}
	cycle := s.playCycle(dev)
	pcm := make([]int16, 960)
	cycle(pcm, 2, true)
	p.Run(func(mic, ear []int16) { ear[3] = 77 })
	cycle(pcm, 2, false)
	if pcm[6] != 77 || pcm[7] != 77 || pcm[8] != 0 {
		t.Error(pcm[:10])
	}
	if r.Counters().DeviceOut != 1 {
		t.Error("the device's gap was not counted")
	}
	pcm[0] = 5
	if cycle(pcm[:100], 2, false); pcm[0] != 0 {
		t.Error("a strange length is not silence")
	}
}

func FuzzRequests(f *testing.F) {
	f.Add("{\"id\":1,\"cmd\":\"open\",\"output\":\"null\",\"input\":\"-\"}\n{\"id\":2,\"cmd\":\"start\",\"rate\":48000}\n{\"id\":3,\"cmd\":\"stop\"}")
	f.Add("{\"id\":1,\"cmd\":\"list\",\"refresh\":true}\nnonsense")
	f.Add("{\"id\":-9,\"cmd\":\"open\",\"output\":\"hw:CARD=../x\"}")
	f.Fuzz(func(t *testing.T, text string) {
		for _, line := range talk(t, Config{}, strings.Split(text, "\n")...) {
			if line == "" {
				continue
			}
			var r Reply
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Errorf("%q: %v", line, err)
			}
		}
	})
}

// directly is a backend with a callback of its own for hw:1,0. It notes what is done.
type directly struct {
	Backend
	done []string
}

type directStream struct {
	b    *directly
	name string
}

func (b *directly) Devices([]string, bool) ([]Device, error) {
	return []Device{{Name: "Phone (hw:1,0)", HW: "hw:1,0", Inputs: 1, Outputs: 2, Rate: 48000}, {Index: 1, Name: "far", Inputs: 1, Outputs: 1, Rate: 48000}}, nil
}

func (b *directly) Directly(out Device, in *Device) bool {
	return out.Index == 0 && (in == nil || in.Index == 0)
}

func (b *directly) PlayDirect(d Device, rate int, _ *ring.Ring) (DirectStream, error) {
	return b.begin(fmt.Sprintf("play to %s at %d", d.HW, rate)), nil
}

func (b *directly) Play(d Device, _, _ int, _ Cycle) (Stream, error) {
	return b.begin("play to " + d.Name + " by calling back"), nil
}

func (b *directly) Capture(d Device, _, _ int, _ Cycle) (Stream, error) {
	return b.begin("record from " + d.Name + " by calling back"), nil
}

func (b *directly) begin(name string) directStream {
	b.done = append(b.done, name)
	return directStream{b, name}
}

func (s directStream) Capture(d Device) (Stream, error) { return s.b.begin("record from " + d.HW), nil }
func (s directStream) Latency() time.Duration           { return 5 * time.Millisecond }
func (s directStream) Close() error {
	s.b.done = append(s.b.done, "no longer "+s.name)
	return nil
}

func TestCallbackOfTheBackendsOwn(t *testing.T) {
	for _, c := range []struct {
		out, in string
		want    []string
	}{
		{"hw:1,0", "hw:1,0", []string{"play to hw:1,0 at 48000", "record from hw:1,0", "no longer play to hw:1,0 at 48000", "no longer record from hw:1,0"}},
		{"hw:1,0", NoInput, []string{"play to hw:1,0 at 48000", "no longer play to hw:1,0 at 48000"}},
		{"hw:1,0", "far", []string{"play to Phone (hw:1,0) by calling back", "record from far by calling back", "no longer play to Phone (hw:1,0) by calling back", "no longer record from far by calling back"}},
		{"null", "hw:1,0", []string{"record from Phone (hw:1,0) by calling back", "no longer record from Phone (hw:1,0) by calling back"}},
	} {
		b := &directly{}
		for _, answer := range talk(t, Config{Backend: b}, fmt.Sprintf(`{"id":1,"cmd":"open","output":%q,"input":%q}`, c.out, c.in), `{"id":2,"cmd":"start","rate":48000}`, `{"id":3,"cmd":"stop"}`) {
			if strings.Contains(answer, "error") {
				t.Error(answer)
			}
		}
		if !slices.Equal(b.done, c.want) {
			t.Errorf("%s and %s: %q, want %q", c.out, c.in, b.done, c.want)
		}
	}
}
