//go:build peers && linux

package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
)

var nets atomic.Int32

// lab is one test's network and the peers on it.
type lab struct {
	t   *testing.T
	net int
	dir string
	n   int // cables so far
	way bool
}

// newLab skips nothing: the tools were checked before. Tests run one at a
// time, since they speak in real time.
func newLab(t *testing.T) *lab {
	t.Helper()
	return &lab{t: t, net: int(nets.Add(1)), dir: t.TempDir()}
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
	l.t.Cleanup(func() { run("ip", "link", "del", iface) })
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
