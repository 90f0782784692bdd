package sound

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"offhook/media/sound/ring"
)

// memory is what a port shares with its sound process: the ring, and the pipe
// that wakes the port. It outlives the process: the next one gets the same.
type memory struct {
	bytes []byte
	file  *os.File // of bytes
	wake  *os.File // read here
	poke  *os.File // written there
}

func newMemory() (*memory, error) {
	fd, err := unix.MemfdCreate("offhook-sound", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("shared memory for sound: %w", err)
	}
	m := &memory{file: os.NewFile(uintptr(fd), "offhook-sound ring")}
	err = unix.Ftruncate(fd, int64(ring.Size))
	if err == nil {
		// A process gone wild cannot take the memory away under our feet.
		_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	}
	if err == nil {
		m.bytes, err = unix.Mmap(fd, 0, ring.Size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	}
	if err == nil {
		m.wake, m.poke, err = os.Pipe()
	}
	if err != nil {
		m.free()
		return nil, fmt.Errorf("shared memory for sound: %w", err)
	}
	return m, nil
}

// free lets go of everything. Nobody may use the ring any more.
func (m *memory) free() {
	for _, f := range []*os.File{m.file, m.wake, m.poke} {
		if f != nil {
			f.Close()
		}
	}
	if m.bytes != nil {
		unix.Munmap(m.bytes)
		m.bytes = nil
	}
}
