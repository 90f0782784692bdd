package netwatch

import (
	"encoding/binary"
	"testing"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

// netlink makes a message of a type with a body of n bytes, padded.
func netlink(kind uint16, n int) []byte {
	b := make([]byte, unix.SizeofNlMsghdr+(n+3)&^3)
	binary.NativeEndian.PutUint32(b, uint32(unix.SizeofNlMsghdr+n))
	binary.NativeEndian.PutUint16(b[4:], kind)
	return b
}

func TestNetlinkMessages(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		want bool
	}{
		"a new address":           {netlink(unix.RTM_NEWADDR, 8), true},
		"a route gone":            {netlink(unix.RTM_DELROUTE, 12), true},
		"a link":                  {netlink(unix.RTM_NEWLINK, 7), false},
		"a route after a link":    {append(netlink(unix.RTM_NEWLINK, 7), netlink(unix.RTM_NEWROUTE, 0)...), true},
		"nothing":                 {nil, false},
		"a piece":                 {netlink(unix.RTM_NEWADDR, 8)[:10], false},
		"a length of nothing":     {make([]byte, 64), false},
		"a length of everything":  {append([]byte{255, 255, 255, 127}, netlink(unix.RTM_NEWLINK, 60)[4:]...), false},
		"an address, cut short":   {netlink(unix.RTM_NEWADDR, 100)[:20], true},
		"a link, longer than all": {netlink(unix.RTM_NEWLINK, 100)[:40], false},
	} {
		if got := moved(c.data); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestLogindsSignal(t *testing.T) {
	const name = "org.freedesktop.login1.Manager.PrepareForSleep"
	for _, c := range []struct {
		s    dbus.Signal
		want bool
	}{
		{dbus.Signal{Name: name, Body: []any{false}}, true},
		{dbus.Signal{Name: name, Body: []any{true}}, false},
		{dbus.Signal{Name: name}, false},
		{dbus.Signal{Name: name, Body: []any{"false"}}, false},
		{dbus.Signal{Name: "org.freedesktop.login1.Manager.PrepareForShutdown", Body: []any{false}}, false},
	} {
		if got := woken(&c.s); got != c.want {
			t.Errorf("%+v: %v", c.s, got)
		}
	}
}
