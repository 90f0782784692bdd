package sound

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"offhook/media/sound/engine"
)

// HelperName is the program that reaches sound devices.
const HelperName = "offhook-sound"

// maxReply bounds a line from the sound process.
const maxReply = 256 << 10

// findHelper returns the path of the sound program: the one asked for, else the
// one beside this program, else the one in PATH.
func findHelper(path string) (string, error) {
	if path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("%w: %w (install it beside offhook, or set its path)", ErrNoHelper, err)
		}
		return path, nil
	}
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), HelperName)
		if _, err := os.Stat(beside); err == nil {
			return beside, nil
		}
	}
	found, err := exec.LookPath(HelperName)
	if err != nil {
		return "", fmt.Errorf("%w: it is neither beside offhook nor in PATH (build it with: go build offhook/cmd/offhook-sound)", ErrNoHelper)
	}
	return found, nil
}

// helper is one life of the sound process. call may be used by one goroutine at
// a time; kill by any.
type helper struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	log    *slog.Logger
	events chan engine.Reply
	gone   chan struct{} // closed when the process has ended and is reaped
	end    error         // why; read after gone

	lastWords atomic.Pointer[string] // last line on standard error

	mu      sync.Mutex // guards the two below
	next    int
	waiting map[int]chan engine.Reply
}

// maxChatter bounds how many lines of a process's standard error are logged.
const maxChatter = 200

func startHelper(path string, env []string, mem *memory, log *slog.Logger) (*helper, error) {
	cmd := exec.Command(path, "--serve")
	cmd.Env = append(os.Environ(), env...)
	if mem != nil {
		cmd.ExtraFiles = []*os.File{mem.file, mem.wake} // engine.RingFD, engine.WakeFD
	}
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	chatter, err3 := cmd.StderrPipe()
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoHelper, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoHelper, err)
	}
	h := &helper{
		cmd: cmd, in: in, log: log.With("pid", cmd.Process.Pid),
		events: make(chan engine.Reply, 16), gone: make(chan struct{}), waiting: map[int]chan engine.Reply{},
	}
	var reading sync.WaitGroup
	reading.Go(func() { h.replies(out) })
	reading.Go(func() { h.chatter(chatter) })
	go func() {
		reading.Wait()
		h.end = cmd.Wait()
		if words := h.lastWords.Load(); words != nil && h.end != nil {
			h.end = fmt.Errorf("%w (%s)", h.end, *words)
		}
		close(h.gone)
	}()
	return h, nil
}

// replies hands the lines of the process to who waits for them. A line that
// makes no sense ends the process.
func (h *helper) replies(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(make([]byte, 4096), maxReply)
	for lines.Scan() {
		var r engine.Reply
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			h.log.Warn("the sound process talks nonsense", "err", err)
			break
		}
		if r.Event != "" {
			select {
			case h.events <- r:
			default: // nobody is interested; state says it as well
			}
			continue
		}
		h.mu.Lock()
		c := h.waiting[r.ID]
		delete(h.waiting, r.ID)
		h.mu.Unlock()
		if c != nil {
			c <- r
		}
	}
	h.kill()
	io.Copy(io.Discard, out)
}

// chatter logs what the libraries print.
func (h *helper) chatter(from io.Reader) {
	lines := bufio.NewScanner(from)
	lines.Buffer(make([]byte, 1024), 16<<10)
	for n := 0; lines.Scan(); n++ {
		text := lines.Text()
		text = text[:min(len(text), 300)]
		if n < maxChatter {
			h.log.Debug("sound process says", "text", text)
		}
		h.lastWords.Store(&text)
	}
	io.Copy(io.Discard, from)
}

// errHelper is wrapped when the process did not answer: it is of no use any more.
var errHelper = errors.New("the sound process does not answer")

// call sends a request and waits for its reply, not longer than limit. A
// failure the process reports comes as one of the errors of this package;
// anything else wraps errHelper.
func (h *helper) call(req engine.Request, limit time.Duration, abort <-chan struct{}) (engine.Reply, error) {
	c := make(chan engine.Reply, 1)
	h.mu.Lock()
	h.next++
	req.ID = h.next
	h.waiting[req.ID] = c
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		delete(h.waiting, req.ID)
		h.mu.Unlock()
	}()
	line, err := json.Marshal(req)
	if err != nil {
		return engine.Reply{}, err
	}
	// A few short lines always fit into the pipe, so this does not block.
	if _, err := h.in.Write(append(line, '\n')); err != nil {
		return engine.Reply{}, fmt.Errorf("%w: %s: %w", errHelper, req.Cmd, err)
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case r := <-c:
		if r.Error != nil {
			return r, explain(r.Error)
		}
		return r, nil
	case <-timer.C:
		return engine.Reply{}, fmt.Errorf("%w: %s took longer than %v", errHelper, req.Cmd, limit)
	case <-h.gone:
		return engine.Reply{}, fmt.Errorf("%w: it ended during %s: %w", errHelper, req.Cmd, h.died())
	case <-abort:
		return engine.Reply{}, ErrClosed
	}
}

// died says why the process ended; after gone.
func (h *helper) died() error {
	if h.end == nil {
		return errors.New("exit status 0")
	}
	return h.end
}

// explain turns a failure of the process into an error of this package.
func explain(f *engine.Failure) error {
	kind := map[engine.Code]error{engine.NoDevice: ErrNoDevice, engine.NoServer: ErrNoServer, engine.Busy: ErrBusy, engine.Format: ErrFormat}[f.Code]
	if kind == nil {
		return fmt.Errorf("sound device: %w", f)
	}
	return fmt.Errorf("%w: %w", kind, f)
}

// kill ends the process at once. It does not wait.
func (h *helper) kill() { h.cmd.Process.Kill() }

// Bounds on waiting for the process to end.
const (
	politely = 300 * time.Millisecond
	killed   = time.Second
)

// shut ends the process politely, then not, and waits for it in bounds. One that
// hangs in the kernel is left to be reaped when it comes back.
func (h *helper) shut() {
	h.in.Close()
	if !h.wait(politely) {
		h.kill()
		h.wait(killed)
	}
}

// destroy kills the process and waits in bounds.
func (h *helper) destroy() {
	h.kill()
	h.in.Close()
	h.wait(killed)
}

func (h *helper) wait(limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-h.gone:
		return true
	case <-timer.C:
		return false
	}
}
