package virtual

// Reset restarts the firmware, as a brown-out does: lights and display go dark, a
// headset is on-hook and unmuted, and what it still had to answer is forgotten. The
// host is not told, unless the profile reports at opening.
func (p *Phone) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.plugged {
		return
	}
	p.dark()
	if !p.profile.Kind.Cradled() {
		p.lifted = false
	}
	p.muted = false
	p.pressed = map[string]bool{}
	for i := range p.owed {
		p.owed[i] = func() {}
	}
	if p.maker == nil && p.profile.ReportAtOpening {
		p.send(p.inputReport())
	}
	p.touch()
}
