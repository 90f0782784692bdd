package seat

import (
	"errors"
	"testing"
	"testing/synctest"
)

func TestWhoIsPresent(t *testing.T) {
	const me, other = 1000, 1001
	for name, tt := range map[string]struct {
		sessions []session
		want     bool
	}{
		"a service":                        {nil, true},
		"over ssh":                         {[]session{{me, "", true}}, true},
		"at the seat":                      {[]session{{me, "seat0", true}}, true},
		"another is, and I over ssh":       {[]session{{me, "", true}, {other, "seat0", true}}, true},
		"another took the seat":            {[]session{{me, "seat0", false}, {other, "seat0", true}}, false},
		"another took the seat, and I ssh": {[]session{{me, "seat0", false}, {me, "", true}, {other, "seat0", true}}, false},
		"on two terminals":                 {[]session{{me, "seat0", false}, {me, "seat0", true}}, true},
		"at another seat":                  {[]session{{other, "seat0", true}, {me, "seat1", true}}, true},
	} {
		if got := isPresent(me, tt.sessions); got != tt.want {
			t.Errorf("%s: present %v, want %v", name, got, tt.want)
		}
	}
}

// fakeLogind changes when told to.
type fakeLogind struct {
	now     []session
	changes chan []session
	closed  chan struct{}
}

func (f *fakeLogind) sessions() ([]session, error) { return f.now, nil }

func (f *fakeLogind) wait() error {
	select {
	case f.now = <-f.changes:
		return nil
	case <-f.closed:
		return ErrClosed
	}
}

func (f *fakeLogind) close() error {
	close(f.closed)
	return nil
}

func TestNextTellsTheStartAndThenChangesOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const me, other = 1000, 1001
		f := &fakeLogind{now: []session{{me, "seat0", true}}, changes: make(chan []session), closed: make(chan struct{})}
		w := &Watch{uid: me, logind: f}
		var told []bool
		var end error
		go func() {
			for {
				present, err := w.Next()
				if err != nil {
					end = err
					return
				}
				told = append(told, present)
			}
		}()
		for _, s := range [][]session{
			{{me, "seat0", true}, {other, "", true}}, // someone's ssh
			{{me, "seat0", false}, {other, "seat0", true}},
			{{me, "seat0", false}, {other, "seat0", true}, {other, "", false}},
			{{me, "seat0", true}, {other, "seat0", false}},
			{{other, "seat0", true}}, // logged out
		} {
			f.changes <- s
		}
		synctest.Wait()
		w.Close()
		synctest.Wait()
		want := []bool{true, false, true}
		if len(told) != len(want) || told[0] != want[0] || told[1] != want[1] || told[2] != want[2] {
			t.Errorf("told %v, want %v", told, want)
		}
		if !errors.Is(end, ErrClosed) {
			t.Errorf("the end: %v", end)
		}
	})
}

func TestALogindThatDoesNotAnswerEndsIt(t *testing.T) {
	broken := errors.New("no answer")
	w := &Watch{logind: brokenLogind{broken}}
	if present, err := w.Next(); !present || !errors.Is(err, broken) {
		t.Errorf("%v, %v; who is not known to be away is present", present, err)
	}
}

type brokenLogind struct{ err error }

func (b brokenLogind) sessions() ([]session, error) { return nil, b.err }
func (b brokenLogind) wait() error                  { return b.err }
func (b brokenLogind) close() error                 { return nil }
