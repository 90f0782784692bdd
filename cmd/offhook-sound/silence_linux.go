package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// silence sends descriptors 1 and 2 to nowhere, for libraries in C that print
// what they try, and returns what undoes it.
func silence() (restore func(), err error) {
	null, err := unix.Open("/dev/null", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("/dev/null: %w", err)
	}
	defer unix.Close(null)
	var saved [2]int
	for i := range saved {
		if saved[i], err = unix.FcntlInt(uintptr(i+1), unix.F_DUPFD_CLOEXEC, 10); err != nil {
			return nil, fmt.Errorf("standard output: %w", err)
		}
		if err := unix.Dup3(null, i+1, 0); err != nil {
			return nil, fmt.Errorf("standard output: %w", err)
		}
	}
	return func() {
		for i, fd := range saved {
			unix.Dup3(fd, i+1, 0)
			unix.Close(fd)
		}
	}, nil
}
