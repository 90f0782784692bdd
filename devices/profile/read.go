package profile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"offhook/hid/report"
)

// Bounds of a table, so that a file that is none is refused early.
const (
	maxLine     = 512
	maxFacts    = 4096
	maxProfiles = 512
	maxIDs      = 64  // of one profile
	maxReport   = 255 // bytes of an output-length
	maxBit      = 8 * 4096
)

// Read reads a table; see the package comment for its form. Errors name the line
// as "file:line: …".
func Read(file, text string) ([]Profile, error) {
	r := reader{file: file}
	for n, line := range strings.Split(strings.TrimPrefix(text, "\uFEFF"), "\n") {
		if err := r.line(n+1, line); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, n+1, err)
		}
	}
	return r.profiles, nil
}

type reader struct {
	file     string
	source   string
	profiles []Profile
	facts    int
}

func (r *reader) line(n int, line string) error {
	if len(line) > maxLine {
		return fmt.Errorf("a line of %d bytes; at most %d", len(line), maxLine)
	}
	words := strings.Fields(line)
	if len(words) == 0 || strings.HasPrefix(words[0], "#") {
		return nil
	}
	at := Line{File: r.file, Number: n, Source: r.source}
	switch {
	case words[0] == "source":
		if r.source = strings.Join(words[1:], " "); r.source == "" {
			return fmt.Errorf("the source is missing")
		}
		return nil
	case r.source == "":
		return fmt.Errorf("a fact without a source: put a line \"source …\" above it")
	case words[0] == "device":
		return r.device(at, words[1:])
	case len(r.profiles) == 0:
		return fmt.Errorf("a fact of no device: put a line \"device VENDOR:PRODUCT NAME\" above it")
	}
	if r.facts++; r.facts > maxFacts {
		return fmt.Errorf("more than %d facts", maxFacts)
	}
	return r.profiles[len(r.profiles)-1].fact(at, words)
}

func (r *reader) device(at Line, words []string) error {
	p := Profile{Facts: map[string]Fact{}, Line: at}
	for len(words) > 0 && strings.Contains(words[0], ":") {
		id, err := readID(words[0])
		if err != nil {
			return err
		}
		p.IDs = append(p.IDs, id)
		words = words[1:]
	}
	p.Name = strings.Join(words, " ")
	switch {
	case len(p.IDs) == 0 || p.Name == "":
		return fmt.Errorf("want device, VENDOR:PRODUCT and the name of the device")
	case len(p.IDs) > maxIDs:
		return fmt.Errorf("more than %d devices in a line", maxIDs)
	case len(r.profiles) == maxProfiles:
		return fmt.Errorf("more than %d devices", maxProfiles)
	}
	r.profiles = append(r.profiles, p)
	return nil
}

func readID(word string) (ID, error) {
	vendor, product, _ := strings.Cut(word, ":")
	v, okVendor := hex16(vendor)
	p, okProduct := hex16(product)
	if !okVendor || !okProduct && product != "*" {
		return ID{}, fmt.Errorf("%q is no VENDOR:PRODUCT: want four hexadecimal digits each, or * for the product", word)
	}
	return ID{Vendor: v, Product: p, Every: product == "*"}, nil
}

func hex16(s string) (uint16, bool) {
	v, err := strconv.ParseUint(s, 16, 16)
	return uint16(v), err == nil && len(s) == 4
}

// fact takes a line about the device.
func (p *Profile) fact(at Line, words []string) error {
	switch words[0] {
	case "kind":
		if len(words) != 2 || !slices.Contains(Kinds, words[1]) {
			return fmt.Errorf("want kind and one of: %s", strings.Join(Kinds, ", "))
		}
		p.Kind = words[1]
		return nil
	case "light":
		return p.light(at, words[1:])
	case "fact":
		return p.word(at, words[1:])
	case "no":
		return p.not(at, words[1:])
	}
	return p.control(at, words)
}

func (p *Profile) control(at Line, words []string) error {
	in := Input{Control: words[0], Line: at}
	if !slices.Contains(Controls, in.Control) {
		return fmt.Errorf("no fact begins with %q; there are: source, device, kind, light, fact, no, %s", words[0], strings.Join(Controls, ", "))
	}
	words = words[1:]
	if in.Control == "key" {
		if len(words) == 0 || len(words[0]) != 1 || !strings.Contains("0123456789*#ABCD", words[0]) {
			return fmt.Errorf("want key and which: 0-9, *, # or A-D")
		}
		in.Key, words = words[0][0], words[1:]
	}
	if len(words) == 0 || len(words) > 2 {
		return fmt.Errorf("want the control, the usage (0B:20) or the place (@REPORT.BIT.SIZE), and perhaps its form")
	}
	var err error
	if in.At, err = readWhere(words[0]); err != nil {
		return err
	}
	if len(words) == 2 {
		form := slices.Index(formNames[1:None], words[1])
		if form < 0 {
			return fmt.Errorf("no form is called %q; there are: %s", words[1], strings.Join(formNames[1:None], ", "))
		}
		in.Form = Form(form + 1)
	}
	if hookOnly := in.Form == Lift || in.Form == PutDown || in.Form == Falls; hookOnly && in.Control != "hook" {
		return fmt.Errorf("only a hook can be %s", in.Form)
	}
	if err := p.mixes(in.At); err != nil {
		return err
	}
	for _, o := range p.Inputs {
		if o.Control == in.Control && o.Key == in.Key && (o.At == in.At || o.Form == None) {
			return fmt.Errorf("%s %s is in line %d already", in.Control, in.At, o.Line.Number)
		}
	}
	p.Inputs = append(p.Inputs, in)
	return nil
}

