//go:build usb

package vmtest

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/devices/virtual/usb"
	"offhook/devices/virtual/usb/usbtest"
	"offhook/media/sound"
)

// desktop is a sound server as a desktop runs it, without a desktop.
type desktop struct {
	t        *testing.T
	dir      string
	env      []string
	programs []string // each a command line, in the order in which they are started
	running  []*exec.Cmd
}

var desktops = []struct {
	name     string
	programs []string
}{
	{"PipeWire", []string{"pipewire", "wireplumber", "pipewire-pulse"}},
	{"PulseAudio", []string{"pulseaudio --daemonize=no --exit-idle-time=-1 --log-target=null"}},
}

func newDesktop(t *testing.T, programs []string) *desktop {
	t.Helper()
	dir := t.TempDir()
	d := &desktop{t: t, dir: dir, programs: programs, env: []string{
		"HOME=" + dir, "XDG_RUNTIME_DIR=" + dir, "XDG_CONFIG_HOME=" + dir, "XDG_STATE_HOME=" + dir,
		"DBUS_SESSION_BUS_ADDRESS=unix:path=" + dir + "/bus",
	}}
	d.start("dbus-daemon --session --nofork --address=unix:path=" + dir + "/bus")
	d.up()
	return d
}

func (d *desktop) command(line string, args ...string) *exec.Cmd {
	words := append(strings.Fields(line), args...)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = append(os.Environ(), d.env...)
	return cmd
}

// start runs a program until the test ends.
func (d *desktop) start(line string, args ...string) *exec.Cmd {
	d.t.Helper()
	cmd := d.command(line, args...)
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { end(cmd) })
	return cmd
}

func end(cmd *exec.Cmd) {
	if cmd.ProcessState == nil {
		cmd.Process.Kill()
		cmd.Wait()
	}
}

// up starts the server, and waits until it answers.
func (d *desktop) up() {
	d.t.Helper()
	for _, line := range d.programs {
		d.running = append(d.running, d.start(line))
	}
	d.await("the sound server", func() bool { return d.command("pactl info").Run() == nil })
}

// down kills the server.
func (d *desktop) down() {
	for _, cmd := range d.running {
		end(cmd)
	}
	d.running = nil
	for _, socket := range []string{"pulse/native", "pulse/pid", "pipewire-0", "pipewire-0.lock"} {
		os.Remove(filepath.Join(d.dir, socket))
	}
}

