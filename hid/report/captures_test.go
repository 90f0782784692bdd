package report

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// captures is a folder beside the repository with report descriptors of real
// devices and, for each, what another parser made of it. It is not part of a
// clone: testdata has descriptors of our own for every rule that these need.
const captures = "../../../shared/data/hid-descriptors"

func TestCapturedDescriptorsParseAsAnotherParserHasIt(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(captures, "*.hex"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("no captured descriptors beside this repository; own ones are tested in TestOwnDescriptors")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".hex"), func(t *testing.T) {
			d := parseFile(t, file)
			text, err := os.ReadFile(strings.TrimSuffix(file, ".hex") + ".expect.txt")
			if err != nil {
				t.Fatal(err)
			}
			want := readExpectation(t, string(text))
			compareLines(t, "collections", collectionLines(d), want.collections)
			compareLines(t, "reports", reportLines(d), want.reports)
			compareLines(t, "rows", rowLines(d), want.rows)
		})
	}
}

func parseFile(t *testing.T, file string) *Descriptor {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := ReadDescriptor(text)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// expectation is an .expect.txt file, in the notation of the functions below.
type expectation struct{ collections, reports, rows []string }

var (
	collectionLine = regexp.MustCompile(`^ *C(\d+) parent=(-|C\d+) (\w+) ([0-9A-F]+:[0-9A-F]+)`)
	reportLine     = regexp.MustCompile(`^(in|out|feat) id=0x([0-9A-F]+) bits=(\d+) bytes=(\d+)`)
	fieldLine      = regexp.MustCompile(`^(in|out|feat) id=0x([0-9A-F]+) bit=(\d+) size=(\d+) count=(\d+) flags=0x([0-9A-F]+) \S+ log=(-?\d+)\.\.(-?\d+) C(\d+)(.*)$`)
	usageLine      = regexp.MustCompile(`^    (?:in|out|feat) id=0x[0-9A-F]+ bit=(\d+) size=\d+ (.*)$`)
	anyUsage       = regexp.MustCompile(`\b([0-9A-F]{2,4}):([0-9A-F]{2,4})\b`)
)

var expectKinds = map[string]Kind{"in": Input, "out": Output, "feat": Feature}

func readExpectation(t *testing.T, text string) expectation {
	t.Helper()
	var e expectation
	_, text, ok := strings.Cut(text, "\nPARSED\n")
	if !ok {
		t.Fatal("the expectation has no PARSED section")
	}
	var row Field // the item at hand: rows follow it
	var section string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "[") {
			section = line[:strings.Index(line, "]")+1]
			continue
		}
		if line == "" || strings.HasPrefix(line, "length ") {
			continue
		}
		switch section {
		case "[collections]":
			m := match(t, collectionLine, line)
			parent := -1
			if m[2] != "-" {
				parent = number(t, m[2][1:], 10)
			}
			e.collections = append(e.collections, fmt.Sprintf("%s %d %s %s", m[1], parent, strings.ToLower(m[3]), plain(usagesIn(m[4]))))
		case "[reports]":
			m := match(t, reportLine, line)
			e.reports = append(e.reports, fmt.Sprintf("%v %d: %s bytes", expectKinds[m[1]], number(t, m[2], 16), m[4]))
		case "[fields]":
			if m := usageLine.FindStringSubmatch(line); m != nil {
				row.Bit = number(t, m[1], 10)
				row.Usages = usagesIn(m[2])
				e.rows = append(e.rows, rowLine(&row))
				continue
			}
			m := match(t, fieldLine, line)
			row = Field{
				Kind: expectKinds[m[1]], ReportID: uint8(number(t, m[2], 16)),
				Bit: number(t, m[3], 10), Size: number(t, m[4], 10), Flags: Flags(number(t, m[6], 16)),
				LogicalMin: int32(number(t, m[7], 10)), LogicalMax: int32(number(t, m[8], 10)),
				Collection: number(t, m[9], 10),
			}
			rest, count := m[10], number(t, m[5], 10)
			switch {
			case strings.HasPrefix(rest, " array, "):
				_, list, _ := strings.Cut(rest, "-> ")
				row.Usages = usagesIn(list)
				if strings.Contains(list, ") .. ") { // from .. to
					first, last := row.Usages[0], row.Usages[len(row.Usages)-1]
					row.Usages = nil
					for u := first; u <= last; u++ {
						row.Usages = append(row.Usages, u)
					}
				}
			case strings.HasPrefix(rest, " all: "):
				row.Usages = usagesIn(rest)
			case rest == " (no usage: padding)", rest == "":
				continue
			default:
				t.Fatalf("what is %q?", rest)
			}
			for range count {
				e.rows = append(e.rows, rowLine(&row))
				row.Bit += row.Size
			}
		}
	}
	if len(e.collections) == 0 || len(e.reports) == 0 || len(e.rows) == 0 {
		t.Fatalf("the expectation has %d collections, %d reports, %d rows", len(e.collections), len(e.reports), len(e.rows))
	}
	return e
}

func match(t *testing.T, re *regexp.Regexp, line string) []string {
	t.Helper()
	m := re.FindStringSubmatch(line)
	if m == nil {
		t.Fatalf("cannot read the expectation %q", line)
	}
	return m
}

func number(t *testing.T, s string, base int) int {
	t.Helper()
	n, err := strconv.ParseInt(s, base, 64)
	if err != nil {
		t.Fatal(err)
	}
	return int(n)
}

func usagesIn(s string) []Usage {
	var out []Usage
	for _, m := range anyUsage.FindAllStringSubmatch(s, -1) {
		page, _ := strconv.ParseUint(m[1], 16, 16)
		id, _ := strconv.ParseUint(m[2], 16, 16)
		out = append(out, U(uint16(page), uint16(id)))
	}
	return out
}
