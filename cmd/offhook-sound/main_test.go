package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gordonklaus/portaudio"

	"offhook/media/sound"
	"offhook/media/sound/engine"
)

// program is offhook-sound, built once.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "offhook-sound-")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, sound.HelperName)
	out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput()
	if err != nil {
		println(string(out))
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args   string
		code   int
		stdout string
		stderr string
	}{
		{"--help", 0, "Usage:", ""},
		{"-h", 0, "Usage:", ""},
		{"", exitUsage, "", "Usage:"},
		{"--list --serve", exitUsage, "", "Usage:"},
		{"--list extra", exitUsage, "", "Usage:"},
		{"--nonsense", exitUsage, "", "nonsense"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(strings.Fields(c.args), &stdout, &stderr)
		if code != c.code || !strings.Contains(stdout.String(), c.stdout) || !strings.Contains(stderr.String(), c.stderr) {
			t.Errorf("%q: exit %d\n%s%s", c.args, code, &stdout, &stderr)
		}
		if c.stdout == "" && stdout.Len() > 0 {
			t.Errorf("%q prints to standard output: %s", c.args, &stdout)
		}
	}
}

func TestPrintDevices(t *testing.T) {
	devices := []engine.Device{
		{Index: 0, Name: "HID Phone: USB Audio (hw:1,0)", HW: "hw:1,0", Inputs: 1, Outputs: 2, Rate: 48000},
		{Index: 1, Name: "default", Inputs: 32, Outputs: 32, Rate: 44100, Default: true},
	}
	var stdout, stderr bytes.Buffer
	if code := print(devices, false, &stdout, &stderr); code != 0 {
		t.Errorf("exit %d", code)
	}
	want := "ALSA    IN  OUT  RATE   NAME\n" +
		"hw:1,0  1   2    48000  HID Phone: USB Audio (hw:1,0)\n" +
		"        32  32   44100  default  (default)\n"
	if stdout.String() != want {
		t.Errorf("got\n%swant\n%s", stdout.String(), want)
	}
	stdout.Reset()
	print(devices, true, &stdout, &stderr)
	var back []engine.Device
	if err := json.Unmarshal(stdout.Bytes(), &back); err != nil || len(back) != 2 || back[0] != devices[0] {
		t.Errorf("%v %v", back, err)
	}
	stdout.Reset()
	if code := print(nil, true, &stdout, &stderr); code != exitNone || strings.TrimSpace(stdout.String()) != "[]" {
		t.Errorf("no devices: exit %d, %q", code, stdout.String())
	}
	if code := print(nil, false, &stdout, &stderr); code != exitNone || !strings.Contains(stderr.String(), "aplay -l") {
		t.Errorf("no devices: exit %d, %q", code, stderr.String())
	}
}

func TestServeByHandSaysWhatIsMissing(t *testing.T) {
	out, err := exec.Command(program, "--serve").CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitFailed || !strings.Contains(string(out), "offhook starts this program by itself") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestErrorsOfTheLibraryAreClassified(t *testing.T) {
	for _, c := range []struct {
		err  error
		want engine.Code
	}{
		{portaudio.DeviceUnavailable, engine.Busy},
		{portaudio.InvalidDevice, engine.NoDevice},
		{portaudio.InvalidSampleRate, engine.Format},
		{portaudio.InvalidChannelCount, engine.Format},
		{portaudio.InternalError, engine.Failed},
		{portaudio.UnanticipatedHostError{Code: -16, Text: "Device or resource busy"}, engine.Busy},
		{portaudio.UnanticipatedHostError{Code: -19, Text: "No such device"}, engine.NoDevice},
		{portaudio.UnanticipatedHostError{Code: -32, Text: "Broken pipe"}, engine.Failed},
	} {
		if got := classify(c.err); got != c.want {
			t.Errorf("%v is %q, want %q", c.err, got, c.want)
		}
	}
}

// nowhere is an environment without a sound server or configuration.
func nowhere(t *testing.T) []string {
	dir := t.TempDir()
	return []string{"HOME=" + dir, "XDG_RUNTIME_DIR=" + dir, "XDG_CONFIG_HOME=" + dir, "PULSE_SERVER=unix:" + dir + "/none", "PIPEWIRE_REMOTE=none", "DBUS_SESSION_BUS_ADDRESS=unix:path=" + dir + "/none"}
}

func TestNullDeviceWorksWithoutAnySound(t *testing.T) {
	p, err := sound.OpenDevice(sound.DeviceConfig{Helper: program, Device: engine.NullDevice, Env: nowhere(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	called := make(chan struct{}, 1000)
	if err := p.Start(func(mic, ear []int16) { called <- struct{}{} }); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		select {
		case <-called:
		case <-time.After(5 * time.Second):
			t.Fatal("no periods")
		}
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestNoSoundAtAllIsAnErrorNotACrash(t *testing.T) {
	for _, device := range []string{"", "hw:9,0"} {
		_, err := sound.OpenDevice(sound.DeviceConfig{Helper: program, Device: device, Env: nowhere(t)})
		if !errors.Is(err, sound.ErrNoDevice) {
			t.Errorf("%q: %v, want ErrNoDevice", device, err)
		}
		t.Log(err)
	}
	cmd := exec.Command(program, "--list")
	cmd.Env = append(os.Environ(), nowhere(t)...)
	out, err := cmd.CombinedOutput()
	t.Logf("--list: %v: %s", err, out)
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != exitNone) {
		t.Errorf("--list: %v", err)
	}
}

func TestDevicesAreListedForOthers(t *testing.T) {
	for _, v := range nowhere(t) {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	devices, err := sound.Devices(t.Context(), program)
	if err == nil && len(devices) == 0 || err != nil && !errors.Is(err, sound.ErrNoDevice) {
		t.Errorf("%v %v; want devices, or ErrNoDevice", devices, err)
	}
	if _, err := sound.Devices(t.Context(), "/bin/false"); !errors.Is(err, sound.ErrNoHelper) {
		t.Errorf("a helper that fails: %v", err)
	}
}
