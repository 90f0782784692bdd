//go:build peers && linux

package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var nets atomic.Int32

// lab is one test's network and the peers on it.
type lab struct {
	t   *testing.T
	net int
	dir string
	n   int // cables so far
	way bool

	cleanups []func()
	wrong    []string      // what a comparison of speech found, see speaking
	late     time.Duration // the machine's own worst lateness while talking
}

// newLab makes a network with nobody on it. Tests run one at a time, since
// they speak in real time.
func newLab(t *testing.T) *lab {
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

// tooLate is a stall of the machine that any telephone would make heard.
const tooLate = 40 * time.Millisecond

// speaking runs a test that judges speech. When the speech is bad and the
// machine itself was stalled meanwhile, nothing is known, and it runs again,
// at most four times in all.
func speaking(t *testing.T, f func(l *lab)) {
	t.Helper()
	for attempt := 1; ; attempt++ {
		l := newLab(t)
		f(l)
		if len(l.wrong) == 0 {
			return
		}
		if l.late > tooLate && attempt < 4 {
			t.Logf("attempt %d says nothing, the machine was %v late: %s", attempt, l.late, strings.Join(l.wrong, "; "))
			l.close()
			continue
		}
		for _, w := range l.wrong {
			t.Errorf("%s (the machine was at most %v late)", w, l.late)
		}
		return
	}
}

// talk lets a call go on for d and watches how late the machine is at waking
// a process that has nothing else to do.
func (l *lab) talk(d time.Duration) {
	const step = 5 * time.Millisecond
	end := time.Now().Add(d)
	for {
		before := time.Now()
		if before.After(end) {
			return
		}
		time.Sleep(step)
		l.late = max(l.late, time.Since(before)-step)
	}
}

// cable gives a peer an interface with an address of its own. (baresip and
// linphone refuse loopback.) The other end carries nothing: with all addresses
// on one machine packets take lo.
func (l *lab) cable() (iface, addr string) {
	l.t.Helper()
	l.n++
	iface, addr = fmt.Sprintf("ua%dx%d", l.net, l.n), fmt.Sprintf("10.66.%d.%d", l.net, l.n)
	other := "o" + iface
	for _, args := range [][]string{
		{"link", "add", iface, "type", "veth", "peer", "name", other},
		{"addr", "add", addr + "/24", "dev", iface},
		{"link", "set", iface, "up"},
		{"link", "set", other, "up"},
	} {
		if err := run("ip", args...); err != nil {
			l.t.Fatal(err)
		}
	}
	l.cleanup(func() { run("ip", "link", "del", iface) })
	return iface, addr
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

// route gives the network a default route, which leads nowhere.
func (l *lab) route(iface string) {
	l.t.Helper()
	if l.way {
		return
	}
	l.way = true
	if err := run("ip", "route", "replace", "default", "via", fmt.Sprintf("10.66.%d.254", l.net), "dev", iface); err != nil {
		l.t.Fatal(err)
	}
}
