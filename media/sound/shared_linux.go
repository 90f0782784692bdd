package sound

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"offhook/media/sound/ring"
)

// memory is what a port shares with its sound process: the ring, and the pipe
// that wakes the port. It outlives the process: the next one gets the same.
type memory struct {
	bytes []byte
	file  *os.File // of bytes
	wake  int      // read here, without blocking; -1: none
	poke  *os.File // written there
}

func newMemory() (*memory, error) {
	fd, err := unix.MemfdCreate("offhook-sound", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("shared memory for sound: %w", err)
	}
	m := &memory{wake: -1, file: os.NewFile(uintptr(fd), "offhook-sound ring")}
	err = unix.Ftruncate(fd, int64(ring.Size))
	if err == nil {
		// A process gone wild cannot take the memory away under our feet.
		_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	}
	if err == nil {
		m.bytes, err = unix.Mmap(fd, 0, ring.Size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	}
	if err == nil {
		var ends [2]int
		if err = unix.Pipe2(ends[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err == nil {
			m.wake, m.poke = ends[0], os.NewFile(uintptr(ends[1]), "offhook-sound wake")
		}
	}
	if err != nil {
		m.free()
		return nil, fmt.Errorf("shared memory for sound: %w", err)
	}
	return m, nil
}

// wait returns after a callback of the device, an interrupt, or the limit. It
// blocks its thread, on purpose: a thread with realtime priority then comes back
// at once, with no other thread of the runtime in between.
func (m *memory) wait(limit time.Duration) error {
	fds := []unix.PollFd{{Fd: int32(m.wake), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, int(max(limit, 0).Milliseconds())+1)
	if err == unix.EINTR || err == nil && n == 0 {
		return nil
	}
	if err == nil {
		var drain [256]byte
		_, err = unix.Read(m.wake, drain[:])
	}
	if err == unix.EAGAIN {
		return nil
	}
	return err
}

// interrupt makes wait return.
func (m *memory) interrupt() { m.poke.Write([]byte{0}) }

// free lets go of everything. Nobody may use the ring any more.
func (m *memory) free() {
	for _, f := range []*os.File{m.file, m.poke} {
		if f != nil {
			f.Close()
		}
	}
	if m.wake >= 0 {
		unix.Close(m.wake)
		m.wake = -1
	}
	if m.bytes != nil {
		unix.Munmap(m.bytes)
		m.bytes = nil
	}
}
