package profile

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestEveryFactOfThisProgramHasASource(t *testing.T) {
	list := BuiltIn()
	if len(list) < 50 {
		t.Fatalf("only %d profiles", len(list))
	}
	for _, p := range list {
		sources := p.Sources()
		if len(sources) == 0 && p.Kind == "" {
			t.Errorf("%s:%d: %s: nothing is known", p.Line.File, p.Line.Number, p.Name)
		}
		for _, s := range sources {
			if len(s) < 20 {
				t.Errorf("%s:%d: the source is %q", p.Line.File, p.Line.Number, s)
			}
		}
	}
}

const mine = "# mine\n\nsource  tried  it\r\ndevice 1395:* 1234:00aF Every one\nhook\t@2.0.1 press\nkey # @2.8.8=0C\n" +
	"no reject\nno light ring\nno fact echoes-mute\nlight off-hook @3.0.1=1\nfact same-key-ms 5\nfact output-length 2 3\nfact output-length 4 9\nkind handset\n"

func TestTablesAreRead(t *testing.T) {
	list, err := Read("my.txt", mine)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 {
		t.Fatalf("%d profiles", len(list))
	}
	p := list[0]
	if p.Name != "Every one" || len(p.IDs) != 2 || !p.IDs[0].Every || p.IDs[1] != (ID{Vendor: 0x1234, Product: 0xAF}) || p.Kind != "handset" {
		t.Errorf("%+v", p)
	}
	if in := p.Inputs[0]; in.Control != "hook" || in.At != (Where{Raw: true, Report: 2, Size: 1}) || in.Form != Press || in.Line != (Line{"my.txt", 5, "tried it"}) {
		t.Errorf("%+v", in)
	}
	if in := p.Inputs[1]; in.Key != '#' || in.At != (Where{Raw: true, Report: 2, Bit: 8, Size: 8, Value: 12, Valued: true}) {
		t.Errorf("%+v", in)
	}
	if p.Inputs[2].Form != None || !p.Outputs[0].None || !p.Raw() || p.Has("echoes-mute") || !p.Facts["echoes-mute"].Not {
		t.Errorf("%+v", p)
	}
	if n, ok := p.Number("same-key-ms"); n != 5 || !ok || !reflect.DeepEqual(p.OutputLengths(), map[uint8]int{2: 3, 4: 9}) {
		t.Errorf("%d %t %v", n, ok, p.OutputLengths())
	}
}

func TestAProfileIsWrittenAsItIsRead(t *testing.T) {
	list, err := Read("my.txt", mine)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range append(BuiltIn(), list...) {
		again, err := Read("again.txt", p.Write("somebody"))
		if err != nil {
			t.Fatalf("%s: %v\n%s", p.Name, err, p.Write("somebody"))
		}
		if got := again[0].Write("somebody"); len(again) != 1 || got != p.Write("somebody") {
			t.Errorf("%s\nis read as\n%s", p.Write("somebody"), got)
		}
	}
}

