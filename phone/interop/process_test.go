//go:build peers && linux

package interop

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a peer the test started. Its output is kept, and shown when the
// test fails.
type process struct {
	t     testing.TB
	name  string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	ended chan struct{}

	mu    sync.Mutex
	lines []string
	more  chan struct{} // closed and replaced at each line
}

// start runs a peer until the test ends. Its process group is its own, so
// that children of it end with it.
//
// Each line of output is also given to watch.
func (l *lab) start(name string, cmd *exec.Cmd, watch ...func(string)) *process {
	l.t.Helper()
	p := &process{t: l.t, name: name, cmd: cmd, ended: make(chan struct{}), more: make(chan struct{})}
	r, w, err := os.Pipe()
	if err != nil {
		l.t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = w, w
	if cmd.Stdin == nil {
		// Some programs end with their input: it stays open.
		if p.stdin, err = cmd.StdinPipe(); err != nil {
			l.t.Fatal(err)
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if l.urgent {
		urgently(cmd)
	}
	if err := cmd.Start(); err != nil {
		l.t.Fatalf("%s: %v", name, err)
	}
	w.Close()
	go func() {
		defer r.Close()
		s := bufio.NewScanner(r)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			p.mu.Lock()
			if len(p.lines) < 20000 {
				p.lines = append(p.lines, time.Now().Format("05.000 ")+s.Text())
			}
			close(p.more)
			p.more = make(chan struct{})
			p.mu.Unlock()
			for _, w := range watch {
				w(s.Text())
			}
		}
	}()
	go func() {
		cmd.Wait()
		close(p.ended)
	}()
	l.cleanup(func() {
		p.stop()
		if l.t.Failed() || os.Getenv("OFFHOOK_INTEROP_LOGS") != "" {
			l.t.Logf("---- %s\n%s", name, p.tail(150))
		}
	})
	return p
}

// stop asks the process to end, then insists.
func (p *process) stop() {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		select {
		case <-p.ended:
			// Children may be left of a group whose leader is gone.
			syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
			return
		default:
		}
		syscall.Kill(-p.cmd.Process.Pid, s)
		select {
		case <-p.ended:
		case <-time.After(5 * time.Second):
		}
	}
}

func (p *process) tail(n int) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines[max(0, len(p.lines)-n):], "\n")
}

// await waits until the output holds text.
func (p *process) await(text string, within time.Duration) {
	p.t.Helper()
	if !p.saw(text, within) {
		p.t.Fatalf("%s did not say %q in %v", p.name, text, patience*within)
	}
}

func (p *process) saw(text string, within time.Duration) bool { return p.sawMore(0, text, within) }

// printed is how many lines there are so far, for awaitMore.
func (p *process) printed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.lines)
}

// awaitMore waits until a line after the first ones holds text.
func (p *process) awaitMore(from int, text string, within time.Duration) {
	p.t.Helper()
	if !p.sawMore(from, text, within) {
		p.t.Fatalf("%s did not say %q (again) in %v", p.name, text, patience*within)
	}
}

func (p *process) sawMore(from int, text string, within time.Duration) bool {
	deadline := time.After(patience * within)
	for {
		p.mu.Lock()
		for _, line := range p.lines[min(from, len(p.lines)):] {
			if strings.Contains(line, text) {
				p.mu.Unlock()
				return true
			}
		}
		more := p.more
		p.mu.Unlock()
		select {
		case <-more:
		case <-deadline:
			return false
		case <-p.ended:
			select {
			case <-more:
			case <-time.After(200 * time.Millisecond): // the last lines
				return false
			}
		}
	}
}
