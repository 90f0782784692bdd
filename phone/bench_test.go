package phone

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/media/measure"
	"offhook/media/sound"
	"offhook/phone/control"
	"offhook/phone/ua"
)

// rig is a phone in real time, on real sockets, with a bare user agent that calls it: what the benchmarks time.
type rig struct {
	b      *testing.B
	phone  *Phone
	device *virtual.Phone
	caller *ua.Agent
	port   *earPort
	events <-chan control.Event
	peer   chan ua.Event

	mu    sync.Mutex // guards trace
	trace []ua.TraceMessage
}

// earPort reports the first period at the earpiece that is not silent, and the first packet's worth of microphone.
type earPort struct {
	sound.Port
	mu    sync.Mutex // guards first
	first chan time.Time
}

func (p *earPort) Start(process sound.Process) error {
	return p.Port.Start(func(mic, ear []int16) {
		process(mic, ear)
		if measure.Level(ear) < -50 {
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.first != nil {
			p.first <- time.Now()
			p.first = nil
		}
	})
}

func (p *earPort) next() <-chan time.Time {
	c := make(chan time.Time, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.first = c
	return c
}

func newRig(b *testing.B) *rig {
	b.Helper()
	file, err := sound.OpenFile(sound.FileConfig{})
	if err != nil {
		b.Fatal(err)
	}
	shape, err := virtual.ByName("handset")
	if err != nil {
		b.Fatal(err)
	}
	r := &rig{b: b, device: virtual.New(shape), port: &earPort{Port: file}, peer: make(chan ua.Event, 64)}
	r.phone, err = New(Config{Version: "bench", Trace: func(m ua.TraceMessage) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.trace = append(r.trace, m)
	}})
	if err != nil {
		b.Fatal(err)
	}
	var unsubscribe func()
	r.events, unsubscribe = r.phone.Subscribe()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := r.phone.Run(ctx); err != nil {
			b.Error(err)
		}
	}()
	b.Cleanup(func() {
		cancel()
		<-done
		unsubscribe()
	})
	if err := r.phone.AttachVirtual(r.device, Sound{Port: r.port, Name: "file"}); err != nil {
		b.Fatal(err)
	}
	r.await("registration", func(e control.Event) bool { return e.State == control.AccountRegistered })
	r.caller, err = ua.New(ua.Config{
		Accounts: []ua.Account{{Name: "caller", URI: "sip:101@" + r.phone.Exchange(), Transport: "udp", Register: true, Expires: time.Hour}},
		Handler:  func(e ua.Event) { r.peer <- e },
	})
	if err != nil {
		b.Fatal(err)
	}
	if err := r.caller.Start(ctx); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
		defer cancel()
		r.caller.Close(ctx)
	})
	r.hear("registration", func(e ua.Event) bool { g, ok := e.(ua.Registration); return ok && g.State == ua.Registered })
	return r
}

func (r *rig) await(what string, ok func(control.Event) bool) control.Event {
	r.b.Helper()
	for {
		select {
		case e := <-r.events:
			if ok(e) {
				return e
			}
		case <-time.After(5 * time.Second):
			r.b.Fatalf("waited in vain for %s", what)
		}
	}
}

func (r *rig) hear(what string, ok func(ua.Event) bool) ua.Event {
	r.b.Helper()
	for {
		select {
		case e := <-r.peer:
			if ok(e) {
				return e
			}
		case <-time.After(5 * time.Second):
			r.b.Fatalf("the caller waited in vain for %s", what)
		}
	}
}

// message is when the latest SIP message went by whose text begins so.
func (r *rig) message(d ua.Direction, prefix string) time.Time {
	r.b.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range slices.Backward(r.trace) {
		if m.Direction == d && strings.HasPrefix(m.Text, prefix) {
			return m.Time
		}
	}
	r.b.Fatalf("no SIP message %v %q", d, prefix)
	return time.Time{}
}

// reported is when the latest report of a direction passed the handset.
func (r *rig) reported(out bool) time.Time {
	r.b.Helper()
	for _, rep := range slices.Backward(r.device.State().History) {
		if rep.Out == out {
			return rep.At
		}
	}
	r.b.Fatal("no report")
	return time.Time{}
}

