package report

import (
	"bytes"
	"strings"
	"testing"
)

func TestReadDescriptorTakesRawBytesAndHexText(t *testing.T) {
	want := []byte{0x05, 0x0B, 0x09, 0x05}
	for name, data := range map[string]string{
		"raw":           "\x05\x0b\x09\x05",
		"spaced":        "05 0b 09 05",
		"lines":         "# a phone\n05 0b   # Telephony\r\n\t09 05\n",
		"as C":          "0x05, 0x0B,\n0X09,0x05,",
		"in one piece":  "050b0905",
		"comment UTF-8": "# Hörer\n05 0b 09 05",
		"a mark first":  "\uFEFF05 0b 09 05",
	} {
		got, err := ReadDescriptor([]byte(data))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: % x, %v", name, got, err)
		}
	}
}

func TestReadDescriptorNamesTheLineThatIsWrong(t *testing.T) {
	for _, tt := range []struct{ name, data, says string }{
		{"a word", "05 0b\n# fine\n09 zz", `line 3: "zz" is not hexadecimal`},
		{"one digit", "05 0b 9 05", `line 1: "9" is not hexadecimal`},
		{"only a prefix", "05 0x", `line 1: "0x" is not hexadecimal`},
		{"another file", "\n\n" + strings.Repeat("x", 4000), "line 3: \"xxxx"},
		{"empty", "", "no bytes"},
		{"only comments", "# nothing\n\n#", "no bytes"},
		{"too long a text", strings.Repeat("00 ", 4097), "4097 bytes are too many"},
		{"too long in bytes", strings.Repeat("\x00", 4097), "4097 bytes are too many"},
	} {
		raw, err := ReadDescriptor([]byte(tt.data))
		if err == nil || raw != nil || !strings.Contains(err.Error(), tt.says) || len(err.Error()) > 200 {
			t.Errorf("%s: % x, %v", tt.name, raw, err)
		}
	}
}
