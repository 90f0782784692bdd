package desk

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// How scripts begin: desk in conversation with 100, and on top of that a consultation with 200.
const (
	talking = `
plug desk
cmd dial 100 as=a
lift desk
	! place a desk 100
answered a
	desk: connected a | speech mic | off-hook online
`
	consulting = talking + `
flash desk
	! hold a
key desk 2
	! click desk 2
cmd dial 200 as=b on=desk
	! place b desk 200
answered b
	desk: connected b | speech mic | off-hook hold online | 200 / On hold: 100
	a: active held @desk
	b: active consults=a @desk
`
	swapped = talking + `
incoming w Wanda
	! ringing w
flash desk
	! hold a; answer w desk
answered w
	a: active held @desk
	w: active @desk
`
)

// A story is a behaviour of the phone, told with tell.
type story struct {
	name, script string
	cfg          Config
}

func tellAll(t *testing.T, stories []story) {
	t.Helper()
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) { tell(t, s.cfg, s.script) })
	}
}

// tell plays a script. A line at the margin is an event; the indented lines under it are what must follow:
//
//	! place out-1 desk 100; …       the actions, all of them, in order, timers apart (no such line: none)
//	@ start first-digit 15s; …      timers started and stopped, where it matters
//	desk: PHASE [CALL] | SOUND | LIGHTS | LINE1 / LINE2    a handset; what follows a bar may be left out
//	in-1: PHASE [words] @HANDSET    a call; "in-1: gone" when there is none
//
// Every event goes through the ledger, so the invariants are checked at every line as well.
func tell(t *testing.T, cfg Config, script string) State {
	t.Helper()
	s, l := New(cfg), newLedger()
	var acts []Action
	var event string
	checked := true
	actions := func() {
		t.Helper()
		if !checked {
			if got := renderActions(acts, false); got != "" {
				t.Errorf("%s:\n did %q, expected nothing", event, got)
			}
		}
	}
	for _, line := range strings.Split(script, "\n") {
		text := strings.TrimSpace(line)
		if i := strings.Index(text, "//"); i >= 0 {
			text = strings.TrimSpace(text[:i])
		}
		if text == "" {
			continue
		}
		if line[0] != ' ' && line[0] != '\t' {
			actions()
			event, checked = text, false
			e := parseEvent(t, s, text)
			var err error
			if s, acts, err = l.step(s, e); err != nil {
				t.Fatalf("%s: %v", event, err)
			}
			continue
		}
		var got string
		want := text
		switch {
		case strings.HasPrefix(text, "! "):
			want, checked = text[2:], true
			got = renderActions(acts, false)
			if rest, ok := strings.CutSuffix(want, "…"); ok && strings.HasPrefix(got, rest) {
				continue
			}
		case strings.HasPrefix(text, "@ "):
			want, got = text[2:], renderActions(acts, true)
		default:
			name, rest, _ := strings.Cut(text, ": ")
			want = strings.Join(strings.Fields(rest), " ")
			if h, ok := s.Handset(HandsetID(name)); ok {
				got = renderHandset(s, h, strings.Count(want, " |"))
			} else {
				got = renderCall(s, CallID(name))
			}
		}
		if got != want {
			t.Errorf("%s:\n want %q\n  got %q", event, want, got)
		}
	}
	actions()
	return s
}

