//go:build peers && linux

package interop

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"offhook/phone/control"
)

// conference joins the n calls of a phone, as its user would.
func (s *subject) conference(n int) error {
	if n < 2 {
		return nil
	}
	switch s.kind {
	case "offhook":
		return s.conferenceOfOffhook(n)
	case "linphone":
		return s.conferenceOfLinphone(n)
	}
	return nil // baresip plays all calls that it has, see BenchmarkMixBesideOthers
}

func (s *subject) conferenceOfOffhook(n int) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience*10*time.Second)
	defer cancel()
	for first := true; ; first = false {
		st, err := s.control.Status(ctx)
		if err != nil {
			return err
		}
		active, joined := 0, 0
		for _, c := range st.Calls {
			if c.State == control.CallActive {
				active++
			}
			if c.Conference && !c.Held {
				joined++
			}
		}
		switch {
		case joined == n:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("%d of %d calls are answered and %d joined after a minute", active, n, joined)
		case first || active == n && joined < 2: // the last call may not have been answered at the first try
			s.control.Do(ctx, control.Command{Verb: control.VerbConference})
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// answersAnother has a phone that is in a call answer the next one. linphonec does so by itself with its first call
// only: -a answers the call in the hand, whichever rings.
func (s *subject) answersAnother() {
	if s.kind != "linphone" {
		return
	}
	from := s.process.printed()
	go func() {
		if id, ok := s.process.after(from, assigned); ok {
			fmt.Fprintln(s.process.stdin, "answer", id)
		}
	}()
}

const assigned = ", assigned id "

// conferenceOfLinphone adds each call by its number at the prompt, when the ones before the last are on hold: one that is
// only about to be is joined, and on hold nevertheless.
func (s *subject) conferenceOfLinphone(n int) error {
	if err := s.linphoneCalls(n, func(line string) bool { return !strings.Contains(line, "Pausing") }); err != nil {
		return err
	}
	for i := 1; i <= n; i++ {
		fmt.Fprintln(s.process.stdin, "conference add", i)
	}
	return s.linphoneCalls(n, func(line string) bool {
		return strings.Contains(line, "StreamsRunning") && strings.Contains(line, "conferencing")
	})
}

// linphoneCalls asks for the list of calls until it has n which all are as they should be.
func (s *subject) linphoneCalls(n int, good func(string) bool) error {
	right := 0
	for range patience * 10 {
		from := s.process.printed()
		fmt.Fprintln(s.process.stdin, "calls")
		time.Sleep(time.Second) // nothing tells that the list is complete
		right = 0
		for _, line := range s.process.since(from) {
			if strings.Count(line, "|") == 3 && strings.Contains(line, "sip:") && good(line) {
				right++
			}
		}
		if right == n {
			return nil
		}
		select {
		case <-s.process.ended:
			return fmt.Errorf("it has ended: %v", s.process.cmd.ProcessState)
		default:
		}
	}
	return fmt.Errorf("%d of %d calls are as they should be after a minute", right, n)
}

// since gives the lines after the first ones.
func (p *process) since(from int) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.lines[min(from, len(p.lines)):])
}

// after is what the first line after the first ones that has some text says behind it.
func (p *process) after(from int, text string) (rest string, ok bool) {
	if !p.sawMore(from, text, 10*time.Second) {
		return "", false
	}
	for _, line := range p.since(from) {
		if _, rest, ok := strings.Cut(line, text); ok {
			return rest, true
		}
	}
	return "", false
}
