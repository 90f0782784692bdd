package config

import (
	"reflect"
	"testing"
)

func TestLinesOfKeys(t *testing.T) {
	doc := `# a comment with [brackets] and x = 1
top = 1

[sip]  # trailing
listen = [
  "udp:1",   # ] not the end
  '}[',
]
dscp = { audio = 1, signalling = 2 }
after.dot = """
text = "no key"
\""""
"quoted key" = 'it''s'
raw = '''
[no.table]
'''''
last = 1
[[account]]
uri = "a"
[[ account ]]
uri = "b\"]"
[account.sub]
x = 1
`
	got := indexLines(doc)
	want := lineIndex{
		"top": 2, "sip": 4, "sip.listen": 5, "sip.dscp": 9, "sip.after.dot": 10, "sip.quoted key": 13,
		"sip.raw": 14, "sip.last": 17, "account[0]": 18, "account[0].uri": 19, "account[1]": 20, "account[1].uri": 21,
		"account.sub": 22, "account.sub.x": 23,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestAKeyOfAnInlineTableIsOnItsTablesLine(t *testing.T) {
	index := indexLines("\ndscp = { audio = 1 }")
	if line := index.at("dscp.audio"); line != 2 {
		t.Errorf("line %d, want 2", line)
	}
	if line := index.at("nothing.at.all"); line != 0 {
		t.Errorf("line %d, want 0", line)
	}
}

func TestDidYouMean(t *testing.T) {
	known := []string{"codecs", "register", "registrar"}
	for word, want := range map[string]string{
		"codec":     `did you mean "codecs"?`,
		"Registrar": `did you mean "registrar"?`,
		"regsiter":  `did you mean "register"?`,
		"colour":    "known here: codecs, register, registrar",
	} {
		if got := didYouMean(word, known); got != want {
			t.Errorf("%s: %s, want %s", word, got, want)
		}
	}
}