func parseEvent(t *testing.T, s State, text string) Event {
	t.Helper()
	w := strings.Fields(text)
	arg := func(i int) string {
		if i < len(w) {
			return w[i]
		}
		return ""
	}
	h, c := HandsetID(arg(1)), CallID(arg(1))
	switch w[0] {
	case "plug": // plug desk [headset] [lifted]
		line := Line{Silent: strings.Contains(text, " silent")}
		for _, word := range w {
			if a, ok := strings.CutPrefix(word, "account="); ok {
				line.Account = a
			}
			if s, ok := strings.CutPrefix(word, "seat="); ok {
				line.Seat = s
			}
		}
		return HandsetPlugged{Handset: h, Cradled: !strings.Contains(text, " headset"), Lifted: strings.HasSuffix(text, " lifted"), Line: line}
	case "unplug":
		return HandsetUnplugged{h}
	case "lift":
		return Lifted{h}
	case "down":
		return PutDown{h}
	case "key":
		return KeyPressed{h, arg(2)[0]}
	case "flash":
		return FlashPressed{h}
	case "redial":
		return RedialPressed{h}
	case "clear":
		return ClearPressed{h}
	case "mute":
		return MutePressed{h}
	case "mute-switch":
		return MuteSet{h, arg(2) == "on"}
	case "reject":
		return RejectPressed{h}
	case "hold":
		return HoldPressed{h}
	case "transfer":
		return TransferPressed{h}
	case "conference":
		return ConferencePressed{h}
	case "drop":
		return DropPressed{h}
	case "send":
		return SendPressed{h}
	case "timer": // timer desk first-digit [late]
		for i, name := range timerNames {
			if name == arg(2) {
				if arg(3) == "late" {
					return TimerFired{h, Timer(i), s.seq + 1}
				}
				o := s.handset(h)
				if o == nil || o.timers[i] == 0 {
					t.Fatalf("%s: it does not run", text)
				}
				return TimerFired{h, Timer(i), o.timers[i]}
			}
		}
	case "incoming": // incoming in-1 [Bob] [account=a]
		account, name := "", arg(2)
		if a, ok := strings.CutPrefix(w[len(w)-1], "account="); ok {
			account = a
			if len(w) == 3 {
				name = ""
			}
		}
		return IncomingCall{c, account, "sip:bob@example.org", name}
	case "proceeding":
		return CallProceeding{c}
	case "alerting":
		return CallAlerting{c}
	case "early-media":
		return CallEarlyMedia{c}
	case "answered":
		return CallAnswered{c}
	case "ended": // ended in-1 [CODE] [remote] [elsewhere]
		code, _ := strconv.Atoi(arg(2))
		return CallEnded{Call: c, Code: code, Remote: strings.Contains(text, " remote"), Elsewhere: strings.Contains(text, " elsewhere")}
	case "remote-hold":
		return CallHeldByRemote{c, true}
	case "remote-resume":
		return CallHeldByRemote{c, false}
	case "resume-refused":
		return ResumeRefused{c}
	case "transfer-failed":
		return TransferFailed{c, ""}
	case "messages":
		return MessagesWaiting{arg(1) == "on"}
	case "cmd":
		return parseCommand(t, text, w[1:])
	}
	t.Fatalf("no such event: %s", text)
	return nil
}

// parseCommand: cmd dial 100 [on=desk] [as=x], cmd answer [in-1] [on=desk], …
func parseCommand(t *testing.T, text string, w []string) Event {
	t.Helper()
	var plain []string
	named := map[string]string{}
	for _, word := range w[1:] {
		if k, v, ok := strings.Cut(word, "="); ok {
			named[k] = v
		} else {
			plain = append(plain, word)
		}
	}
	plain = append(plain, "")
	h, c := HandsetID(named["on"]), CallID(plain[0])
	switch w[0] {
	case "dial":
		return CmdDial{h, named["account"], plain[0], CallID(named["as"])}
	case "answer":
		return CmdAnswer{c, h}
	case "decline":
		return CmdDecline{c}
	case "hang-up":
		return CmdHangUp{c}
	case "hold":
		return CmdHold{c}
	case "resume":
		return CmdResume{c, h}
	case "swap":
		return CmdSwap{}
	case "conference":
		return CmdConference{}
	case "mute":
		return CmdMute{plain[0] == "on"}
	case "dtmf":
		return CmdDTMF{CallID(named["call"]), plain[0]}
	case "dnd":
		return CmdDND{plain[0] == "on"}
	case "transfer":
		return CmdTransfer{CallID(named["call"]), plain[0]}
	case "clear-missed":
		return CmdClearMissed{}
	}
	t.Fatalf("no such command: %s", text)
	return nil
}

