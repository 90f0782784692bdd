package config

import (
	"strings"
	"testing"
)

const twoExtensions = `
[[account]]
name = "alice"
uri  = "sip:alice@example.org"
[[account]]
name = "bob"
uri  = "sip:bob@example.org"
[[handset]]
match   = "6993:b02b"
account = "alice"
seat    = "reception"
[[handset]]
match = "Jabra"
account = "bob"
ring  = false
sound = "hw:2,0"
fallback = " 6993:b02b"
`

func TestHandsetsAreRead(t *testing.T) {
	c, _, err := Parse("c.toml", []byte(twoExtensions))
	if err != nil {
		t.Fatal(err)
	}
	want := []Handset{
		{Match: "6993:b02b", Account: "alice", Seat: "reception", Ring: true},
		{Match: "Jabra", Account: "bob", Sound: "hw:2,0", Fallback: "6993:b02b"},
	}
	if len(c.Handsets) != 2 || c.Handsets[0] != want[0] || c.Handsets[1] != want[1] {
		t.Errorf("%+v", c.Handsets)
	}
}

func TestAHandsetThatIsWrongSaysWhere(t *testing.T) {
	for text, want := range map[string]string{
		"[handset]\nmatch = \"x\"":                                             "c.toml:1: handsets are a list: write [[handset]]",
		"[[handset]]\nring = true":                                             "c.toml:1: this handset has no match",
		"[[handset]]\nmatch = \"x\"\n[[handset]]\nmatch = \"X\"":               "c.toml:4: the handset X is on line 1 already",
		"[[handset]]\nmatch = \"x\"\naccount = \"a\"":                          "c.toml:3: account = \"a\": there is no [[account]]",
		"[[handset]]\nmatch = \"x\"\nrings = true":                             `c.toml:3: unknown key "rings"`,
		strings.ReplaceAll(twoExtensions, `"alice"`+"\nseat", `"al"`+"\nseat"): `no account is called "al"; there are: alice, bob`,
		strings.Repeat("[[handset]]\n", 33):                                    "c.toml: there are 33 [[handset]] tables; 32 is the most",
	} {
		if _, _, err := Parse("c.toml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
