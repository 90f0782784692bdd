package learn

import (
	"context"
	"fmt"
	"io"
	"time"

	"offhook/hid"
)

// Times of Guide.
const (
	restTime  = 3 * time.Second        // nobody touches the device
	quietTime = 400 * time.Millisecond // after the last news, what was heard is the answer
	lateTime  = 20 * time.Millisecond  // a timer that is later says that the machine was busy
	heldTime  = 3 * time.Second        // so long, a key that does not come up is a switch
)

// Guide leads a person through a session: it says on out what to do, takes a line
// of lines as "go on without", and "q" as the end. It reads the device until then
// and writes nothing to it. The error is ctx's, or what reading failed with.
func Guide(ctx context.Context, dev hid.Device, s *Session, lines <-chan string, out io.Writer) error {
	reports, failed := make(chan []byte), make(chan error, 1)
	done := make(chan struct{})
	defer close(done)
	go func() {
		buf := make([]byte, maxLength+1)
		for {
			n, err := dev.Read(buf)
			if err != nil {
				failed <- err
				return
			}
			select {
			case reports <- append([]byte(nil), buf[:n]...):
			case <-done:
				return
			}
		}
	}()

	timer := time.NewTimer(restTime)
	defer timer.Stop()
	due := time.Now().Add(restTime)
	wait := func(d time.Duration) {
		timer.Reset(d)
		due = time.Now().Add(d)
	}
	var heard time.Time
	fmt.Fprintf(out, "Put the handset down and touch nothing for %d seconds.\n", int(restTime.Seconds()))
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-failed:
			return fmt.Errorf("read from the device: %w", err)
		case raw := <-reports:
			before := s.Heard()
			if !s.Report(raw) {
				continue
			}
			if !before {
				heard = time.Now()
			}
			wait(quietTime)
			continue
		case line, open := <-lines:
			if !open || line == "q" {
				return nil
			}
			if s.Resting() {
				continue
			}
			fmt.Fprintln(out, "  none")
			s.Skip()
		case <-timer.C:
			switch {
			case s.Resting():
				s.Rested()
				fmt.Fprintln(out, "Now do what you are asked to. Enter: there is no such thing. q and Enter: that is all.")
			case !s.Heard():
				continue
			case time.Since(due) > lateTime:
				wait(quietTime) // the machine stood still, and reports may wait to be read
				continue
			case s.Held() && time.Since(heard) < heldTime:
				wait(quietTime) // it is still down
				continue
			default:
				fmt.Fprintln(out, "  heard")
				s.Settled()
			}
		}
		ask, more := s.Next()
		if !more {
			return nil
		}
		fmt.Fprintf(out, "%s\n", ask.Text)
	}
}
