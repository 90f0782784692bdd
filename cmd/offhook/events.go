package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"offhook/phone/control"
)

type eventsCmd struct{}

// Run prints until interrupted or until the phone ends. Each line is one write, so that a pipe has it at once.
func (c *eventsCmd) Run(a *app) error {
	client, err := a.client()
	if err != nil {
		return err
	}
	defer client.Close()
	stream, err := client.Events(a.ctx)
	if err != nil {
		return err
	}
	defer stream.Close()
	for {
		e, err := stream.Next()
		switch {
		case errors.Is(err, io.EOF), a.ctx.Err() != nil: // both are what was asked for
			return nil
		case err != nil:
			return err
		}
		var line []byte
		if a.json {
			if line, err = json.Marshal(e); err != nil {
				return fmt.Errorf("encode: %w", err)
			}
		} else {
			line = []byte(e.Time.Local().Format("15:04:05.000") + "  " + word(eventText(e)))
		}
		if _, err := a.out.Write(append(line, '\n')); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	}
}

// eventText is an event in words, without its time.
func eventText(e control.Event) string {
	switch e.Type {
	case control.EventAccount:
		return "account " + e.Account + " " + e.State + because(e)
	case control.EventCall:
		text := "call " + e.Call + " " + e.State
		if e.Peer != "" || e.PeerName != "" {
			text += " " + direction(e.Direction) + " " + person(e.PeerName, e.Peer)
		}
		if e.Diverted != "" {
			text += ", forwarded by " + e.Diverted
		}
		return text + on(e) + because(e)
	case control.EventHandset:
		return "handset " + e.Handset + " " + e.State + because(e)
	case control.EventKey:
		key := e.Key
		if key == "" {
			key = e.Control
		}
		return "handset " + e.Handset + " key " + key
	case control.EventMute:
		return "microphone " + map[bool]string{true: "muted", false: "unmuted"}[e.On != nil && *e.On] + on(e)
	case control.EventDND:
		return "do not disturb " + onOff(e.On != nil && *e.On)
	case control.EventDTMF:
		return "call " + e.Call + " received key " + e.Key
	case control.EventMissed:
		return "missed call from " + person(e.PeerName, e.Peer)
	case control.EventTransfer:
		to := ""
		if e.Peer != "" {
			to = " to " + e.Peer
		}
		return "transfer of call " + e.Call + to + " " + e.State + because(e)
	case control.EventError:
		return "error: " + e.Reason
	case control.EventDropped:
		return "no more events: " + e.Reason
	case control.EventStatus:
		return "status changed" + because(e)
	}
	return e.Type + " " + e.State + because(e)
}

func on(e control.Event) string {
	if e.Handset == "" {
		return ""
	}
	return " on " + e.Handset
}

// because is why, with the SIP status when there is one.
func because(e control.Event) string {
	switch {
	case e.Code != 0 && e.Reason != "":
		return ": " + strconv.Itoa(e.Code) + " " + e.Reason
	case e.Code != 0:
		return ": " + strconv.Itoa(e.Code)
	case e.Reason != "":
		return ": " + e.Reason
	}
	return ""
}
