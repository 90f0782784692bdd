package udev

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// token is one key of a rule: ENV{OFFHOOK_HIDE}=="1".
type token struct{ key, attribute, operator, value string }

var tokenForm = regexp.MustCompile(`^([A-Z]+)(?:\{([^}]*)\})?(==|!=|\+=|-=|:=|=)"([^"]*)"$`)

// parseRules reads rules as udev does: tokens divided by ", ", "#" comments.
func parseRules(t *testing.T, text string) [][]token {
	t.Helper()
	var rules [][]token
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		var rule []token
		for _, part := range strings.Split(line, ", ") {
			m := tokenForm.FindStringSubmatch(part)
			if m == nil {
				t.Fatalf("%q in %q is no token of a rule", part, line)
			}
			rule = append(rule, token{m[1], m[2], m[3], m[4]})
		}
		rules = append(rules, rule)
	}
	return rules
}

func (r token) is(key, attribute string) bool { return r.key == key && r.attribute == attribute }

const testHelper = "/usr/local/lib/offhook/offhook-hid-id"

func mustRules(t *testing.T, share bool) [][]token {
	t.Helper()
	text, err := Rules(testHelper, share)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text, "@") {
		t.Fatalf("a placeholder is left:\n%s", text)
	}
	return parseRules(t, text)
}

// Operators that udev(7) allows for each key: matches compare, assignments assign.
var operators = map[string][]string{
	"ACTION": {"==", "!="}, "SUBSYSTEM": {"==", "!="}, "SUBSYSTEMS": {"==", "!="}, "KERNEL": {"==", "!="}, "ATTR": {"==", "!="},
	"ENV": {"==", "!=", "="}, "IMPORT": {"="}, "GOTO": {"="}, "LABEL": {"="},
	"TAG": {"+="}, "RUN": {"+="}, "GROUP": {"="}, "MODE": {"="},
}

func TestEveryTokenOfTheRulesIsOneThatUdevKnows(t *testing.T) {
	for _, share := range []bool{false, true} {
		labels, gotos := map[string]bool{}, map[string]bool{}
		for _, rule := range mustRules(t, share) {
			for _, k := range rule {
				if !slices.Contains(operators[k.key], k.operator) {
					t.Errorf("share %v: %s{%s} with %s", share, k.key, k.attribute, k.operator)
				}
				switch {
				case k.key == "LABEL":
					labels[k.value] = true
				case k.key == "GOTO":
					if labels[k.value] {
						t.Errorf("GOTO %s goes back", k.value)
					}
					gotos[k.value] = true
				case k.is("IMPORT", "program"):
					words := strings.Fields(k.value)
					if len(words) != 3 || words[0] != testHelper || words[2] != "%S%p" || !slices.Contains([]string{"node", "card", "keys", "mute"}, words[1]) {
						t.Errorf("the helper is called as %q", k.value)
					}
				case k.key == "IMPORT" && k.attribute != "db" && k.attribute != "parent":
					t.Errorf("IMPORT{%s}", k.attribute)
				}
			}
		}
		for label := range gotos {
			if !labels[label] {
				t.Errorf("GOTO %s, which is nowhere", label)
			}
		}
	}
}

// A node is opened to users only behind a question that can say no.
func TestPermissionIsNeverGivenUnasked(t *testing.T) {
	for _, share := range []bool{false, true} {
		for _, rule := range mustRules(t, share) {
			opens := slices.IndexFunc(rule, func(k token) bool { return k.key == "MODE" || k.key == "GROUP" || k.key == "TAG" })
			if opens < 0 {
				continue
			}
			asked := slices.ContainsFunc(rule[:opens], func(k token) bool {
				return k.is("IMPORT", "program") || k.is("ATTR", "idProduct") && k.operator == "==" || k == token{"ENV", "OFFHOOK_HIDE", "==", "1"}
			})
			if !asked {
				t.Errorf("unasked: %v", rule)
			}
			for _, k := range rule {
				if k.key == "MODE" && k.value != "0660" || k.key == "GROUP" && k.value != "plugdev" || k.key == "TAG" && k.value != "uaccess" {
					t.Errorf("%v", rule)
				}
			}
		}
	}
}

