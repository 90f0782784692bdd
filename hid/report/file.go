package report

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
)

// ReadDescriptor takes the content of a file with a report descriptor, which
// is either the raw bytes or hex text: bytes of two digits, with or without 0x,
// apart or together, separated by spaces or commas; "#" begins a comment.
// An error names the line that is wrong.
func ReadDescriptor(data []byte) ([]byte, error) {
	raw := data
	if isText(data) {
		var err error
		if raw, err = readHex(string(data)); err != nil {
			return nil, err
		}
	}
	switch {
	case len(raw) == 0:
		return nil, fmt.Errorf("there are no bytes of a report descriptor: expected raw bytes or hex text")
	case len(raw) > maxDescriptor:
		return nil, fmt.Errorf("%d bytes are too many for a report descriptor: at most %d are accepted", len(raw), maxDescriptor)
	}
	return raw, nil
}

// isText tells text from raw bytes: no descriptor does without a Usage Page
// item, whose prefix is a control character that text does not have.
func isText(data []byte) bool {
	return bytes.IndexFunc(data, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\r'
	}) < 0
}

func readHex(text string) ([]byte, error) {
	text = strings.TrimPrefix(text, "\uFEFF")
	var raw []byte
	number := 0
	for line := range strings.Lines(text) {
		number++
		line, _, _ = strings.Cut(line, "#")
		words := strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r <= ' ' })
		for _, word := range words {
			digits := strings.TrimPrefix(strings.TrimPrefix(word, "0x"), "0X")
			b, err := hex.DecodeString(digits)
			if err != nil || digits == "" {
				return nil, fmt.Errorf("line %d: %q is not hexadecimal: write each byte as two digits, and # before a comment", number, shorten(word))
			}
			raw = append(raw, b...)
		}
	}
	return raw, nil
}

// shorten keeps an error readable when the file is something else altogether.
func shorten(word string) string {
	const most = 40
	if r := []rune(word); len(r) > most {
		return string(r[:most]) + "…"
	}
	return word
}
