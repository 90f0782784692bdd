//go:build sound

package main

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// rig is a sound server of its own, without a sound card: a PipeWire with one
// sink ("phone", whose monitor can be recorded) and one source ("mic").
// Debian packages: pipewire pipewire-bin pipewire-alsa pipewire-pulse wireplumber dbus.
type rig struct {
	t        *testing.T
	dir      string
	env      []string
	pipewire *exec.Cmd
	manager  *exec.Cmd
	pulse    *exec.Cmd
}

func newRig(t *testing.T) *rig {
	t.Helper()
	for _, tool := range []string{"pipewire", "pipewire-pulse", "wireplumber", "pw-cli", "pw-record", "dbus-daemon"} {
		if _, err := exec.LookPath(tool); err != nil {
			const remedy = "apt install pipewire pipewire-bin pipewire-alsa pipewire-pulse wireplumber dbus"
			if os.Getenv("CI") != "" {
				t.Fatalf("%v: %s", err, remedy)
			}
			t.Skipf("SKIPPED, sound is NOT tested: %v: %s", err, remedy)
		}
	}
	dir, err := os.MkdirTemp("", "pw") // short: sockets live here
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	r := &rig{t: t, dir: dir, env: append(os.Environ(), "HOME="+dir, "XDG_RUNTIME_DIR="+dir, "XDG_CONFIG_HOME="+dir, "XDG_STATE_HOME="+dir, "PIPEWIRE_REMOTE=", "PULSE_SERVER=unix:"+dir+"/none")}
	asound := "pcm.!default { type pipewire }\nctl.!default { type pipewire }\n"
	if err := os.WriteFile(filepath.Join(dir, ".asoundrc"), []byte(asound), 0o600); err != nil {
		t.Fatal(err)
	}
	bus := r.command("dbus-daemon", "--session", "--nofork", "--print-address=1")
	out, err := bus.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.launch(bus)
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal("dbus-daemon:", err)
	}
	r.env = append(r.env, "DBUS_SESSION_BUS_ADDRESS="+strings.TrimSpace(address))
	r.up()
	return r
}

// native is for OpenDevice, to reach the server by its PulseAudio protocol.
func (r *rig) native() []string {
	return []string{"HOME=" + r.dir, "XDG_RUNTIME_DIR=" + r.dir, "PULSE_SERVER=unix:" + r.dir + "/pulse/native"}
}

// extra is for OpenDevice: what differs from the environment of the test.
func (r *rig) extra() []string {
	return []string{"HOME=" + r.dir, "XDG_RUNTIME_DIR=" + r.dir, "XDG_CONFIG_HOME=" + r.dir, "PIPEWIRE_REMOTE=", "PULSE_SERVER=unix:" + r.dir + "/none"}
}

func (r *rig) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = r.env
	return cmd
}

// launch starts a process that is killed at the end of the test.
func (r *rig) launch(cmd *exec.Cmd) {
	r.t.Helper()
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { kill(cmd) })
}

func kill(cmd *exec.Cmd) {
	if cmd.ProcessState == nil {
		cmd.Process.Kill()
		cmd.Wait()
	}
}

// up starts server and manager, and makes the sink and the source.
func (r *rig) up() {
	r.t.Helper()
	// With realtime priority where that is permitted, as desktops give it; a busy
	// machine would starve it.
	r.pipewire = r.command("pipewire")
	if exec.Command("chrt", "--rr", "40", "true").Run() == nil {
		r.pipewire = r.command("chrt", "--rr", "40", "pipewire")
	}
	r.launch(r.pipewire)
	r.await("the sound server", func() bool { return r.command("pw-cli", "info", "0").Run() == nil })
	r.manager = r.command("wireplumber")
	r.launch(r.manager)
	for _, node := range []string{
		"{ factory.name=support.null-audio-sink node.name=phone media.class=Audio/Sink object.linger=true audio.position=[FL FR] monitor.channel-volumes=true }",
		"{ factory.name=support.null-audio-sink node.name=mic media.class=Audio/Source/Virtual object.linger=true audio.position=[MONO] }",
	} {
		if out, err := r.command("pw-cli", "create-node", "adapter", node).CombinedOutput(); err != nil {
			r.t.Fatalf("pw-cli: %v: %s", err, out)
		}
	}
	r.pulse = r.command("pipewire-pulse")
	r.launch(r.pulse)
	r.await("the PulseAudio protocol", func() bool {
		_, err := os.Stat(filepath.Join(r.dir, "pulse", "native"))
		return err == nil
	})
	// The manager has taken them over when they have ports.
	r.await("the sink and the source", func() bool {
		out, _ := r.command("pw-cli", "ls", "Port").Output()
		return bytes.Contains(out, []byte("monitor_FL")) && bytes.Contains(out, []byte("capture_MONO"))
	})
}

// down kills the sound server the hard way.
func (r *rig) down() {
	kill(r.pulse)
	os.Remove(filepath.Join(r.dir, "pulse", "native"))
	kill(r.pipewire)
	kill(r.manager)
}

// await asks until the answer is yes; the tools have nothing to wait for.
func (r *rig) await(what string, ok func() bool) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			r.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// record records d of what the sink plays.
func (r *rig) record(d time.Duration) string {
	r.t.Helper()
	path := filepath.Join(r.t.TempDir(), "monitor.wav")
	cmd := r.command("pw-record", "--target", "phone", "-P", "{ stream.capture.sink=true }", "--rate", "48000", "--channels", "2", "--format", "s16", path)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	defer kill(cmd)
	// By what was recorded, not by the clock: a machine that stands still records nothing meanwhile.
	want := int64(d.Seconds() * 48000 * 2 * 2)
	r.await("a recording of "+d.String(), func() bool {
		st, err := os.Stat(path)
		return err == nil && st.Size() >= want
	})
	cmd.Process.Signal(os.Interrupt) // it then completes the file, and exits with 1
	cmd.Wait()
	return path
}
