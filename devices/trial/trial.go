// Package trial tries a device with the help of a person: each control is asked
// for and must make its event, each light is lit and must be seen.
package trial

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"offhook/devices"
)

// Result is what came of one control or light.
type Result struct {
	What string `json:"what"` // "hook", "key 5", "light ring"
	OK   bool   `json:"ok"`
	Note string `json:"note,omitempty"` // what came instead
}

// step is one thing to be done.
type step struct {
	what, text string
	want       []devices.EventKind
	key        byte
	show       devices.Indicators // while it is done
	look       bool               // the answer is yes or no
}

// keyWords are the controls that are one press.
var keyWords = map[string]struct {
	text string
	want []devices.EventKind
}{
	"mute":       {"Press the mute key", []devices.EventKind{devices.MutePress, devices.MuteOn, devices.MuteOff}},
	"flash":      {"Press the flash key", []devices.EventKind{devices.Flash}},
	"redial":     {"Press the redial key", []devices.EventKind{devices.Redial}},
	"hold":       {"Press the hold key", []devices.EventKind{devices.HoldPress}},
	"transfer":   {"Press the transfer key", []devices.EventKind{devices.TransferPress}},
	"drop":       {"Press the key that ends a call", []devices.EventKind{devices.DropPress}},
	"send":       {"Press the send key", []devices.EventKind{devices.SendPress}},
	"speaker":    {"Press the speaker key", []devices.EventKind{devices.SpeakerPress}},
	"conference": {"Press the conference key", []devices.EventKind{devices.ConferencePress}},
	"line":       {"Press the line key", []devices.EventKind{devices.LinePress}},
	"voicemail":  {"Press the voice mail key", []devices.EventKind{devices.VoiceMailPress}},
	"dnd":        {"Press the do-not-disturb key", []devices.EventKind{devices.DNDPress}},
	"speed-dial": {"Press a speed-dial key", []devices.EventKind{devices.SpeedDialPress}},
	"reject":     {"Press the key that declines a call", []devices.EventKind{devices.Reject}},
	"clear":      {"Press the key that takes a digit back", []devices.EventKind{devices.ClearPress}},
}

// lightWords are what is shown for a light, and what to look for.
var lightWords = map[string]struct {
	text string
	show devices.Indicators
}{
	"off-hook":        {"Is the light for a call on?", devices.Indicators{OffHook: true}},
	"ring":            {"Does it ring, or does the ring light flash?", devices.Indicators{Ring: true}},
	"ringer":          {"Does it ring?", devices.Indicators{Ring: true}},
	"mute":            {"Is the mute light on?", devices.Indicators{OffHook: true, Mute: true}},
	"hold":            {"Is the hold light on?", devices.Indicators{OffHook: true, Hold: true}},
	"message-waiting": {"Is the message light on?", devices.Indicators{MessageWaiting: true}},
	"speaker":         {"Is the speaker light on?", devices.Indicators{OffHook: true, Speaker: true}},
	"microphone":      {"Is the microphone light on?", devices.Indicators{OffHook: true, Microphone: true}},
	"on-line":         {"Is the light for a connected call on?", devices.Indicators{OffHook: true, OnLine: true}},
	"display":         {"Does the display say \"123 Offhook\"?", devices.Indicators{Line1: "123 Offhook", Line2: "test"}},
}

func steps(d *devices.Device) []step {
	var list []step
	inCall := devices.Indicators{OffHook: true}
	for _, c := range d.Controls() {
		switch c {
		case "hook":
			lift, down := "Press the talk button", "Press the talk button again"
			switch {
			case d.Kind().Cradled():
				lift, down = "Lift the handset", "Put the handset down"
			case d.Kind() == devices.KeyedHandset:
				lift, down = "Press the green key", "Press the red key"
			}
			list = append(list, step{what: "hook", text: lift, want: []devices.EventKind{devices.OffHook}},
				step{what: "hook", text: down, want: []devices.EventKind{devices.OnHook}, show: inCall})
		case "keypad":
			for _, key := range []byte("1234567890*#") {
				list = append(list, step{what: "key " + string(key), text: "Press the key " + string(key),
					want: []devices.EventKind{devices.KeyDown}, key: key})
			}
		case "volume":
			list = append(list, step{what: c, text: "Press the volume key, up", want: []devices.EventKind{devices.VolumeUp}},
				step{what: c, text: "Press the volume key, down", want: []devices.EventKind{devices.VolumeDown}})
		default:
			if k, ok := keyWords[c]; ok {
				s := step{what: c, text: k.text, want: k.want}
				if c == "mute" {
					s.show = inCall // many work in a call only
				}
				list = append(list, s)
			}
		}
	}
	for _, l := range d.Lights() {
		if w, ok := lightWords[l]; ok {
			list = append(list, step{what: "light " + l, text: w.text, show: w.show, look: true})
		}
	}
	return list
}

// ignored are events that follow from what was asked for.
var ignored = []devices.EventKind{devices.KeyUp}

// Run leads a person through all of it. A line of lines answers a question by y or
// n, goes on without a control when it is empty, and ends by q. The device is left
// dark. The results so far come with every error: ctx's, or the device's.
func Run(ctx context.Context, d *devices.Device, lines <-chan string, out io.Writer) ([]Result, error) {
	defer d.Show(devices.Indicators{})
	var results []Result
	list := steps(d)
	for i, s := range list {
		d.Show(s.show)
		question := ""
		if s.look {
			question = " (y or n)"
		}
		fmt.Fprintf(out, "[%d/%d] %s%s\n", i+1, len(list), s.text, question)
		r, end, err := s.run(ctx, d, lines)
		if err != nil {
			return results, err
		}
		if end {
			return results, nil
		}
		word := "ok"
		if !r.OK {
			word = "NOT ok: " + r.Note
		}
		fmt.Fprintf(out, "      %s\n", word)
		results = append(results, r)
	}
	return results, nil
}

// strays is how many other events are put up with before a control has failed.
const strays = 8

func (s step) run(ctx context.Context, d *devices.Device, lines <-chan string) (r Result, end bool, err error) {
	r.What = s.what
	var others []string
	for {
		select {
		case <-ctx.Done():
			return r, true, ctx.Err()
		case e, ok := <-d.Events():
			switch {
			case !ok:
				return r, true, fmt.Errorf("the device has gone: %w", d.Err())
			case s.look || slices.Contains(ignored, e.Kind):
				continue
			case slices.Contains(s.want, e.Kind) && e.Key == s.key || slices.Contains(s.want, e.Kind) && s.key == 0:
				r.OK = true
				return r, false, nil
			}
			if others = append(others, e.Kind.String()); len(others) >= strays {
				r.Note = "only " + strings.Join(others, ", ") + " came"
				return r, false, nil
			}
		case line, open := <-lines:
			line = strings.ToLower(strings.TrimSpace(line))
			switch {
			case !open || line == "q":
				return r, true, nil
			case s.look && line != "y" && line != "n":
				continue
			case s.look:
				r.OK = line == "y"
				if !r.OK {
					r.Note = "it was not seen"
				}
				return r, false, nil
			}
			r.Note = "nothing came"
			if len(others) > 0 {
				r.Note = "only " + strings.Join(others, ", ") + " came"
			}
			return r, false, nil
		}
	}
}
