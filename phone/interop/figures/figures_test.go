package figures

import (
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"offhook/media/measure"
)

func example() Figure {
	return Figure{
		Name: "estoi", Title: "ESTOI, 1 is best <&>", Of: "loss, jitter", Decimals: 3, Rows: []string{"0 % j0", "5 % burst3 j0", "10 % random j80"},
		Columns: []Column{
			{"offhook", []measure.Interval{{Mean: 0.99, Half: 0.002, N: 20}, {Mean: 0.95, Half: 0.01, N: 20}, {Mean: 0.9, Half: 0.03, N: 20}}},
			{"other", []measure.Interval{{Mean: 0.98, Half: math.NaN(), N: 1}, measure.IntervalOf(nil)}},
		},
	}
}

func TestTable(t *testing.T) {
	var b strings.Builder
	if err := example().Table(&b); err != nil {
		t.Fatal(err)
	}
	const want = `
ESTOI, 1 is best <&>
loss, jitter     offhook       other
0 % j0           0.990 ±0.002  0.980
5 % burst3 j0    0.950 ±0.010  –
10 % random j80  0.900 ±0.030  –
`
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}

func TestFilesCanBeReadByOthers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	if err := example().Save(dir); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "estoi.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) != 7 || !slices.Equal(rows[1], []string{"0 % j0", "offhook", "0.99", "0.002", "20"}) || !slices.Equal(rows[6], []string{"10 % random j80", "other", "", "", "0"}) {
		t.Errorf("%v %q", err, rows)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "estoi.svg"))
	if err != nil {
		t.Fatal(err)
	}
	marks := 0
	d := xml.NewDecoder(strings.NewReader(string(raw)))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, raw)
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "circle" {
			marks++
		}
	}
	if marks != 4+2 { // and one of each column beside its name
		t.Errorf("%d marks", marks)
	}
	if strings.Contains(string(raw), "NaN") {
		t.Error("what there is not was drawn")
	}
}

func TestNothingToShowIsNoFault(t *testing.T) {
	for _, f := range []Figure{{}, {Rows: []string{"a"}, Columns: []Column{{Name: "x"}}}, {Rows: []string{"a"}, Columns: []Column{{"x", []measure.Interval{{Mean: 5, Half: math.NaN(), N: 1}}}}}} {
		if err := errors.Join(f.Table(io.Discard), f.CSV(io.Discard), f.SVG(io.Discard)); err != nil {
			t.Error(err)
		}
	}
}

func TestScaleIsRoundAndHoldsAll(t *testing.T) {
	for _, r := range [][2]float64{{0, 1}, {0.85, 0.993}, {3, 310}, {-0.02, 0.01}, {1e-6, 3e-6}, {99, 101}} {
		s := scale(r[0], r[1])
		if len(s) < 4 || len(s) > 12 || s[0] > r[0]+1e-12 || s[len(s)-1] < r[1]-1e-9 {
			t.Errorf("%v: %v", r, s)
		}
	}
}