func (r *rig) shows(ok func(virtual.State) bool) {
	r.b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if _, err := r.device.Await(ctx, ok); err != nil {
		r.b.Fatal(err)
	}
}

// pause keeps to what a person can do at a handset: one who did more would be taken for a broken device, and held back.
func (r *rig) pause() {
	r.b.StopTimer()
	time.Sleep(80 * time.Millisecond)
	r.b.StartTimer()
}

// percentiles reports p50 and p99 of what was measured, in ms.
func percentiles(b *testing.B, what string, d []time.Duration) {
	slices.Sort(d)
	at := func(q float64) float64 { return float64(d[int(q*float64(len(d)-1))].Nanoseconds()) / 1e6 }
	b.ReportMetric(at(0.5), what+"-p50-ms")
	b.ReportMetric(at(0.99), what+"-p99-ms")
}

// One incoming call: INVITE read to ring report at the device, hook report to 200 OK written, answer to first RTP.
func BenchmarkIncomingCall(b *testing.B) {
	r := newRig(b)
	conn, err := r.phone.cfg.ListenRTP(20000, 20100)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	rtp := make(chan time.Time, 1)
	want := make(chan struct{}, 1)
	go func() {
		buf := make([]byte, 2048)
		for {
			if _, _, err := conn.ReadFrom(buf); err != nil {
				return
			}
			select {
			case <-want:
				rtp <- time.Now()
			default:
			}
		}
	}()
	port := uint16(netip.MustParseAddrPort(conn.LocalAddr().String()).Port())
	var ring, answer, first []time.Duration
	for b.Loop() {
		if err := r.caller.Dial("c", "caller", LocalExtension, ua.LocalMedia{Port: port, Codecs: []string{"PCMA"}}); err != nil {
			b.Fatal(err)
		}
		r.shows(func(s virtual.State) bool { return s.Ringing })
		ring = append(ring, r.reported(true).Sub(r.message(ua.Received, "INVITE")))
		r.await("ringing", func(e control.Event) bool { return e.State == control.CallIncoming })
		want <- struct{}{}
		if err := r.device.Lift(); err != nil {
			b.Fatal(err)
		}
		lifted := r.reported(false)
		r.await("the call", func(e control.Event) bool { return e.State == control.CallActive })
		ok := r.message(ua.Sent, "SIP/2.0 200")
		answer = append(answer, ok.Sub(lifted))
		select {
		case t := <-rtp:
			first = append(first, t.Sub(ok))
		case <-time.After(5 * time.Second):
			b.Fatal("no RTP after the answer")
		}
		if err := r.device.HangUp(); err != nil {
			b.Fatal(err)
		}
		r.await("the end", func(e control.Event) bool { return e.State == control.CallEnded })
		r.hear("the end", func(e ua.Event) bool { _, ok := e.(ua.Ended); return ok })
		r.shows(func(s virtual.State) bool { return len(s.Lit()) == 0 })
		r.pause()
	}
	percentiles(b, "invite-to-ring-report", ring)
	percentiles(b, "hook-report-to-200", answer)
	percentiles(b, "answer-to-first-rtp", first)
}

// Lifting an idle handset: hook report to the first period of dial tone that the port plays.
func BenchmarkLiftToDialTone(b *testing.B) {
	r := newRig(b)
	var d []time.Duration
	for b.Loop() {
		heard := r.port.next()
		if err := r.device.Lift(); err != nil {
			b.Fatal(err)
		}
		lifted := r.reported(false)
		select {
		case t := <-heard:
			d = append(d, t.Sub(lifted))
		case <-time.After(5 * time.Second):
			b.Fatal("no dial tone")
		}
		if err := r.device.HangUp(); err != nil {
			b.Fatal(err)
		}
		r.await("idle", func(e control.Event) bool { return e.State == control.HandsetIdle })
		r.pause()
	}
	percentiles(b, "lift-to-tone", d)
}
