package netwatch

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

// watch starts the three watchers.
func watch(ctx context.Context, log *slog.Logger, tell func(Change)) {
	for what, f := range map[string]func(context.Context, func(Change)) error{
		"addresses and routes (netlink)": watchRoutes,
		"sleep (clocks)":                 watchClocks,
		"sleep (logind)":                 watchLogind,
	} {
		go func() {
			if err := f(ctx, tell); err != nil && ctx.Err() == nil {
				log.Debug("not watched: "+what, "error", err)
			}
		}()
	}
}

// watchRoutes tells of what rtnetlink(7) says.
func watchRoutes(ctx context.Context, tell func(Change)) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return fmt.Errorf("open netlink: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR |
		unix.RTMGRP_IPV4_ROUTE | unix.RTMGRP_IPV6_ROUTE}); err != nil {
		unix.Close(fd)
		return fmt.Errorf("join the groups of netlink: %w", err)
	}
	f := os.NewFile(uintptr(fd), "netlink")
	stop := context.AfterFunc(ctx, func() { f.Close() })
	defer stop()
	defer f.Close()
	buf := make([]byte, 16<<10)
	for {
		n, err := f.Read(buf)
		switch {
		case errors.Is(err, unix.ENOBUFS):
			tell(Moved) // more than we could take: surely a change
		case err != nil:
			return fmt.Errorf("read netlink: %w", err)
		case moved(buf[:n]):
			tell(Moved)
		}
	}
}

// moved says whether one of the messages of rtnetlink(7) tells of an address or a route.
func moved(data []byte) bool {
	for len(data) >= unix.SizeofNlMsghdr {
		length := int(binary.NativeEndian.Uint32(data))
		switch binary.NativeEndian.Uint16(data[4:]) {
		case unix.RTM_NEWADDR, unix.RTM_DELADDR, unix.RTM_NEWROUTE, unix.RTM_DELROUTE:
			return true
		}
		length = (length + unix.NLMSG_ALIGNTO - 1) &^ (unix.NLMSG_ALIGNTO - 1)
		if length < unix.SizeofNlMsghdr || length > len(data) {
			return false
		}
		data = data[length:]
	}
	return false
}

// lookEvery is how often the clocks are compared while nothing happens. The timer itself runs on in sleep: a machine
// that slept longer than this is found out the moment it wakes.
const lookEvery = 60 * time.Second

// watchClocks tells when CLOCK_BOOTTIME, which counts the time asleep, gains on CLOCK_MONOTONIC, which does not.
func watchClocks(ctx context.Context, tell func(Change)) error {
	fd, err := unix.TimerfdCreate(unix.CLOCK_BOOTTIME, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return fmt.Errorf("make a timer: %w", err)
	}
	every := unix.NsecToTimespec(int64(lookEvery))
	if err := unix.TimerfdSettime(fd, 0, &unix.ItimerSpec{Interval: every, Value: every}, nil); err != nil {
		unix.Close(fd)
		return fmt.Errorf("set a timer: %w", err)
	}
	f := os.NewFile(uintptr(fd), "timerfd")
	stop := context.AfterFunc(ctx, func() { f.Close() })
	defer stop()
	defer f.Close()
	var s sleeper
	s.slept(clock(unix.CLOCK_MONOTONIC), clock(unix.CLOCK_BOOTTIME))
	buf := make([]byte, 8)
	for {
		if _, err := f.Read(buf); err != nil {
			return fmt.Errorf("wait for a timer: %w", err)
		}
		if s.slept(clock(unix.CLOCK_MONOTONIC), clock(unix.CLOCK_BOOTTIME)) {
			tell(Woke)
		}
	}
}

func clock(id int32) time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(id, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// watchLogind tells when systemd-logind says that the sleep is over (org.freedesktop.login1(5)): at once, also after a
// short one.
func watchLogind(ctx context.Context, tell func(Change)) error {
	conn, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err != nil {
		return fmt.Errorf("reach the system bus: %w", err)
	}
	defer conn.Close()
	signals := make(chan *dbus.Signal, 8)
	conn.Signal(signals) // first: one that comes right behind the match is lost otherwise
	if err := conn.AddMatchSignalContext(ctx, dbus.WithMatchInterface("org.freedesktop.login1.Manager"), dbus.WithMatchMember("PrepareForSleep"),
		dbus.WithMatchObjectPath("/org/freedesktop/login1")); err != nil {
		return fmt.Errorf("listen to logind: %w", err)
	}
	for {
		select {
		case s, ok := <-signals:
			if !ok {
				return errors.New("the system bus is gone")
			}
			if woken(s) {
				tell(Woke)
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// woken says whether a signal is PrepareForSleep(false).
func woken(s *dbus.Signal) bool {
	if s.Name != "org.freedesktop.login1.Manager.PrepareForSleep" || len(s.Body) != 1 {
		return false
	}
	begins, ok := s.Body[0].(bool)
	return ok && !begins
}
