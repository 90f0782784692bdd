package demo

import (
	"context"
	"time"

	"offhook/devices/virtual"
	"offhook/media/tone"
	"offhook/phone"
	"offhook/phone/control"
)

// A scene is a part of the demonstration: what is done, by hand at the emulated handset, and what must come of it.
type scene struct {
	title string
	play  func(context.Context, *stage) error
}

var scenes = []scene{
	{"Lift, dial 600#, talk to the echo, press 5, put down", echo},
	{"Extension 101 calls: ring, lift, talk, mute, put down", incoming},
	{"Extension 101 calls again: the reject key", reject},
}

const (
	talk  = 3500 * time.Millisecond // long enough for a judgement, short enough to watch
	takes = 5                       // of it, at most
	beat  = 700 * time.Millisecond

	// A second of ringback, four of pause, and the beginning of the next (ITU-T E.180): what tells it from other tones.
	ringbackCycle = 5300 * time.Millisecond
)

func echo(ctx context.Context, s *stage) error {
	lifted := s.hand("lift")
	if err := s.me.device.Lift(); err != nil {
		return err
	}
	at, err := s.me.sound.awaitSound(ctx, lifted, -50)
	s.within("lift to the first sound of the dial tone", lifted, at, err == nil, liftToTone)
	s.shows(ctx, "off-hook", func(v virtual.State) bool { return v.Lights["off-hook"] })
	s.rest(ctx, beat)
	s.heard(s.me.sound, tone.Dial, at, time.Now(), 0.9)

	dialled, err := s.press(ctx, phone.EchoExtension+"#")
	if err != nil {
		return err
	}
	up, err := s.me.call(ctx, dialled, control.CallActive)
	if err != nil {
		return err
	}
	_, sent := s.sip(ctx, dialled, "-> INVITE sip:"+phone.EchoExtension+"@")
	s.claim(sent, "the keys became INVITE sip:%s", phone.EchoExtension)
	s.shows(ctx, "on-line", func(v virtual.State) bool { return v.Lights["off-hook"] })
	s.rest(ctx, talk)
	s.speech(ctx, "our speech comes back from the echo", s.me, s.me, up.Time.Add(beat))

	pressed, err := s.press(ctx, "5")
	if err != nil {
		return err
	}
	_, err = s.me.await(ctx, "the digit from the echo", pressed, func(e control.Event) bool {
		return e.Type == control.EventDTMF && e.Key == "5"
	})
	s.claim(err == nil, "the key went out as a telephone-event and came back as the digit 5")

	return s.putDown(ctx)
}

func incoming(ctx context.Context, s *stage) error {
	begin := s.hand("extension 101 dials " + phone.LocalExtension)
	if _, err := s.caller.phone.Do(ctx, control.Command{Verb: control.VerbDial, Args: map[string]string{"target": phone.LocalExtension}}); err != nil {
		return err
	}
	s.shows(ctx, "ring", func(v virtual.State) bool { return v.Lights["ring"] && v.Ringing })
	invite, ok1 := s.sip(ctx, begin, "<- INVITE")
	ring, ok2 := s.report(begin, func(v virtual.Report) bool { return v.Out })
	s.within("INVITE to the ring report at the handset", invite, ring, ok1 && ok2, inviteToRing)
	alerting, err := s.caller.call(ctx, begin, control.CallAlerting)
	if err != nil {
		return err
	}
	s.rest(ctx, ringbackCycle)
	s.heard(s.caller.sound, tone.Ringback, alerting.Time, time.Now(), 0.9)

	lifted := s.hand("lift")
	if err := s.me.device.Lift(); err != nil {
		return err
	}
	up, err := s.me.call(ctx, lifted, control.CallActive)
	if err != nil {
		return err
	}
	answer, ok := s.sip(ctx, lifted, "-> SIP/2.0 200")
	s.within("hook to 200 OK", lifted, answer, ok, hookToAnswer)
	s.shows(ctx, "no ring", func(v virtual.State) bool { return !v.Lights["ring"] && !v.Ringing && v.Lights["off-hook"] })
	s.rest(ctx, talk)
	s.speech(ctx, "the caller's speech at our earpiece", s.caller, s.me, up.Time.Add(beat))
	s.speech(ctx, "our speech at the caller's ear", s.me, s.caller, up.Time.Add(beat))

	s.hand("press mute")
	if err := s.me.device.PressMute(); err != nil {
		return err
	}
	s.shows(ctx, "mute", func(v virtual.State) bool { return v.Lights["mute"] })
	s.rest(ctx, beat)
	muted := time.Now()
	s.rest(ctx, 2*beat)
	s.silent(s.caller.sound, "we are muted, the caller", codedOff, muted, time.Now())
	s.hand("press mute again")
	if err := s.me.device.PressMute(); err != nil {
		return err
	}
	s.shows(ctx, "no mute", func(v virtual.State) bool { return !v.Lights["mute"] })
	return s.putDown(ctx)
}

func reject(ctx context.Context, s *stage) error {
	begin := s.hand("extension 101 dials " + phone.LocalExtension)
	if _, err := s.caller.phone.Do(ctx, control.Command{Verb: control.VerbDial, Args: map[string]string{"target": phone.LocalExtension}}); err != nil {
		return err
	}
	s.shows(ctx, "ring", func(v virtual.State) bool { return v.Ringing })
	pressed := s.hand("press the reject key")
	if err := s.me.device.PressReject(); err != nil {
		return err
	}
	_, err := s.caller.call(ctx, begin, control.CallEnded)
	_, busy := s.sip(ctx, pressed, "-> SIP/2.0 486")
	s.claim(err == nil && busy, "the reject key refused the call with 486")
	s.shows(ctx, "nothing", func(v virtual.State) bool { return dark(v) })
	return nil
}

// speech claims that what is said into from's microphone comes out of to's earpiece since a moment. Where a machine that
// stands still hides it, they talk on for it to be judged again.
func (s *stage) speech(ctx context.Context, what string, from, to *party, since time.Time) {
	for take := 1; !s.same(what, from.sound, to.sound, since, time.Now(), mouthToEar, take < takes); take++ {
		since = time.Now()
		s.rest(ctx, talk)
	}
}

// putDown ends the call at the handset, and checks what must follow whenever a handset is put down.
func (s *stage) putDown(ctx context.Context) error {
	down := s.hand("put down")
	if err := s.me.device.HangUp(); err != nil {
		return err
	}
	if _, err := s.me.call(ctx, down, control.CallEnded); err != nil {
		return err
	}
	_, bye := s.sip(ctx, down, "-> BYE")
	s.claim(bye, "putting down sent BYE")
	s.shows(ctx, "nothing", func(v virtual.State) bool { return dark(v) })
	s.rest(ctx, beat)
	s.silent(s.me.sound, "on-hook", nothing, down.Add(100*time.Millisecond), time.Now())
	return nil
}

// dark says that no light is lit and nothing rings.
func dark(v virtual.State) bool { return len(v.Lit()) == 0 && !v.Ringing }
