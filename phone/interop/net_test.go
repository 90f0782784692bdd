//go:build peers && linux

package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var nets atomic.Int32

// lab is one test's network and the peers on it.
type lab struct {
	t   testing.TB
	net int
	dir string
	n   int // hosts so far

	wired  bool
	resolv string // what the hosts made from now on have for /etc/resolv.conf; empty: that of all
	urgent bool   // peers are realtime processes

	cleanups []func()
	frail    bool          // speech goes through so many hands that a machine which stalls leaves nothing of it to recognise
	wrong    []string      // what a comparison of speech found, see speaking
	lost     []string      // and what it found missing that a stalled machine does not explain
	late     time.Duration // the machine's own worst lateness while talking
	busy     float64       // part of that time in which something waited for a processor
}

// newLab makes a network with nobody on it. Tests that judge speech run one at
// a time, since they speak in real time; those that mostly wait are parallel.
func newLab(t testing.TB) *lab {
	t.Helper()
	l := &lab{t: t, net: int(nets.Add(1)), dir: t.TempDir()}
	t.Cleanup(l.close)
	return l
}

func (l *lab) cleanup(f func()) { l.cleanups = append(l.cleanups, f) }

// close ends all peers and takes the network down.
func (l *lab) close() {
	for i := len(l.cleanups) - 1; i >= 0; i-- {
		l.cleanups[i]()
	}
	l.cleanups = nil
}

// A machine that stalls for tooLate, or on which something waits for a
// processor for more than the tooBusy part of the time, makes any telephone
// stutter: the peers send in bursts, and nobody is to blame.
const (
	tooLate = 40 * time.Millisecond
	tooBusy = 0.4
)

// speaking runs a test that judges speech. When the speech is bad and the
// machine itself was stalled meanwhile, quality can't be judged, and it runs
// again. On a machine that is stalled again it is enough that once the right
// speech came through in pieces: stalls tear it, but they don't make it
// another's, or silence.
func speaking(t *testing.T, f func(l *lab)) {
	t.Helper()
	pieces := false // came through, once
	for attempt := 1; ; attempt++ {
		l := newLab(t)
		f(l)
		if len(l.wrong) == 0 && len(l.lost) == 0 {
			return
		}
		state := fmt.Sprintf("the machine was up to %v late, and processes waited %.0f %% of the time", l.late.Round(time.Millisecond), 100*l.busy)
		stalled := l.late > tooLate || l.busy > tooBusy
		if !stalled || attempt == 4 {
			for _, w := range append(l.wrong, l.lost...) {
				t.Errorf("%s (%s)", w, state)
			}
			return
		}
		t.Logf("attempt %d does not tell quality, %s: %s", attempt, state, strings.Join(append(l.wrong, l.lost...), "; "))
		pieces = pieces || len(l.lost) == 0 || l.frail
		if pieces && attempt > 1 {
			return
		}
		l.close()
	}
}

// patience is by how much longer than a calm machine needs the tests wait for
// what must happen: a machine that is shared stands still at times, and the
// limits are there to end a test that would wait for ever.
const patience = 6

// talk lets a call go on for d and watches how late the machine is at waking
// a process that has nothing else to do.
func (l *lab) talk(d time.Duration) {
	const step = 5 * time.Millisecond
	start, waited := time.Now(), pressure()
	end := start.Add(d)
	for {
		before := time.Now()
		if before.After(end) {
			l.busy = max(l.busy, (pressure()-waited).Seconds()/time.Since(start).Seconds())
			return
		}
		time.Sleep(step)
		l.late = max(l.late, time.Since(before)-step)
	}
}

// host is where a peer runs.
type host struct {
	space string // network namespace; empty = the tests' own
	iface string
	addr  string

	resolv string // its /etc/resolv.conf; empty: that of the tests
}

// host makes a machine for a peer: a namespace with an address of its own, a
// default route and a cable to the test's switch. The tests are on the switch
// too, as 10.66.n.254.
func (l *lab) host() host {
	l.t.Helper()
	l.wire()
	l.n++
	h := host{space: fmt.Sprintf("n%dx%d", l.net, l.n), iface: "eth0", addr: fmt.Sprintf("10.66.%d.%d", l.net, l.n), resolv: l.resolv}
	port := fmt.Sprintf("p%dx%d", l.net, l.n)
	l.ip("netns", "add", h.space)
	l.cleanup(func() { run("ip", "netns", "del", h.space) })
	l.ip("link", "add", port, "type", "veth", "peer", "name", h.iface, "netns", h.space)
	l.ip("link", "set", port, "master", l.bridge(), "up")
	l.ip("-n", h.space, "link", "set", "lo", "up")
	l.ip("-n", h.space, "addr", "add", h.addr+"/24", "dev", h.iface)
	l.ip("-n", h.space, "link", "set", h.iface, "up")
	l.ip("-n", h.space, "route", "add", "default", "via", l.gateway())
	return h
}

// here is a host in the tests' own namespace, for peers of a server that
// listens on loopback only.
func (l *lab) here() host {
	l.t.Helper()
	l.wire()
	l.n++
	h := host{iface: l.bridge(), addr: fmt.Sprintf("10.66.%d.%d", l.net, l.n)}
	l.ip("addr", "add", h.addr+"/24", "dev", h.iface)
	// linphone takes a machine without a default route for one without
	// network.
	l.ip("route", "replace", "default", "via", fmt.Sprintf("10.66.%d.250", l.net))
	return h
}

// wire puts up the switch.
func (l *lab) wire() {
	l.t.Helper()
	if l.wired {
		return
	}
	l.wired = true
	l.ip("link", "add", l.bridge(), "type", "bridge")
	l.cleanup(func() { run("ip", "link", "del", l.bridge()) })
	l.ip("addr", "add", l.gateway()+"/24", "dev", l.bridge())
	l.ip("link", "set", l.bridge(), "up")
}

func (l *lab) bridge() string  { return fmt.Sprintf("br%d", l.net) }
func (l *lab) gateway() string { return fmt.Sprintf("10.66.%d.254", l.net) }

func (l *lab) ip(args ...string) {
	l.t.Helper()
	if err := run("ip", args...); err != nil {
		l.t.Fatal(err)
	}
}

// command is a program to be run on h.
func (h host) command(name string, args ...string) *exec.Cmd {
	if h.space == "" {
		return exec.Command(name, args...)
	}
	if h.resolv != "" { // "ip netns exec" gives it mounts of its own
		args = append([]string{"-c", `umount /etc/resolv.conf 2>/dev/null; mount --bind "$0" /etc/resolv.conf && exec "$@"`, h.resolv, name}, args...)
		name = "sh"
	}
	return exec.Command("ip", append([]string{"netns", "exec", h.space, name}, args...)...)
}

// pressure is the time, since the machine started, in which at least one
// process waited for a processor; 0 on kernels that do not tell.
func pressure() time.Duration {
	raw, err := os.ReadFile("/proc/pressure/cpu")
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(raw), "total=")
	digits, _, _ := strings.Cut(after, "\n")
	us, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0
	}
	return time.Duration(us) * time.Microsecond
}

// sub makes a directory for a peer.
func (l *lab) sub(name string) string {
	l.t.Helper()
	dir := filepath.Join(l.dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		l.t.Fatal(err)
	}
	return dir
}

func (l *lab) write(path, text string) {
	l.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
}
