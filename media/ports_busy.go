package media

import (
	"errors"
	"math/rand/v2"
	"syscall"
)

// portTaken tells whether another port might do.
func portTaken(err error) bool { return errors.Is(err, syscall.EADDRINUSE) || isWindowsTaken(err) }

// isWindowsTaken knows WSAEADDRINUSE and WSAEACCES, which Windows answers for a
// port that someone holds exclusively.
func isWindowsTaken(err error) bool {
	return errors.Is(err, syscall.Errno(10048)) || errors.Is(err, syscall.Errno(10013))
}

func randUint32() uint32 { return rand.Uint32() }
