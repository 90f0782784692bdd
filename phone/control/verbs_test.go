package control

import "testing"

func TestCommandsAreCheckedAsSuch(t *testing.T) {
	tests := []struct {
		verb string
		args map[string]string
		want string // empty: fine
	}{
		{"dial", map[string]string{"target": "600"}, ""},
		{"dial", nil, `dial needs the argument "target"`},
		{"dial", map[string]string{"target": "600", "when": "now"}, `dial does not know the argument "when"; it knows: target, account, handset`},
		{"swap", map[string]string{"x": ""}, `swap does not know the argument "x"; it knows: none`},
		{"mute", map[string]string{"on": "true"}, ""},
		{"mute", map[string]string{"on": "on"}, `mute: on must be "true" or "false"`},
		{"dtmf", map[string]string{"keys": "12*#aD"}, ""},
		{"dtmf", map[string]string{"keys": "12x"}, `"12x" are not keys of a telephone: 0-9 * # A-D`},
		{"handset", map[string]string{"action": "press"}, `no keys to press: give some of 0-9 * # A-D`},
		{"handset", map[string]string{"action": "lift"}, ""},
		{"handset", map[string]string{"action": "press", "keys": string(make([]byte, 129))}, `128 keys are the most at once`},
		{"a verb of tomorrow", map[string]string{"x": "y"}, ""},
		{"", nil, `the command has no "verb"`},
	}
	for _, test := range tests {
		got := ""
		if err := (Command{Verb: test.verb, Args: test.args}).Check(); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s %v: %q, want %q", test.verb, test.args, got, test.want)
		}
	}
}
