package main

import (
	"encoding/json"
	"fmt"

	"offhook/devices"
	"offhook/hid"
	"offhook/phone/control"
)

// unusable are the phones among what is plugged in that may not be opened, and why: a rule that is missing is named.
func (s system) unusable(infos []hid.Info) []permittedPhone {
	var list []permittedPhone
	report := s.check(infos)
	for _, phone := range report.Phones {
		if phone.Access {
			continue
		}
		if report.Remedy != "" && phone.Remedy == report.Remedy {
			phone.Problem = report.Problem
		}
		list = append(list, phone)
	}
	return list
}

// writeUnusable says of each what to do, one way to mend several once.
func (a *app) writeUnusable(phones []permittedPhone) {
	for i, phone := range phones {
		fmt.Fprintf(a.out, "%s %s at %s may not be opened: %s\n", phone.ID, orDash(clean(phone.Name)), phone.Node, clean(phone.Problem))
		if phone.Remedy != "" && (i == len(phones)-1 || phones[i+1].Remedy != phone.Remedy) {
			fmt.Fprintf(a.out, "  run: %s\n", phone.Remedy)
		}
	}
}

// failure is what a list in JSON says of a phone that may not be opened.
func (p permittedPhone) failure() string {
	if p.Remedy == "" {
		return p.Problem
	}
	return p.Problem + "; run: " + p.Remedy
}

// beside adds the phones that a running offhook could not open to its own, as JSON.
func beside(running json.RawMessage, phones []permittedPhone) (json.RawMessage, error) {
	if len(phones) == 0 {
		return running, nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(running, &list); err != nil {
		return nil, fmt.Errorf("the phone's answer makes no sense (another version?): %w", err)
	}
	for _, p := range phones {
		raw, err := json.Marshal(control.Handset{
			ID: p.ID, Name: p.Name, Kind: p.Kind, Path: devices.Port(p.info), State: control.HandsetUnplugged, Error: p.failure(),
		})
		if err != nil {
			return nil, err
		}
		list = append(list, raw)
	}
	return json.Marshal(list)
}
