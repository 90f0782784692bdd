package desk

import (
	"strings"
	"testing"
)

func TestNumbersAreBounded(t *testing.T) {
	s := tell(t, Config{}, "plug desk\nplug wall\nlift desk")
	for range 200 {
		s, _ = Next(s, KeyPressed{"desk", '7'})
		s, _ = Next(s, KeyPressed{"wall", '7'})
	}
	for _, h := range s.Handsets() {
		if len(h.Digits) != maxDigits {
			t.Errorf("%s keeps %d digits", h.ID, len(h.Digits))
		}
	}
	_, acts := Next(s, CmdDial{Target: strings.Repeat("1", maxTarget+1)})
	if got := renderActions(acts, false); !strings.HasPrefix(got, "refuse dial") {
		t.Errorf("an endless number: %s", got)
	}
}

func TestHandsetsAreBounded(t *testing.T) {
	s := New(Config{})
	s, _ = Next(s, HandsetPlugged{Handset: "", Cradled: true, Lifted: false, Line: Line{}})
	for i := range 3 * maxHandset {
		s, _ = Next(s, HandsetPlugged{Handset: HandsetID(strings.Repeat("h", i+1)), Cradled: true, Lifted: false, Line: Line{}})
	}
	if n := len(s.Handsets()); n != maxHandset {
		t.Errorf("%d handsets", n)
	}
}

func TestTextFromOutsideIsMadeFitToShow(t *testing.T) {
	s := New(Config{})
	s, _ = Next(s, HandsetPlugged{Handset: "desk", Cradled: true, Lifted: false, Line: Line{}})
	s, _ = Next(s, IncomingCall{Call: "in-1", Peer: strings.Repeat("p", 5000), PeerName: "\x1b[2J\nMüller\xff\u202e" + strings.Repeat("ü", 500)})
	c, _ := s.Call("in-1")
	if !strings.HasPrefix(c.PeerName, "[2JMüllerü") || len(c.PeerName) > maxName || len(c.Peer) != maxPeer {
		t.Errorf("kept %q and %d bytes of address", c.PeerName, len(c.Peer))
	}
	if err := Check(s); err != nil {
		t.Error(err)
	}
}

func TestAFloodOfCallsCostsNothing(t *testing.T) {
	s := New(Config{})
	s, _ = Next(s, CmdDND{true})
	for range 1000 {
		s.ids++
		s, _ = Next(s, IncomingCall{Call: s.newName()})
	}
	if n := len(s.Calls()); n > 8 {
		t.Errorf("%d refused calls are kept", n)
	}
	s, _ = Next(s, HandsetPlugged{Handset: "desk", Cradled: true, Lifted: false, Line: Line{}})
	s, _ = Next(s, Lifted{"desk"})
	_, acts := Next(s, CmdDial{Target: "112"})
	if got := renderActions(acts, false); !strings.HasPrefix(got, "place ") {
		t.Errorf("no way out in a flood: %s", got)
	}
}

func (s *State) newName() CallID {
	return CallID("in-" + string(rune('a'+s.ids%26)) + strings.Repeat("x", s.ids))
}
