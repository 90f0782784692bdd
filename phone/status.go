package phone

import (
	"cmp"
	"math"
	"slices"
	"time"

	"offhook/devices"
	"offhook/media"
	"offhook/media/sound"
	"offhook/phone/control"
	"offhook/phone/desk"
	"offhook/phone/ua"
)

// snapshot is the phone as it was after the last event, with what it takes to read the live figures of its sound. It is
// never changed once stored.
type snapshot struct {
	status    control.Status
	until     []time.Time // when each account's registration lapses
	sessions  []*media.Session
	endpoints []*media.Endpoint // of the handset that each call is on
	exchange  string            // where the local exchange listens, "" when there is none
}

// Status is the phone as it is now. Any goroutine may call it; the loop is not asked.
func (p *Phone) Status() control.Status {
	s := p.snapshot.Load()
	st := s.status
	st.Accounts = append([]control.Account{}, st.Accounts...)
	for i, until := range s.until {
		if left := time.Until(until); left > 0 {
			st.Accounts[i].ExpiresIn = int(left.Seconds())
		}
	}
	st.Calls = append([]control.Call{}, st.Calls...)
	for i, session := range s.sessions {
		if session == nil {
			continue
		}
		m := mediaOf(session.Stats())
		st.Calls[i].Recording = session.Recording()
		if e := s.endpoints[i]; e != nil {
			m.MicDBFS, m.EarDBFS = e.Levels()
		}
		st.Calls[i].Media = m
	}
	return st
}

// mediaOf puts the figures of a session in the words of the socket. It knows no levels.
func mediaOf(n media.Stats) *control.Media {
	return &control.Media{
		Codec:       n.Codec,
		PacketsSent: int(n.Sent), PacketsReceived: int(n.Received),
		Lost: int(n.Lost), Late: int(n.Late), Recovered: int(n.Recovered), LongestLoss: n.Burst.Longest,
		BurstMS: ms(n.Burst.BurstLength), BurstPercent: tenth(100 * n.Burst.BurstDensity),
		JitterMS: ms(n.Jitter), BufferMS: ms(n.Buffered), ConcealedMS: ms(n.Concealed),
		DelayMS: ms(n.Delay), RoundTripMS: ms(n.RoundTrip),
		RemoteLossPercent: tenth(100 * n.RemoteLoss), RemoteJitterMS: ms(n.RemoteJitter),
		R: tenth(n.Rating.R), MOS: math.Round(n.Rating.MOS*100) / 100, RScale: n.Rating.Scale.String(),
		MicDBFS: silence, EarDBFS: silence,
	}
}

func tenth(x float64) float64 { return math.Round(x*10) / 10 }

// silence is the level of no sound at all, in dBFS: that of 16-bit samples that are all zero, by convention.
const silence = -96

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// Exchange is the address of the local exchange, "127.0.0.1:port", where others on this machine can register as
// extensions; empty when the phone has accounts of its own, and until Run has started it.
func (p *Phone) Exchange() string { return p.snapshot.Load().exchange }

// Subscribe starts a stream of events; see control.Backend.
func (p *Phone) Subscribe() (<-chan control.Event, func()) { return p.feeds.subscribe() }

// snap builds the snapshot; on the loop, or before it runs.
func (p *Phone) snap() *snapshot {
	s := &snapshot{status: control.Status{
		Version:  p.cfg.Version,
		DND:      p.state.DND(),
		Missed:   p.state.MissedCalls(),
		Accounts: []control.Account{},
		Calls:    []control.Call{},
		Handsets: []control.Handset{},
	}}
	if p.local != nil {
		s.exchange = p.local.Addr().String()
	}
	for _, a := range p.accounts {
		s.status.Accounts = append(s.status.Accounts, control.Account{
			Name: a.name, URI: a.uri, State: a.state.String(), Step: string(a.step), Server: a.server, Reason: a.reason, Code: a.code,
		})
		s.until = append(s.until, a.until)
	}
	for _, c := range p.state.Calls() {
		p.snapCall(s, c)
	}
	for _, id := range p.order {
		p.snapHandset(s, p.handsets[id])
	}
	s.status.State = summary(s.status, p.offline())
	return s
}

