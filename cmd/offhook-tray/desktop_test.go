//go:build desktop

package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"offhook/phone/control/controltest"
)

// desktop is a small one of our own: an X server that shows nothing, a session bus, and the panel of Xfce as the host
// of tray icons. All of it ends with the test.
type desktop struct {
	env []string
	bus *dbus.Conn
	dir string
}

const patience = 20 * time.Second

func newDesktop(t *testing.T) *desktop {
	t.Helper()
	for _, tool := range []string{"Xvfb", "dbus-daemon", "xfce4-panel", "xfconf-query"} {
		if _, err := exec.LookPath(tool); err != nil {
			message := fmt.Sprintf("%s is missing (Debian: xvfb dbus-daemon xfce4-panel xfconf)", tool)
			if os.Getenv("CI") != "" {
				t.Fatal(message)
			}
			t.Skip("*** DESKTOP NOT TESTED: " + message)
		}
	}
	d := &desktop{dir: controltest.ShortDir(t)}
	runtime := filepath.Join(d.dir, "run")
	if err := os.Mkdir(runtime, 0o700); err != nil {
		t.Fatal(err)
	}
	d.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + d.dir, "XDG_CONFIG_HOME=" + d.dir + "/config", "XDG_CACHE_HOME=" + d.dir + "/cache",
		"XDG_DATA_HOME=" + d.dir + "/data", "XDG_RUNTIME_DIR=" + runtime, "TMPDIR=" + d.dir, "LANG=C.UTF-8", "NO_AT_BRIDGE=1",
	}
	display := d.announced(t, "Xvfb", "-displayfd", "3", "-screen", "0", "1024x200x24", "-nolisten", "tcp")
	d.env = append(d.env, "DISPLAY=:"+display)
	address := d.announced(t, "dbus-daemon", "--session", "--nofork", "--print-address=3")
	d.env = append(d.env, "DBUS_SESSION_BUS_ADDRESS="+address)
	bus, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bus.Close() })
	d.bus = bus
	return d
}

// start runs a program until the test ends; its output goes to the test's log when the test fails. The returned
// function ends it earlier.
func (d *desktop) start(t *testing.T, extra []*os.File, program string, args ...string) (*exec.Cmd, func()) {
	t.Helper()
	logName := filepath.Join(d.dir, filepath.Base(program)+".log")
	log, err := os.OpenFile(logName, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = d.env, log, log, extra
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	stop := func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(patience):
			t.Errorf("%s does not end when told to", program)
			_ = cmd.Process.Kill()
			<-ended
		}
	}
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			text, _ := os.ReadFile(logName)
			t.Logf("%s said:\n%s", program, text)
		}
	})
	return cmd, stop
}

// announced starts a server and returns the line it writes to descriptor 3 when it is ready.
func (d *desktop) announced(t *testing.T, program string, args ...string) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	d.start(t, []*os.File{w}, program, args...)
	w.Close()
	_ = r.SetReadDeadline(time.Now().Add(patience))
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("%s does not start: %v", program, err)
	}
	return strings.TrimSpace(line)
}

const (
	watcherName  = "org.kde.StatusNotifierWatcher"
	watcherPath  = "/StatusNotifierWatcher"
	itemIface    = "org.kde.StatusNotifierItem"
	menuIface    = "com.canonical.dbusmenu"
	nameChanged  = "org.freedesktop.DBus.NameOwnerChanged"
	registered   = watcherName + ".StatusNotifierItemRegistered"
	unregistered = watcherName + ".StatusNotifierItemUnregistered"
)

// panel starts the panel and waits until it hosts icons.
func (d *desktop) panel(t *testing.T) (stop func()) {
	t.Helper()
	signals := d.listen(t, dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, watcherName))
	_, stop = d.start(t, nil, "xfce4-panel", "--disable-wm-check")
	signals.await(t, "the panel hosts icons", func(s *dbus.Signal) bool { return s.Name == nameChanged && s.Body[2] != "" })
	return stop
}

// signals is a subscription to D-Bus signals.
type signals chan *dbus.Signal

func (d *desktop) listen(t *testing.T, match ...dbus.MatchOption) signals {
	t.Helper()
	if err := d.bus.AddMatchSignal(match...); err != nil {
		t.Fatal(err)
	}
	s := make(signals, 1000)
	d.bus.Signal(s)
	t.Cleanup(func() {
		d.bus.RemoveSignal(s)
		_ = d.bus.RemoveMatchSignal(match...)
	})
	return s
}