func (p *Profile) light(at Line, words []string) error {
	if len(words) != 2 || !slices.Contains(Lights, words[0]) {
		return fmt.Errorf("want light, one of %s, and its usage (08:17) or place (@REPORT.BIT.SIZE)", strings.Join(Lights, ", "))
	}
	out := Output{Light: words[0], Line: at}
	var err error
	if out.At, err = readWhere(words[1]); err != nil {
		return err
	}
	if err := p.mixes(out.At); err != nil {
		return err
	}
	if !out.At.Valued {
		out.At.Value = 1
	}
	for _, o := range p.Outputs {
		if o.Light == out.Light && (o.At == out.At || o.None) {
			return fmt.Errorf("light %s %s is in line %d already", out.Light, out.At, o.Line.Number)
		}
	}
	p.Outputs = append(p.Outputs, out)
	return nil
}

// mixes refuses a place among usages: the two are for drivers that know nothing of
// each other.
func (p *Profile) mixes(at Where) error {
	fail := fmt.Errorf("%s: a device has either usages or places, not both", at)
	for _, in := range p.Inputs {
		if in.Form != None && in.At.Raw != at.Raw {
			return fail
		}
	}
	for _, out := range p.Outputs {
		if !out.None && out.At.Raw != at.Raw {
			return fail
		}
	}
	return nil
}

func (p *Profile) word(at Line, words []string) error {
	if len(words) == 0 {
		return fmt.Errorf("want fact and one of: %s", strings.Join(FactNames(), ", "))
	}
	count, ok := factNumbers[words[0]]
	if !ok {
		return fmt.Errorf("no fact is called %q; there are: %s", words[0], strings.Join(FactNames(), ", "))
	}
	if len(words) != 1+count {
		return fmt.Errorf("%s wants %d numbers", words[0], count)
	}
	f := Fact{Line: at}
	for _, word := range words[1:] {
		n, err := strconv.ParseUint(word, 10, 16)
		if err != nil {
			return fmt.Errorf("%q is no number from 0 to 65535", word)
		}
		f.Numbers = append(f.Numbers, uint32(n))
	}
	if words[0] == "output-length" && (f.Numbers[0] > 255 || f.Numbers[1] < 1 || f.Numbers[1] > maxReport) {
		return fmt.Errorf("want the ID of a report, 0 to 255, and its length, 1 to %d", maxReport)
	}
	o, twice := p.Facts[words[0]]
	if _, same := p.OutputLengths()[uint8(f.first())]; twice && words[0] == "output-length" && !same && !o.Not {
		f.Numbers = append(o.Numbers, f.Numbers...) // a fact for each report
		twice = false
	}
	if twice {
		return fmt.Errorf("%s is in line %d already", words[0], o.Line.Number)
	}
	p.Facts[words[0]] = f
	return nil
}

// not takes "no CONTROL", "no light NAME" and "no fact NAME".
func (p *Profile) not(at Line, words []string) error {
	switch {
	case len(words) == 2 && words[0] == "light" && slices.Contains(Lights, words[1]):
		for _, o := range p.Outputs {
			if o.Light == words[1] {
				return fmt.Errorf("light %s is in line %d already", words[1], o.Line.Number)
			}
		}
		p.Outputs = append(p.Outputs, Output{Light: words[1], None: true, Line: at})
	case len(words) == 2 && words[0] == "fact" && slices.Contains(FactNames(), words[1]):
		if o, twice := p.Facts[words[1]]; twice {
			return fmt.Errorf("%s is in line %d already", words[1], o.Line.Number)
		}
		p.Facts[words[1]] = Fact{Not: true, Line: at}
	case len(words) == 1 && slices.Contains(Controls, words[0]):
		for _, o := range p.Inputs {
			if o.Control == words[0] {
				return fmt.Errorf("%s is in line %d already", words[0], o.Line.Number)
			}
		}
		p.Inputs = append(p.Inputs, Input{Control: words[0], Form: None, Line: at})
	default:
		return fmt.Errorf("want no and a control, no light and a light, or no fact and a fact")
	}
	return nil
}

// readWhere reads "0B:20", "0B:9E=9E" or "@2.8.8=0C".
func readWhere(word string) (Where, error) {
	bad := fmt.Errorf("%q is no place: want a usage (0B:20) or @REPORT.BIT.SIZE, perhaps with =VALUE in hexadecimal", word)
	var w Where
	place, value, valued := strings.Cut(word, "=")
	if valued {
		v, err := strconv.ParseUint(value, 16, 32)
		if err != nil {
			return Where{}, bad
		}
		w.Value, w.Valued = uint32(v), true
	}
	if raw, ok := strings.CutPrefix(place, "@"); ok {
		parts := strings.Split(raw, ".")
		if len(parts) != 3 {
			return Where{}, bad
		}
		var n [3]int
		for i, part := range parts {
			v, err := strconv.ParseUint(part, 10, 16)
			if err != nil {
				return Where{}, bad
			}
			n[i] = int(v)
		}
		w.Raw, w.Report, w.Bit, w.Size = true, uint8(n[0]), n[1], n[2]
		if n[0] > 255 || w.Size < 1 || w.Size > 32 || w.Bit+w.Size > maxBit ||
			w.Size < 32 && w.Value>>w.Size != 0 {
			return Where{}, bad
		}
		return w, nil
	}
	page, id, ok := strings.Cut(place, ":")
	p, perr := strconv.ParseUint(page, 16, 16)
	i, ierr := strconv.ParseUint(id, 16, 16)
	if !ok || perr != nil || ierr != nil {
		return Where{}, bad
	}
	w.Usage = report.U(uint16(p), uint16(i))
	return w, nil
}
