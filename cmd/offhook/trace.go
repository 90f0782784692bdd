package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"offhook/phone/control"
	"offhook/phone/trace"
)

type traceCmd struct {
	Call string `arg:"" optional:"" help:"ID of the call, which may be over. Default: all, and what belongs to no call."`
	Full bool   `help:"Print the messages whole."`
	Pcap string `help:"Write a capture file for Wireshark instead." placeholder:"FILE"`
}

func (c *traceCmd) Run(a *app) error {
	client, err := a.client()
	if err != nil {
		return err
	}
	defer client.Close()
	args := map[string]string{}
	if c.Call != "" {
		args["call"] = c.Call
	}
	result, err := client.Do(a.ctx, control.Command{Verb: control.VerbTrace, Args: args})
	if err != nil {
		return err
	}
	var messages []control.SIPMessage
	if err := json.Unmarshal(result.Data, &messages); err != nil {
		return fmt.Errorf("read the answer of the phone: %w", err)
	}
	switch {
	case c.Pcap != "":
		return writeCapture(c.Pcap, messages)
	case a.json:
		return a.writeJSON(a.out, messages)
	}
	for i := range messages { // callers choose what is in them
		messages[i].Call, messages[i].CallID = word(messages[i].Call), word(messages[i].CallID)
	}
	return trace.Ladder(a.out, messages, time.Local, c.Full)
}

// writeCapture writes a file that only its owner may read: it says who called whom.
func writeCapture(path string, messages []control.SIPMessage) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	if err := trace.Pcap(f, messages); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	return nil
}