func (s signals) await(t *testing.T, what string, ok func(*dbus.Signal) bool) *dbus.Signal {
	t.Helper()
	for deadline := time.After(patience); ; {
		select {
		case sig := <-s:
			if ok(sig) {
				return sig
			}
		case <-deadline:
			t.Fatalf("after %v not yet: %s", patience, what)
		}
	}
}

// trayIcon is an icon as the panel sees it.
type trayIcon struct {
	d       *desktop
	item    dbus.BusObject
	menu    dbus.BusObject
	signals signals
}

// awaitIcon waits for an icon to be registered. Call listenForIcons before the icon's program is started.
func (d *desktop) awaitIcon(t *testing.T, icons signals) *trayIcon {
	t.Helper()
	sig := icons.await(t, "an icon is there", func(s *dbus.Signal) bool { return s.Name == registered })
	service, path, _ := strings.Cut(sig.Body[0].(string), "/")
	i := &trayIcon{d: d, item: d.bus.Object(service, dbus.ObjectPath("/"+path))}
	menuPath, err := i.item.GetProperty(itemIface + ".Menu")
	if err != nil {
		t.Fatal(err)
	}
	i.menu = d.bus.Object(service, menuPath.Value().(dbus.ObjectPath))
	i.signals = d.listen(t, dbus.WithMatchSender(service))
	return i
}

func (d *desktop) listenForIcons(t *testing.T) signals {
	return d.listen(t, dbus.WithMatchInterface(watcherName))
}

// line is a menu item as the panel would draw it.
type line struct {
	id      int32
	label   string // without marks of shortcuts
	enabled bool
	checked bool
}

// node is a menu item on the bus.
type node struct {
	ID    int32
	Props map[string]dbus.Variant
	Kids  []dbus.Variant
}

// lines asks for the menu's visible items.
func (i *trayIcon) lines(t *testing.T) []line {
	t.Helper()
	var revision uint32
	var root node
	if err := i.menu.Call(menuIface+".GetLayout", 0, int32(0), int32(-1), []string{}).Store(&revision, &root); err != nil {
		t.Fatal(err)
	}
	var out []line
	for _, kid := range root.Kids {
		var n node
		if err := dbus.Store([]any{kid.Value()}, &n); err != nil {
			t.Fatal(err)
		}
		text, isText := n.Props["label"].Value().(string)
		if visible, ok := n.Props["visible"].Value().(bool); !isText || ok && !visible {
			continue
		}
		l := line{id: n.ID, label: strings.ReplaceAll(text, "_", ""), enabled: true}
		if e, ok := n.Props["enabled"].Value().(bool); ok {
			l.enabled = e
		}
		if state, ok := n.Props["toggle-state"].Value().(int32); ok {
			l.checked = state == 1
		}
		out = append(out, l)
	}
	return out
}

func find(lines []line, label string) (line, bool) {
	for _, l := range lines {
		if l.label == label {
			return l, true
		}
	}
	return line{}, false
}

// await waits until the menu is as wanted: it looks anew after each signal of the icon.
func (i *trayIcon) await(t *testing.T, what string, ok func([]line) bool) []line {
	t.Helper()
	for deadline := time.After(patience); ; {
		lines := i.lines(t)
		if ok(lines) {
			return lines
		}
		select {
		case <-i.signals:
		case <-deadline:
			t.Fatalf("after %v not yet: %s; the menu is %+v", patience, what, lines)
		}
	}
}

// awaitLine waits for an item with this label.
func (i *trayIcon) awaitLine(t *testing.T, label string) line {
	t.Helper()
	l, _ := find(i.await(t, "the menu has "+label, func(ls []line) bool { _, ok := find(ls, label); return ok }), label)
	return l
}

// click waits for an item and clicks it as a panel does.
func (i *trayIcon) click(t *testing.T, label string) {
	t.Helper()
	l := i.awaitLine(t, label)
	if !l.enabled {
		t.Fatalf("%s is grey", label)
	}
	if err := i.menu.Call(menuIface+".Event", 0, l.id, "clicked", dbus.MakeVariant(""), uint32(0)).Err; err != nil {
		t.Fatal(err)
	}
}

// iconName is what the icon looks like: the path of a file.
func (i *trayIcon) iconName(t *testing.T) string {
	t.Helper()
	v, err := i.item.GetProperty(itemIface + ".IconName")
	if err != nil {
		t.Fatal(err)
	}
	return v.Value().(string)
}

// screenshot keeps a picture of the panel in the folder SCREENSHOTS names, when ImageMagick is there.
func (d *desktop) screenshot(t *testing.T, name string) {
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		return
	}
	cmd := exec.Command("import", "-window", "root", filepath.Join(dir, name+".png"))
	cmd.Env = d.env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Logf("no screenshot: %v %s", err, out)
	}
}
