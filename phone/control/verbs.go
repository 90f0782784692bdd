package control

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// verbArgs lists the arguments each verb knows; those with a "!" must be there and not empty.
var verbArgs = map[string][]string{
	VerbDial:        {"target!", "account", "handset"},
	VerbAnswer:      {"call", "handset"},
	VerbDecline:     {"call"},
	VerbHangUp:      {"call"},
	VerbHold:        {"call"},
	VerbResume:      {"call"},
	VerbSwap:        {},
	VerbConference:  {},
	VerbTransfer:    {"target", "call"},
	VerbMute:        {"on!"},
	VerbDND:         {"on!"},
	VerbDTMF:        {"keys!", "call"},
	VerbRecord:      {"file", "stop", "tone", "call"},
	VerbPlay:        {"file", "stop", "call"},
	VerbHandset:     {"action!", "keys", "handset"},
	VerbDevices:     {},
	VerbTrace:       {"call"},
	VerbAccountTest: {"name!"},
	VerbQuit:        {},
}

// Check finds what is wrong with a command as such, whatever the phone is doing: an argument missing, unknown or out of
// form. A verb that is not listed here is the backend's to judge. The error is an [*Error].
func (c Command) Check() error {
	if c.Verb == "" {
		return &Error{CodeBadRequest, `the command has no "verb"`}
	}
	known, ok := verbArgs[c.Verb]
	if !ok {
		return nil
	}
	var names []string
	for _, arg := range known {
		name, needed := strings.CutSuffix(arg, "!")
		names = append(names, name)
		if needed && c.Args[name] == "" {
			return &Error{CodeBadRequest, fmt.Sprintf("%s needs the argument %q", c.Verb, name)}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Args)) {
		if !slices.Contains(names, name) {
			return &Error{CodeBadRequest, fmt.Sprintf("%s does not know the argument %q; it knows: %s", c.Verb, name, orNone(names))}
		}
	}
	switch c.Verb {
	case VerbMute, VerbDND:
		if on := c.Args["on"]; on != "true" && on != "false" {
			return &Error{CodeBadRequest, fmt.Sprintf(`%s: on must be "true" or "false"`, c.Verb)}
		}
	case VerbRecord, VerbPlay:
		if (c.Args["file"] == "") == (c.Args["stop"] == "") {
			return &Error{CodeBadRequest, c.Verb + `: give either "file" or "stop"`}
		}
		for _, arg := range []string{"stop", "tone"} {
			if v := c.Args[arg]; v != "" && v != "true" {
				return &Error{CodeBadRequest, fmt.Sprintf(`%s: %s can only be "true"`, c.Verb, arg)}
			}
		}
		if f := c.Args["file"]; f != "" && !filepath.IsAbs(f) {
			return &Error{CodeBadRequest, fmt.Sprintf("%s: %q is no absolute path", c.Verb, f)}
		}
	case VerbDTMF:
		return checkKeys(c.Args["keys"])
	case VerbHandset:
		if c.Args["action"] == "press" {
			return checkKeys(c.Args["keys"])
		}
	}
	return nil
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// checkKeys takes the sixteen keys of DTMF (RFC 4733 section 3.2), at most 64 of them.
func checkKeys(keys string) error {
	const most = 128
	switch {
	case keys == "":
		return &Error{CodeBadRequest, "no keys to press: give some of 0-9 * # A-D"}
	case len(keys) > most:
		return &Error{CodeBadRequest, fmt.Sprintf("%d keys are the most at once", most)}
	case strings.Trim(keys, "0123456789*#ABCDabcd") != "":
		return &Error{CodeBadRequest, fmt.Sprintf("%q are not keys of a telephone: 0-9 * # A-D", keys)}
	}
	return nil
}