func renderActions(acts []Action, timers bool) string {
	var out []string
	add := func(timer bool, f string, args ...any) {
		if timer == timers {
			out = append(out, strings.TrimSpace(fmt.Sprintf(f, args...)))
		}
	}
	for _, a := range acts {
		switch a := a.(type) {
		case PlaceCall:
			add(false, "place %s %s %s %s", a.Call, a.Handset, a.Target, a.Account)
		case SendRinging:
			add(false, "ringing %s", a.Call)
		case AnswerCall:
			add(false, "answer %s %s", a.Call, a.Handset)
		case RejectCall:
			add(false, "reject %s %d", a.Call, a.Code)
		case EndCall:
			add(false, "end %s", a.Call)
		case HoldCall:
			add(false, "hold %s", a.Call)
		case ResumeCall:
			add(false, "resume %s", a.Call)
		case SendDTMF:
			add(false, "dtmf %s %c", a.Call, a.Key)
		case TransferCall:
			add(false, "transfer %s %s", a.Call, a.Target)
		case CompleteTransfer:
			add(false, "join %s %s", a.Call, a.To)
		case Refuse:
			add(false, "refuse %s: %s", a.Event, a.Reason)
		case NotCalled:
			add(false, "not-called %s: %s", a.Target, a.Reason)
		case Missed:
			add(false, "missed %s", a.Call)
		case KeyClick:
			add(false, "click %s %c", a.Handset, a.Key)
		case StartTimer:
			add(true, "start %s %s", a.Timer, short(a.After))
		case StopTimer:
			add(true, "stop %s", a.Timer)
		}
	}
	return strings.Join(out, "; ")
}

func short(d time.Duration) string {
	if d%time.Second == 0 {
		return fmt.Sprintf("%ds", d/time.Second)
	}
	return d.String()
}

func renderHandset(s State, h Handset, bars int) string {
	a, in := Audio(s, h.ID), Indicators(s, h.ID)
	phase := h.Phase.String()
	if h.Foreground != "" {
		phase += " " + string(h.Foreground)
	}
	var sound, lights []string
	for _, p := range []struct {
		on   bool
		name string
	}{
		{a.Play, "speech"}, {a.Capture && !a.Muted, "mic"}, {a.Capture && a.Muted, "muted"}, {a.Tone != ToneNone, a.Tone.String()},
	} {
		if p.on {
			sound = append(sound, p.name)
		}
	}
	for i, id := range a.Joined {
		if i == 0 && id != "" {
			sound = append(sound, "with")
		}
		sound = append(sound, string(id))
	}
	for _, p := range []struct {
		on   bool
		name string
	}{
		{in.OffHook, "off-hook"}, {in.Ring, "ring"}, {in.Mute, "mute"}, {in.Hold, "hold"}, {in.MessageWaiting, "message"}, {in.OnLine, "online"},
	} {
		if p.on {
			lights = append(lights, p.name)
		}
	}
	parts := []string{phase, strings.Join(sound, " "), strings.Join(lights, " "), in.Line1 + " / " + in.Line2}
	return strings.Join(strings.Fields(strings.Join(parts[:min(bars+1, len(parts))], " | ")), " ")
}

func renderCall(s State, id CallID) string {
	c, ok := s.Call(id)
	if !ok {
		return "gone"
	}
	out := []string{c.Phase.String()}
	for _, p := range []struct {
		on   bool
		name string
	}{
		{c.Held, "held"}, {c.Recall, "recall"}, {c.RemoteHeld, "remote-held"}, {c.Waiting, "waiting"},
		{c.Consults != "", "consults=" + string(c.Consults)}, {c.Handset != "", "@" + string(c.Handset)},
	} {
		if p.on {
			out = append(out, p.name)
		}
	}
	return strings.Join(out, " ")
}
