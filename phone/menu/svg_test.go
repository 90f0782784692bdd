package menu

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestIconsAsSVGHaveEveryStrokeTwice(t *testing.T) {
	for _, i := range Icons() {
		strokes := 0
		for _, layer := range drawing(i) {
			strokes += len(layer)
		}
		inks, edges := 0, 0
		d := xml.NewDecoder(bytes.NewReader(i.SVG()))
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", i, err)
			}
			e, ok := token.(xml.StartElement)
			if !ok || e.Name.Local != "path" {
				continue
			}
			for _, a := range e.Attr {
				switch {
				case a.Name.Local == "stroke" && a.Value == "#202020":
					edges++
				case a.Name.Local == "stroke":
					inks++
				}
			}
		}
		if inks != strokes || edges != strokes {
			t.Errorf("%s: %d inks and %d edges of %d strokes", i, inks, edges, strokes)
		}
	}
}

func TestSVGOfATelephoneAtRest(t *testing.T) {
	got := string(Registered.SVG())
	for _, want := range []string{
		`<path d="M9 26L23 26" stroke="#202020" stroke-width="9"/>`,   // 2 × (3.2 + 1.3)
		`<path d="M9 26L23 26" stroke="#f4f4f4" stroke-width="6.4"/>`, // 2 × 3.2
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in\n%s", want, got)
		}
	}
}
