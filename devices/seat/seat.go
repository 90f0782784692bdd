package seat

import (
	"errors"
	"fmt"
)

// session is what matters of one of logind's sessions.
type session struct {
	uid    uint32
	seat   string // "" when it is at none, as over ssh
	active bool
}

// logind is what a Watch asks; the system's, or a test's.
type logind interface {
	// sessions are those of all users.
	sessions() ([]session, error)
	// wait waits until something about sessions may have changed. The error is final.
	wait() error
	close() error
}

// ErrClosed is wrapped by the error of Next after Close.
var ErrClosed = errors.New("closed")

// Watch follows one user. One goroutine calls Next; Close may be called from any.
type Watch struct {
	uid     uint32
	logind  logind
	started bool
	present bool
}

// Next waits until the user is present or away otherwise than the last call said,
// and says so; the first call tells how it is now. The error is final: nothing
// more will be known, and the user is best taken to be present.
func (w *Watch) Next() (present bool, err error) {
	for {
		if w.started {
			if err := w.logind.wait(); err != nil {
				return true, fmt.Errorf("follow who is at the seat: %w", err)
			}
		}
		sessions, err := w.logind.sessions()
		if err != nil {
			return true, fmt.Errorf("ask who is at the seat: %w", err)
		}
		now := isPresent(w.uid, sessions)
		if w.started && now == w.present {
			continue
		}
		w.started, w.present = true, now
		return now, nil
	}
}

// Close ends following, and wakes Next.
func (w *Watch) Close() error { return w.logind.close() }

// isPresent tells whether a user with these sessions may hold telephones.
func isPresent(uid uint32, sessions []session) bool {
	seated := false
	for _, s := range sessions {
		if s.uid != uid || s.seat == "" {
			continue
		}
		if s.active {
			return true
		}
		seated = true
	}
	return !seated
}
