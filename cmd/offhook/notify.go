package main

import (
	"fmt"
	"net"
	"time"
)

// States of the phone that a service manager wants to know; see sd_notify(3).
const (
	notifyReady    = "READY=1"    // commands are answered now
	notifyStopping = "STOPPING=1" // the end has begun
)

// notifyPatience is how long a manager may leave its socket full.
const notifyPatience = time.Second

// notify tells the service manager that started us a state: one datagram to the socket it named in NOTIFY_SOCKET. It
// does nothing when no manager asked. An error is for the log: the phone works without a manager. Any goroutine may call.
func notify(getenv func(string) string, state string) error {
	name := getenv("NOTIFY_SOCKET")
	if name == "" {
		return nil
	}
	// A path, or "@" and a name in the abstract space of Linux, which package net writes the same way. Others, as
	// vsock:, are for virtual machines that report to their host.
	if name[0] != '/' && name[0] != '@' {
		return fmt.Errorf("tell the service manager %s: NOTIFY_SOCKET=%q is no unix socket", state, name)
	}
	socket, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Net: "unixgram", Name: name})
	if err != nil {
		return fmt.Errorf("tell the service manager %s: %w", state, err)
	}
	defer socket.Close()
	_ = socket.SetWriteDeadline(time.Now().Add(notifyPatience))
	if _, err := socket.Write([]byte(state)); err != nil {
		return fmt.Errorf("tell the service manager %s: %w", state, err)
	}
	return nil
}
