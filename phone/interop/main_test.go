//go:build peers && linux

package interop

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const inside = "OFFHOOK_INTEROP_INSIDE"

// offhookProgram is built by TestMain from the tree the tests are in, unless
// OFFHOOK_PROGRAM names one.
var offhookProgram string

var tools = []string{"ip", "kamailio", "baresip", "linphonec", "twinkle-console", "cc", "espeak-ng", "sox", "ffmpeg"}

func TestMain(m *testing.M) {
	if os.Getenv(inside) == "" {
		os.Exit(enter())
	}
	if err := settle(); err != nil {
		fmt.Fprintln(os.Stderr, "interop: namespace:", err)
		os.Exit(1)
	}
	offhookProgram = os.Getenv(inside)
	// What is parallel mostly waits.
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		os.Exit(1)
	}
	code := m.Run()
	os.Exit(code)
}

// ci says whether a tool that is missing is a failure.
func ci() bool { return os.Getenv("CI") != "" }

// refuse ends the run: skipped on a developer's machine, failed in CI.
func refuse(format string, args ...any) int {
	text := fmt.Sprintf(format, args...)
	if ci() {
		fmt.Fprintln(os.Stderr, "interop: FAILED:", text)
		return 1
	}
	fmt.Fprintln(os.Stderr, "interop: *** SKIPPED, nothing was tested: "+text+" ***")
	return 0
}

// enter runs the test binary again inside its own namespaces.
func enter() int {
	var missing []string
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			missing = append(missing, tool)
		}
	}
	if len(missing) > 0 {
		return refuse("these programs are missing: %s (packages: kamailio kamailio-tls-modules baresip-core linphone-cli twinkle-console gcc libasound2-dev espeak-ng sox ffmpeg iproute2)", strings.Join(missing, " "))
	}
	program := os.Getenv("OFFHOOK_PROGRAM")
	if program == "" {
		dir, err := os.MkdirTemp("", "interop")
		if err != nil {
			return refuse("%v", err)
		}
		defer os.RemoveAll(dir)
		program = filepath.Join(dir, "offhook")
		if out, err := exec.Command("go", "build", "-o", dir+"/", "offhook/cmd/offhook", "offhook/cmd/offhook-sound").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "interop: offhook does not build: %v\n%s", err, out)
			return 1
		}
	}
	self, err := os.Executable()
	if err != nil {
		return refuse("%v", err)
	}
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), inside+"="+program)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWNS,
		Pdeathsig:  syscall.SIGKILL,
	}
	if uid, gid := os.Getuid(), os.Getgid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: gid, Size: 1}}
	}
	if err := cmd.Start(); err != nil {
		return refuse("no namespace can be made here: %v (run as root, or allow user namespaces)", err)
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT)
	go func() {
		for s := range signals {
			cmd.Process.Signal(s)
		}
	}()
	err = cmd.Wait()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return exit.ExitCode()
	case err != nil:
		fmt.Fprintln(os.Stderr, "interop:", err)
		return 1
	}
	return 0
}

// settle makes the fresh namespaces usable.
func settle() error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("mounts private: %w", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	// Telephones among themselves are little work, but must not wait for
	// whoever else works on this machine: first in their own session, which
	// is what the scheduler weighs. Only root may; others do without.
	if _, err := syscall.Setsid(); err == nil {
		os.WriteFile("/proc/self/autogroup", []byte("-15"), 0)
	}
	if err := run("ip", "link", "set", "lo", "up"); err != nil {
		return err
	}
	// "ip netns" keeps its names below /run.
	if err := syscall.Mount("tmpfs", "/run", "tmpfs", 0, ""); err != nil {
		return fmt.Errorf("mount /run: %w", err)
	}
	// A question to this resolver fails at once: its port is closed. Without
	// that linphone waits 6 s for each name it does not know.
	resolv, err := os.CreateTemp("", "resolv")
	if err != nil {
		return err
	}
	defer os.Remove(resolv.Name())
	if _, err := resolv.WriteString("nameserver 127.0.0.1\n"); err != nil {
		return err
	}
	if err := resolv.Chmod(0o644); err != nil {
		return err
	}
	if link, err := os.Readlink("/etc/resolv.conf"); err == nil && strings.Contains(link, "run/") {
		// It led below /run, which is empty now.
		target := filepath.Join("/etc", link)
		if filepath.IsAbs(link) {
			target = link
		}
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		return os.WriteFile(target, []byte("nameserver 127.0.0.1\n"), 0o644)
	}
	return syscall.Mount(resolv.Name(), "/etc/resolv.conf", "", syscall.MS_BIND, "")
}

// run runs a short command to its end.
func run(name string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