func TestATableThatIsWrongSaysWhere(t *testing.T) {
	const head = "source  somebody tried it\n"
	const device = head + "device 1395:0008 X\n"
	tests := []struct{ name, text, want string }{
		{"no source", "device 1395:0008 X", "my.txt:1: a fact without a source"},
		{"an empty source", "\nsource \n", "my.txt:2: the source is missing"},
		{"no device", head + "hook 0B:20", "my.txt:2: a fact of no device"},
		{"no name", head + "device 1395:0008", "my.txt:2: want device, VENDOR:PRODUCT and the name"},
		{"short numbers", head + "device 1395:8 X", `my.txt:2: "1395:8" is no VENDOR:PRODUCT`},
		{"no hexadecimal", head + "device 1395:00g8 X", `my.txt:2: "1395:00g8" is no`},
		{"any vendor", head + "device *:0008 X", `my.txt:2: "*:0008" is no`},
		{"an unknown word", device + "hok 0B:20", `my.txt:3: no fact begins with "hok"; there are: source`},
		{"an unknown form", device + "hook 0B:20 often", `my.txt:3: no form is called "often"; there are: level, press`},
		{"a form of the hook", device + "mute 0B:2F lift", "my.txt:3: only a hook can be lift"},
		{"no place", device + "hook 20", `my.txt:3: "20" is no place`},
		{"a place beyond", device + "hook @1.40000.8", `my.txt:3: "@1.40000.8" is no place`},
		{"a value too large", device + "hook @1.0.4=10", `my.txt:3: "@1.0.4=10" is no place`},
		{"the same twice", device + "hook 0B:20\nhook 0B:20 press", "my.txt:4: hook 0B:20 is in line 3 already"},
		{"no key", device + "key 0B:B0", "my.txt:3: want key and which"},
		{"no light", device + "light lamp 08:17", "my.txt:3: want light, one of off-hook"},
		{"an unknown fact", device + "fact odd", `my.txt:3: no fact is called "odd"; there are: echoes-mute`},
		{"a fact without its number", device + "fact same-key-ms", "my.txt:3: same-key-ms wants 1 numbers"},
		{"a fact that is no number", device + "fact same-key-ms x", `my.txt:3: "x" is no number`},
		{"no report", device + "fact output-length 2 0", "my.txt:3: want the ID of a report"},
		{"a length twice", device + "fact output-length 2 3\nfact output-length 2 4", "my.txt:4: output-length is in line 3 already"},
		{"no what", device + "no", "my.txt:3: want no and a control"},
		{"yes and no", device + "mute 0B:2F\nno mute", "my.txt:4: mute is in line 3 already"},
		{"usages and places", device + "hook 0B:20\nlight ring @1.0.1", "my.txt:4: @1.0.1: a device has either usages or places"},
		{"no kind", device + "kind fax", "my.txt:3: want kind and one of: phone"},
		{"a long line", head + strings.Repeat("x", 513), "my.txt:2: a line of 513 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Read("my.txt", tt.text); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("%v, want %s…", err, tt.want)
			}
		})
	}
}

func TestTheUsersTablesOverruleThisProgram(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("jabra.txt", "source me\ndevice 0b0e:0410 Mine\nmute 0B:2F level\nno fact mute-needs-off-hook\n")
	write("bad.txt", "hello\n")
	write("readme.md", "hello\n")
	table, err := Load(folder)
	if err == nil || !strings.Contains(err.Error(), "bad.txt:1: a fact without a source") {
		t.Errorf("the file that is wrong: %v", err)
	}
	p := table.Find(0x0B0E, 0x0410)
	if mute := p.Of("mute"); len(mute) != 1 || mute[0].Form != Level || !p.User || p.Name != "Mine" {
		t.Errorf("%+v", p)
	}
	if p.Has("mute-needs-off-hook") || len(p.Of("hook")) != 1 || len(p.Of("reject")) != 1 {
		t.Errorf("what the user does not speak of stays: %+v", p)
	}
	if o := table.Find(0x0B0E, 0x0412); o.User || !o.Has("mute-needs-off-hook") {
		t.Errorf("another product: %+v", o)
	}
	if o := table.Find(0x1234, 1); o.Known() || o.Raw() {
		t.Errorf("nothing is known of this one: %+v", o)
	}
	system := t.TempDir()
	if err := os.WriteFile(filepath.Join(system, "x.txt"), []byte("source root\ndevice 0b0e:0410 Theirs\nmute 0B:2F press\nredial 0B:24\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	both, _ := Load(system, folder) // bad.txt was told above
	if p := both.Find(0x0B0E, 0x0410); p.Of("mute")[0].Form != Level || len(p.Of("redial")) != 1 {
		t.Errorf("the user's own folder overrules that of all: %+v", p)
	}
	if empty, err := Load(filepath.Join(folder, "none")); err != nil || !reflect.DeepEqual(empty.Find(0x0B0E, 0x0412), (*Table)(nil).Find(0x0B0E, 0x0412)) {
		t.Errorf("without a folder: %v", err)
	}
}

func FuzzTable(f *testing.F) {
	f.Add(mine)
	for _, p := range BuiltIn() {
		f.Add(p.Write("s"))
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := Read("f", text)
		if err != nil {
			if list != nil || !strings.HasPrefix(err.Error(), "f:") {
				t.Errorf("%d profiles and %v", len(list), err)
			}
			return
		}
		for _, p := range list {
			if _, err := Read("again", p.Write("s")); err != nil {
				t.Errorf("%v\n%s", err, p.Write("s"))
			}
		}
	})
}
