package sound

import (
	"encoding/binary"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"offhook/media/sound/ring"
)

// memory is what a port shares with its sound process: the ring, and an event counter that wakes the port. It
// outlives the process: the next one gets the same.
type memory struct {
	bytes []byte
	file  *os.File // of bytes
	wake  *os.File // eventfd(2)
	fd    int      // of wake

	// The same counter as the runtime's epoll sees it; nil once awaitUrgently was called. Owned by who waits.
	news     *os.File
	counted  syscall.RawConn // of news
	deadline time.Time       // of news
}

func newMemory() (*memory, error) {
	m := &memory{}
	if err := m.make(); err != nil {
		m.free()
		return nil, fmt.Errorf("shared memory for sound: %w", err)
	}
	return m, nil
}

func (m *memory) make() error {
	fd, err := unix.MemfdCreate("offhook-sound", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return err
	}
	m.file = os.NewFile(uintptr(fd), "offhook-sound ring")
	if err := unix.Ftruncate(fd, int64(ring.Size)); err != nil {
		return err
	}
	// A process gone wild cannot take the memory away under our feet.
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		return err
	}
	if m.bytes, err = unix.Mmap(fd, 0, ring.Size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		return err
	}
	if m.fd, err = unix.Eventfd(0, unix.EFD_CLOEXEC); err != nil {
		return err
	}
	m.wake = os.NewFile(uintptr(m.fd), "offhook-sound wake")
	// Only a file that does not block when it is opened is one of epoll's. That comes second, so that wake is none.
	if err := unix.SetNonblock(m.fd, true); err != nil {
		return err
	}
	news, err := unix.FcntlInt(uintptr(m.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return err
	}
	m.news = os.NewFile(uintptr(news), "offhook-sound wake")
	m.counted, err = m.news.SyscallConn()
	return err
}

// await returns when ready tells so, which it is asked after each callback of the device and each interrupt, or after
// the limit. It parks its goroutine.
//
// The counter is never read: each count is news to the runtime's epoll. That takes no system call but the wait itself, and
// none of those that the runtime watches, for which a thread of its own would wake several times each period.
func (m *memory) await(ready func(uintptr) bool, limit time.Duration) {
	if limit <= 0 {
		return
	}
	if m.news == nil {
		m.awaitUrgently(limit)
		return
	}
	// To set a deadline costs more than to wake up for one now and then that is not due yet.
	now := time.Now()
	if left := m.deadline.Sub(now); left < limit/2 || left > limit {
		m.deadline = now.Add(limit)
		m.news.SetReadDeadline(m.deadline)
	}
	m.counted.Read(ready)
}

// awaitUrgently returns after a callback, an interrupt or the limit, or for no reason. It blocks its thread: one with
// realtime priority then comes back at once, with no other thread of the runtime in between. There is no way back to await.
func (m *memory) awaitUrgently(limit time.Duration) {
	if m.news != nil {
		m.news.Close()
		m.news = nil
	}
	fds := [1]unix.PollFd{{Fd: int32(m.fd), Events: unix.POLLIN}}
	if n, _ := unix.Poll(fds[:], int(max(limit, 0).Milliseconds())+1); n > 0 {
		var count [8]byte
		unix.Read(m.fd, count[:])
	}
}

// interrupt makes both return.
func (m *memory) interrupt() {
	var count [8]byte
	binary.NativeEndian.PutUint64(count[:], 1)
	unix.Write(m.fd, count[:])
}

// free lets go of everything. Nobody may use the ring any more.
func (m *memory) free() {
	for _, f := range []*os.File{m.file, m.wake, m.news} {
		if f != nil {
			f.Close()
		}
	}
	if m.bytes != nil {
		unix.Munmap(m.bytes)
		m.bytes = nil
	}
}