func TestPhonesWithoutHidrawAreOpenedAtTheirUSBNode(t *testing.T) {
	var got []string
	for _, rule := range mustRules(t, true) {
		var id [2]string
		for _, k := range rule {
			if k.is("ATTR", "idVendor") {
				id[0] = k.value
			}
			if k.is("ATTR", "idProduct") {
				id[1] = k.value
			}
		}
		if id[0] == "" {
			continue
		}
		got = append(got, id[0]+":"+id[1])
		for _, want := range []token{
			{"SUBSYSTEM", "", "==", "usb"}, {"ENV", "DEVTYPE", "==", "usb_device"},
			{"TAG", "", "+=", "uaccess"}, {"GROUP", "", "=", "plugdev"}, {"MODE", "", "=", "0660"},
		} {
			if !slices.Contains(rule, want) {
				t.Errorf("%v lacks %v", rule, want)
			}
		}
	}
	if want := []string{"6993:b001", "0d8c:000e"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestOnlyWithoutShareHandsetsAreHiddenFromTheDesktop(t *testing.T) {
	for share, want := range map[bool]bool{false: true, true: false} {
		for _, name := range []string{"PULSE_IGNORE", "ACP_IGNORE", "LIBINPUT_IGNORE_DEVICE"} {
			found := false
			for _, rule := range mustRules(t, share) {
				i := slices.Index(rule, token{"ENV", name, "=", "1"})
				if i < 0 {
					continue
				}
				found = true
				if !slices.Contains(rule[:i], token{"ENV", "OFFHOOK_HIDE", "==", "1"}) {
					t.Errorf("%s without being asked for: %v", name, rule)
				}
			}
			if found != want {
				t.Errorf("share %v: %s is set: %v", share, name, found)
			}
		}
	}
}

// The tag uaccess is read by 73-seat-late.rules; the numbers of sound cards are made by 78-sound-card.rules.
func TestTheRulesComeBeforeThoseThatReadThem(t *testing.T) {
	name := RulesPath[strings.LastIndexByte(RulesPath, '/')+1:]
	if name >= "73-seat-late.rules" || name <= "60-evdev.rules" || name <= "50-udev-default.rules" || !strings.HasSuffix(name, ".rules") {
		t.Errorf("%s", name)
	}
}

func TestAHelperPathThatWouldBreakTheRulesIsRefused(t *testing.T) {
	for _, helper := range []string{"", "offhook-hid-id", "/opt/my phone/id", `/opt/"id`, "/opt/$id", "/opt/%p", "/opt/../id", "/opt/a\nb"} {
		if text, err := Rules(helper, false); err == nil {
			t.Errorf("%q:\n%s", helper, text)
		}
	}
}

func TestKnownPhonesAreFoundByTheirNumbers(t *testing.T) {
	if p, ok := Known(0x6993, 0xB001); !ok || !p.NoHidraw || p.Shared {
		t.Errorf("%+v, %v", p, ok)
	}
	// A chip that is also in plain sound adapters, whose card must stay with the desktop.
	if p, ok := Known(0x0D8C, 0x000E); !ok || !p.NoHidraw || !p.Shared {
		t.Errorf("%+v, %v", p, ok)
	}
	if p, ok := Known(0x046D, 0xC31C); ok {
		t.Errorf("a keyboard: %+v", p)
	}
	for i, p := range KnownPhones {
		if !slices.Contains([]string{"phone", "handset", "headset"}, p.Kind) || p.Name == "" {
			t.Errorf("%+v", p)
		}
		if q, _ := Known(p.Vendor, p.Product); q != KnownPhones[i] {
			t.Errorf("%04x:%04x is there twice", p.Vendor, p.Product)
		}
	}
}

// The kernel's twin of a phone's mute key must not reach the desktop, whether or not handsets are shared with it; no
// other key is touched.
func TestOnlyTheMuteKeyIsTakenOutOfTheKernelsKeys(t *testing.T) {
	for _, share := range []bool{false, true} {
		found := 0
		for _, rule := range mustRules(t, share) {
			for _, k := range rule {
				if k.key != "ENV" || !strings.HasPrefix(k.attribute, "KEYBOARD_KEY_") {
					continue
				}
				found++
				if k.attribute != "KEYBOARD_KEY_b002f" || k.value != "reserved" {
					t.Errorf("%s is made %q", k.attribute, k.value)
				}
				if !slices.ContainsFunc(rule, func(o token) bool { return o.is("ENV", "OFFHOOK_MUTE") && o.operator == "==" }) ||
					!slices.ContainsFunc(rule, func(o token) bool { return o.is("RUN", "builtin") && o.value == "keyboard" }) {
					t.Errorf("it is done for all, or not done: %v", rule)
				}
			}
		}
		if found != 1 {
			t.Errorf("share %v: %d keys", share, found)
		}
	}
}