func (p *Phone) snapCall(s *snapshot, c desk.Call) {
	out := control.Call{
		ID: string(c.ID), Direction: direction(c.Outgoing), State: callState(c.Phase),
		Peer: c.Peer, PeerName: c.PeerName, Account: c.Account, Handset: string(c.Handset),
		Held: c.Held, RemoteHeld: c.RemoteHeld,
	}
	var session *media.Session
	var endpoint *media.Endpoint
	if h := p.handsets[c.Handset]; h != nil {
		endpoint = h.sound
	}
	if hs, ok := p.state.Handset(c.Handset); ok && (hs.Foreground == c.ID || c.Joined) {
		out.Muted, out.Conference = hs.Muted, c.Joined || desk.Audio(p.state, hs.ID).Joined[0] != ""
		s.status.Muted = s.status.Muted || hs.Muted
	}
	if k := p.calls[c.ID]; k != nil {
		out.Since, out.Codec, out.Diverted, out.Ring = k.since, k.codec, k.diverted, k.ring
		out.Keying, out.SRTP = k.encryption()
		out.Trouble = k.watch.trouble
		if out.Account == "" {
			out.Account = k.account
		}
		if !k.answered.IsZero() {
			t := k.answered
			out.Answered = &t
		}
		if k.codec != "" {
			session = k.session
		}
	}
	s.status.Calls = append(s.status.Calls, out)
	s.sessions = append(s.sessions, session)
	s.endpoints = append(s.endpoints, endpoint)
}

func (p *Phone) snapHandset(s *snapshot, h *handset) {
	out := control.Handset{
		ID: string(h.id), Name: h.name, Kind: h.kind, Path: h.path, Sound: h.port, Virtual: h.virtual != nil,
		Mixer: mixer(h.mixer),
		Error: cmp.Or(h.gone, h.problem, h.trouble), State: control.HandsetUnplugged,
	}
	if d := h.device; d != nil {
		out.Driver, out.Controls = d.Driver(), d.Controls()
		i := desk.Indicators(p.state, h.id)
		out.Lights = map[string]bool{}
		for _, name := range d.Lights() {
			if on, ok := lit(i, name); ok {
				out.Lights[name] = on
			}
		}
		if hs, ok := p.state.Handset(h.id); ok {
			out.State, out.Lifted, out.Muted = handsetState(hs.Phase), hs.Lifted, hs.Muted
			out.Digits, out.Call = hs.Digits, string(hs.Foreground)
		}
	}
	s.status.Handsets = append(s.status.Handsets, out)
}

// offline: every account is to be registered, and none is.
func (p *Phone) offline() bool {
	return !slices.ContainsFunc(p.accounts, func(a *account) bool { return !a.registers || a.state == ua.Registered })
}

// summary is the one word that an icon shows.
func summary(s control.Status, offline bool) string {
	rank := ""
	for _, c := range s.Calls {
		switch {
		case c.State == control.CallIncoming:
			return control.StateRinging
		case c.State == control.CallEnding:
		case c.Held:
			if rank == "" {
				rank = control.StateHeld
			}
		case c.State == control.CallActive || c.State == control.CallEarly || c.State == control.CallAnswering:
			rank = control.StateTalking
		case rank != control.StateTalking:
			rank = control.StateDialing
		}
	}
	if rank != "" {
		return rank
	}
	plugged := false
	for _, h := range s.Handsets {
		plugged = plugged || h.State != control.HandsetUnplugged
	}
	switch {
	case offline:
		return control.StateOffline
	case !plugged:
		return control.StateNoHandset
	}
	return control.StateIdle
}

// lit says whether a light, by its name in package devices, is wanted on; false for what is no light, such as a display.
func lit(i devices.Indicators, name string) (on, ok bool) {
	switch name {
	case "off-hook":
		return i.OffHook, true
	case "ring", "ringer":
		return i.Ring, true
	case "mute":
		return i.Mute, true
	case "hold":
		return i.Hold, true
	case "message-waiting":
		return i.MessageWaiting, true
	case "speaker":
		return i.Speaker, true
	case "microphone":
		return i.Microphone, true
	case "on-line":
		return i.OnLine, true
	}
	return false, false
}

func direction(outgoing bool) string {
	if outgoing {
		return "out"
	}
	return "in"
}

func callState(p desk.Phase) string {
	switch p {
	case desk.Placing:
		return control.CallDialing
	case desk.Proceeding:
		return control.CallProceeding
	case desk.Alerting:
		return control.CallAlerting
	case desk.EarlyMedia:
		return control.CallEarly
	case desk.Incoming:
		return control.CallIncoming
	case desk.Answering:
		return control.CallAnswering
	case desk.Active:
		return control.CallActive
	}
	return control.CallEnding // also while a transfer is under way: it is no longer ours to talk in
}

// handsetState is the phase in the words of the socket, which are those of package desk.
func handsetState(p desk.HandsetPhase) string { return p.String() }

// mixer is what clients are told of levels, which may be nil.
func mixer(l *sound.Levels) *control.Mixer {
	if l == nil {
		return nil
	}
	m := &control.Mixer{}
	if l.Output != nil {
		m.Ear, m.EarMuted = &l.Output.Percent, l.Output.Muted
	}
	if l.Input != nil {
		m.Mic, m.MicMuted = &l.Input.Percent, l.Input.Muted
	}
	return m
}
