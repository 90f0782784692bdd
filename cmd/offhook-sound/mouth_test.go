//go:build sound

package main

import (
	"bytes"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"offhook/media"
	"offhook/media/sound"
	"offhook/media/sound/engine"
	"offhook/media/tone"
	"offhook/media/wav"
)

// mirror is a peer on loopback that sends back what it hears.
func mirror(t *testing.T) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 2048)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			conn.WriteToUDPAddrPort(buf[:n], from)
		}
	}()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// moment is when something happened first.
type moment chan time.Time

func (m moment) now(at time.Time) {
	select {
	case m <- at:
	default:
	}
}

func (m moment) await(t *testing.T, what string) time.Time {
	t.Helper()
	select {
	case at := <-m:
		return at
	case <-time.After(time.Minute):
		t.Fatalf("waited in vain for %s", what)
		return time.Time{}
	}
}

// onsets are the samples at which something begins to sound after 200 ms of silence.
func onsets(x []int16) (list []int) {
	quiet := sound.Rate
	for i, s := range x {
		if s > 1500 || s < -1500 {
			if quiet > sound.Rate/5 {
				list = append(list, i)
			}
			quiet = 0
		} else {
			quiet++
		}
	}
	return list
}

// speak plays clicks into the microphone of the sound server, one a second, and records what goes in there beside
// what comes out of the earpiece, in one recording: the server's own clock measures.
func (r *rig) speak(clicks int) (mouth, ear []int16) {
	r.t.Helper()
	in, out := filepath.Join(r.dir, "clicks.wav"), filepath.Join(r.dir, "both.wav")
	x := make([]int16, (clicks+1)*sound.Rate)
	for c := range clicks {
		for i := range sound.Rate / 25 {
			x[(c+1)*sound.Rate+i] = int16(12000 * (1 - 2*(i/24%2))) // 1 kHz
		}
	}
	if err := wav.WriteFile(in, wav.Format{Rate: sound.Rate, Channels: 1}, x); err != nil {
		r.t.Fatal(err)
	}
	record := r.command("pw-record", "-P", "{ node.name=both node.autoconnect=false }", "--rate", "48000", "--channels", "2", "--format", "s16", out)
	play := r.command("pw-play", "-P", "{ node.name=mouth node.autoconnect=false }", "--channels", "1", in)
	for _, cmd := range []*exec.Cmd{record, play} {
		var words bytes.Buffer
		cmd.Stdout, cmd.Stderr = &words, &words
		if err := cmd.Start(); err != nil {
			r.t.Fatal(err)
		}
		defer kill(cmd)
	}
	for _, link := range [][2]string{{"mic:capture_MONO", "both:input_FL"}, {"phone:monitor_FL", "both:input_FR"}, {"mouth:output_MONO", "mic:input_MONO"}} {
		r.await("a link from "+link[0], func() bool {
			out, err := r.command("pw-link", link[0], link[1]).CombinedOutput()
			return err == nil || bytes.Contains(out, []byte("File exists"))
		})
	}
	want := int64(len(x)+sound.Rate) * 4
	r.await("the recording of both", func() bool {
		st, err := os.Stat(out)
		return err == nil && st.Size() >= want
	})
	record.Process.Signal(os.Interrupt)
	record.Wait()
	_, both, err := wav.ReadFile(out, 100*sound.Rate)
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i+1 < len(both); i += 2 {
		mouth, ear = append(mouth, both[i]), append(ear, both[i+1])
	}
	return mouth, ear
}

// How long it takes from a lifted handset to its tone, from an answer to the first word, and from mouth to ear, through
// PipeWire. The figures are for `make bench`; here all must come to pass, in whatever time a busy machine takes.
func TestFromMouthToEarThroughPipeWire(t *testing.T) {
	r := newRig(t)
	p := openPort(t, r, engine.ServerDevice, r.native())
	tones, words := make(moment, 1), make(moment, 1)
	e := media.NewEndpoint(p, media.EndpointConfig{OnFirstSound: func(at time.Time, plan media.Plan) {
		if plan.Tone == tone.Dial {
			tones.now(at)
		} else {
			words.now(at)
		}
	}})
	defer e.Close()
	lifted := time.Now()
	e.Set(media.Plan{Tone: tone.Dial, OffHook: true})
	made := tones.await(t, "dial tone").Sub(lifted)
	t.Logf("lift → dial tone made %v, at the ear some %v later", made, p.Info().Latency)

	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	sent, heard := make(moment, 1), make(moment, 1)
	s := media.NewSession(conn, media.SessionConfig{OnFirstRTP: sent.now, OnFirstHeard: heard.now})
	defer s.Close()
	answered := time.Now()
	if err := s.SetParams(media.Params{Remote: mirror(t), Codec: "PCMU", Send: true, Receive: true}); err != nil {
		t.Fatal(err)
	}
	e.Set(media.Plan{Session: s, Play: true, Capture: true})
	t.Logf("answer → first RTP out %v, in %v", sent.await(t, "the first packet out").Sub(answered), heard.await(t, "the first packet in").Sub(answered))

	var took []time.Duration
	for try := 0; try < 4 && len(took) < 6; try++ {
		mouth, ear := r.speak(8)
		said, came := onsets(mouth), onsets(ear)
		for _, at := range said {
			// Clicks are a second apart; what takes as long is of the one before.
			if i, _ := slices.BinarySearch(came, at); i < len(came) && came[i]-at < sound.Rate*9/10 {
				took = append(took, time.Duration(came[i]-at)*time.Second/sound.Rate)
			}
		}
		t.Logf("%d clicks said, %d heard", len(said), len(came))
	}
	words.await(t, "a word")
	if len(took) == 0 { // a machine that stands still tears most of them
		t.Fatal("none of the clicks was heard within a second")
	}
	slices.Sort(took)
	st, info := s.Stats(), p.Info()
	t.Logf("mouth → ear: median %v, p95 %v of %d; of it a packet of 20ms, the jitter buffer %v, the sound device %v",
		took[len(took)/2], took[len(took)*95/100], len(took), st.PlayoutDelay, info.Latency)
	t.Logf("%+v", info)
	if median := took[len(took)/2]; median < 20*time.Millisecond {
		t.Errorf("from mouth to ear in %v: less than a packet", median)
	}
}