// await asks until the answer is yes: pactl has nothing to wait for. The machine's clock skips what it sleeps.
func (d *desktop) await(what string, ok func() bool) {
	d.t.Helper()
	for range 100 {
		if ok() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	out, _ := d.command("pactl list").CombinedOutput()
	d.t.Fatalf("waited in vain for %s\n%s", what, out)
}

// node is a sink or source of the server.
type node struct {
	Index      int
	Name       string
	Properties map[string]string
}

// list gives the sinks or the sources.
func (d *desktop) list(what string) []node {
	d.t.Helper()
	out, err := d.command("pactl -f json list", what).Output()
	if err != nil {
		return nil
	}
	var nodes []node
	if err := json.Unmarshal(out, &nodes); err != nil {
		d.t.Fatalf("pactl list %s: %v\n%s", what, err, out)
	}
	return nodes
}

// of gives the server's sink or source of a phone's card, or nil.
func (d *desktop) of(what string, pl *usbtest.Plugged) *node {
	card := strings.TrimSuffix(strings.TrimPrefix(pl.ALSA(d.t), "hw:"), ",0")
	for _, n := range d.list(what) {
		if n.Properties["alsa.card"] == card && n.Properties["device.class"] != "monitor" {
			return &n
		}
	}
	return nil
}

// loud turns a headset's sink up. WirePlumber begins with 40 %, and after a new start it now and then lets that act
// twice, which is 48 dB.
func (d *desktop) loud(pl *usbtest.Plugged) {
	d.t.Helper()
	if out, err := d.command("pactl set-sink-volume "+d.of("sinks", pl).Name, "100%").CombinedOutput(); err != nil {
		d.t.Fatalf("pactl set-sink-volume: %v: %s", err, out)
	}
}

// play plays a minute of music on a phone's card.
func (d *desktop) play(pl *usbtest.Plugged) {
	d.t.Helper()
	tune := filepath.Join(d.dir, "tune")
	var raw []byte
	for i := range 60 * sound.Rate {
		raw = binary.LittleEndian.AppendUint16(raw, uint16(int16(amplitude*math.Sin(2*math.Pi*music*float64(i)/sound.Rate))))
	}
	if err := os.WriteFile(tune, raw, 0o600); err != nil {
		d.t.Fatal(err)
	}
	d.start("pacat --playback --raw --rate=48000 --format=s16le --channels=1 --latency-msec=200 --device="+d.of("sinks", pl).Name, tune)
}

// TestTheDesktopsSoundServer has a handset, whose card is ours, a headset, which is reached through the server, and a
// second headset that plays music.
func TestTheDesktopsSoundServer(t *testing.T) {
	if out, err := exec.Command("./offhook", "udev", "install").CombinedOutput(); err != nil {
		t.Fatalf("offhook udev install: %v\n%s", err, out)
	}
	defer exec.Command("./offhook", "udev", "remove").Run()
	for _, tt := range desktops {
		t.Run(tt.name, func(t *testing.T) {
			withSoundServer(t, newDesktop(t, tt.programs))
		})
	}
}

func withSoundServer(t *testing.T, d *desktop) {
	people := []*handpiece{newHandpiece(), newHandpiece(), newHandpiece()}
	handset := usbtest.Plug(t, usbtest.Profile(t, "handset"), usb.Config{Sound: people[0]})
	headset := usbtest.Plug(t, usbtest.Profile(t, "headset"), usb.Config{Sound: people[1]})
	player := usbtest.Plug(t, usbtest.Profile(t, "headset"), usb.Config{Sound: people[2]})
	d.await("sinks and sources of the headsets", func() bool {
		return d.of("sinks", headset) != nil && d.of("sources", headset) != nil && d.of("sinks", player) != nil
	})
	if n := d.of("sinks", handset); n != nil {
		t.Fatalf("the server has the handset's card: %v", n)
	}
	d.loud(headset)
	d.loud(player)

	d.play(player)
	people[2].hear(t, music, true)

	o := program(t, d.env...)
	defer func() {
		if t.Failed() { // before the server is ended
			out, _ := d.command("pactl list").CombinedOutput()
			t.Logf("%s\n%s", o.do("status", "--json"), out)
		}
	}()
	handset.See(t, "the idle display", func(s virtual.State) bool { return s.Display[0] == "Offhook" })
	headset.See(t, "idle lights", func(s virtual.State) bool { return s.Opened && s.Reports > 0 })

	lifted := time.Now()
	if err := handset.Phone.Lift(); err != nil {
		t.Fatal(err)
	}
	t.Logf("handset: lift → dial tone %v", people[0].hear(t, dialTone, true).Sub(lifted))
	if err := handset.Phone.Press("600#"); err != nil {
		t.Fatal(err)
	}
	handset.See(t, "a call", func(s virtual.State) bool { return inCall(s) })
	people[0].forget()
	people[0].hear(t, voice, true)
	if n := d.of("sinks", handset); n != nil {
		t.Errorf("the server has the handset's card in a call: %v", n)
	}
	if err := handset.Phone.HangUp(); err != nil {
		t.Fatal(err)
	}

	dialled := time.Now()
	o.do("dial", "600", "--handset", id(headset))
	t.Logf("headset: dial → echo of the voice %v", people[1].hear(t, voice, true).Sub(dialled))
	if s := o.do("status"); !strings.Contains(string(s), "in a call") {
		t.Errorf("status:\n%s", s)
	}
	d.await("Offhook among the server's streams", func() bool {
		out, _ := d.command("pactl list sink-inputs").Output()
		return strings.Contains(string(out), "Offhook") && strings.Contains(string(out), fmt.Sprintf("Sink: %d\n", d.of("sinks", headset).Index))
	})
	if people[0].hears(voice) {
		t.Error("the handset plays the headset's call")
	}
	if n := people[2].torn(music); n > 2 {
		t.Errorf("the music had %d holes of 50 ms", n)
	}

	d.down()
	people[1].forget()
	d.up()
	up := time.Now()
	d.await("the headset's sink", func() bool { return d.of("sinks", headset) != nil && d.of("sources", headset) != nil })
	there := time.Now()
	d.loud(headset)
	back := people[1].hear(t, voice, true)
	t.Logf("sound is back %v after the server, %v after its sink", back.Sub(up), back.Sub(there))
	o.do("hang-up")
	headset.See(t, "darkness", func(s virtual.State) bool { return !s.Lights["off-hook"] })
}
