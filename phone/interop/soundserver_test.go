//go:build peers && linux

package interop

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// soundServer is a PipeWire without a card, of one phone alone: what is played is heard on the monitor of its sink
// "phone", and what is played to its sink "mic" is what its source "mic" hears. Both run at 48 kHz. ALSA's default
// leads to it, as on a desktop.
type soundServer struct {
	l         *lab
	dir       string
	processes []*process
}

// soundTools are needed beside tools by what listens to phones.
var soundTools = []string{"pipewire", "pipewire-pulse", "wireplumber", "pw-cli", "dbus-daemon"}

// hasSound tells whether there is all of soundTools; the name of what is missing otherwise.
func hasSound() (missing string, ok bool) {
	for _, tool := range soundTools {
		if _, err := exec.LookPath(tool); err != nil {
			return tool, false
		}
	}
	return "", true
}

func (l *lab) soundServer() *soundServer {
	l.t.Helper()
	dir, err := os.MkdirTemp("", "pw") // short: sockets live here
	if err != nil {
		l.t.Fatal(err)
	}
	s := &soundServer{l: l, dir: dir}
	l.cleanup(func() { os.RemoveAll(dir) })
	l.write(filepath.Join(dir, ".asoundrc"), "pcm.!default { type pipewire }\nctl.!default { type pipewire }\n")

	bus := s.command("dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=3")
	r, w, err := os.Pipe()
	if err != nil {
		l.t.Fatal(err)
	}
	bus.ExtraFiles = []*os.File{w}
	s.run("dbus-daemon", bus)
	w.Close()
	address, err := bufio.NewReader(r).ReadString('\n')
	r.Close()
	if err != nil {
		l.t.Fatal("dbus-daemon:", err)
	}
	l.write(filepath.Join(dir, "bus"), strings.TrimSpace(address))

	s.run("pipewire", s.command("pipewire"))
	s.await("the sound server", func() bool { return s.command("pw-cli", "info", "0").Run() == nil })
	// The manager watches the sessions of the machine, and ends where there is nothing to watch: /run is empty here.
	for _, d := range []string{"seats", "sessions", "users", "machines"} {
		if err := os.MkdirAll("/run/systemd/"+d, 0o755); err != nil {
			l.t.Fatal(err)
		}
	}
	s.run("wireplumber", s.command("wireplumber"))
	for _, node := range []string{
		"{ factory.name=support.null-audio-sink node.name=phone media.class=Audio/Sink object.linger=true audio.position=[FL FR] audio.rate=48000 monitor.channel-volumes=true }",
		"{ factory.name=support.null-audio-sink node.name=mic media.class=Audio/Duplex object.linger=true audio.position=[MONO] audio.rate=48000 }",
	} {
		if out, err := s.command("pw-cli", "create-node", "adapter", node).CombinedOutput(); err != nil {
			l.t.Fatalf("pw-cli: %v: %s", err, out)
		}
	}
	s.run("pipewire-pulse", s.command("pipewire-pulse"))
	s.await("the sinks", func() bool {
		out, _ := s.command("pw-cli", "ls", "Port").Output()
		_, err := os.Stat(s.socket())
		return err == nil && bytes.Contains(out, []byte("monitor_FL")) && bytes.Contains(out, []byte("capture_MONO"))
	})
	// Where there is a choice, what is played goes to "phone".
	s.await("the sink that is the default", func() bool {
		out, _ := s.command("pw-metadata", "0", "default.configured.audio.sink", `{ "name": "phone" }`).Output()
		return bytes.Contains(out, []byte("phone"))
	})
	return s
}

func (s *soundServer) socket() string { return filepath.Join(s.dir, "pulse", "native") }

// env is the environment of a program that uses this server.
func (s *soundServer) env() []string {
	e := append(os.Environ(), "HOME="+s.dir, "XDG_RUNTIME_DIR="+s.dir, "XDG_CONFIG_HOME="+s.dir, "XDG_STATE_HOME="+s.dir,
		"XDG_DATA_HOME="+s.dir, "PIPEWIRE_REMOTE=", "PULSE_SERVER=unix:"+s.socket())
	if bus, err := os.ReadFile(filepath.Join(s.dir, "bus")); err == nil {
		e = append(e, "DBUS_SESSION_BUS_ADDRESS="+string(bus))
	}
	return e
}

func (s *soundServer) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = s.env()
	return cmd
}

func (s *soundServer) run(name string, cmd *exec.Cmd) {
	s.l.t.Helper()
	s.processes = append(s.processes, s.l.start(name, cmd))
}

// await asks until the answer is yes; the tools have nothing to wait for.
func (s *soundServer) await(what string, ok func() bool) {
	s.l.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !ok() {
		if time.Now().After(deadline) {
			s.l.t.Fatalf("waited a minute in vain for %s", what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// cpu is the processor time of the server so far.
func (s *soundServer) cpu() (d time.Duration) {
	for _, p := range s.processes {
		d += cpu(p)
	}
	return d
}
