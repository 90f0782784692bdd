package desk

// toggleMute: a mute key that knows no state. Without a call in the hand there is nothing to mute.
func (m *machine) toggleMute(h *Handset) {
	if h.Foreground != "" {
		h.Muted = !h.Muted
	}
}

func (m *machine) cmdMute(e CmdMute) {
	some := false
	for i := range m.handsets {
		if h := &m.handsets[i]; h.Foreground != "" {
			h.Muted, some = e.On, true
		}
	}
	if !some {
		m.do(Refuse{Event: "mute", Reason: "there is no call to mute"})
	}
}
