package config

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// reader collects what is wrong with one file.
type reader struct {
	file     string // as named by the user, for messages
	dir      string // what relative paths in the file are relative to
	lines    lineIndex
	problems []Problem
	warnings []Warning
}

func (r *reader) fail(path, format string, args ...any) {
	r.problems = append(r.problems, Problem{r.file, r.lines.at(path), fmt.Sprintf(format, args...)})
}

func (r *reader) warn(path, format string, args ...any) {
	r.warnings = append(r.warnings, Warning{r.file, r.lines.at(path), fmt.Sprintf(format, args...)})
}

// table is one [table] being read. Each getter leaves its target alone when the key is absent or its value is refused,
// and says whether it set it. After the last getter, finish reports the keys nobody asked for.
type table struct {
	*reader
	path   string // "sip", "account[0]"; empty for the whole document
	title  string // "[sip]", "[[account]]", for messages
	values map[string]any
	known  []string
}

func (t *table) full(key string) string {
	if t.path == "" {
		return key
	}
	return t.path + "." + key
}

func (t *table) get(key string) (any, bool) {
	t.known = append(t.known, key)
	v, ok := t.values[key]
	return v, ok
}

func (t *table) fail(key, format string, args ...any) { t.reader.fail(t.full(key), format, args...) }
func (t *table) warn(key, format string, args ...any) { t.reader.warn(t.full(key), format, args...) }

// wrongType says what was found where want was needed. The value itself is not shown: it may be a password.
func (t *table) wrongType(key, want string, got any) {
	t.fail(key, "%s must be %s, not %s", key, want, typeName(got))
}

func typeName(v any) string {
	switch v.(type) {
	case string:
		return "text"
	case int64:
		return "a whole number"
	case float64:
		return "a number with a fraction"
	case bool:
		return "true or false"
	case time.Time:
		return "a date or time"
	case map[string]any:
		return "a table"
	case []any, []map[string]any:
		return "a list"
	}
	return fmt.Sprintf("%T", v)
}

// tables reads a list of tables, [[key]], at most so many; what are they, for a message ("accounts are").
func (t *table) tables(key, are string, most int) ([]map[string]any, bool) {
	v, ok := t.get(key)
	if !ok {
		return nil, false
	}
	list, ok := v.([]map[string]any)
	if !ok {
		// An inline list of tables has another type; [account] is a plain table.
		items, isList := v.([]any)
		for _, item := range items {
			m, isTable := item.(map[string]any)
			if !isTable {
				isList = false
				break
			}
			list = append(list, m)
		}
		if !isList {
			t.fail(key, "%s a list: write [[%s]], with two brackets", are, key)
			return nil, false
		}
	}
	if len(list) > most {
		t.fail(key, "there are %d [[%s]] tables; %d is the most", len(list), key, most)
		return nil, false
	}
	return list, true
}

// text reads a string of one line, at most 1000 bytes.
func (t *table) text(key string, dst *string) bool {
	v, ok := t.get(key)
	if !ok {
		return false
	}
	s, ok := v.(string)
	if !ok {
		t.wrongType(key, "text in quotes", v)
		return false
	}
	if reason := badText(s); reason != "" {
		t.fail(key, "%s %s", key, reason)
		return false
	}
	*dst = s
	return true
}

func badText(s string) string {
	const longest = 1000
	if len(s) > longest {
		return fmt.Sprintf("is longer than %d bytes", longest)
	}
	// Control characters have no place in a SIP header or a file name, and could forge lines in a log.
	if strings.ContainsFunc(s, func(c rune) bool { return c < 0x20 || c == 0x7f }) {
		return "holds a line break or another control character"
	}
	return ""
}

func (t *table) boolean(key string, dst *bool) bool {
	v, ok := t.get(key)
	if !ok {
		return false
	}
	b, ok := v.(bool)
	if !ok {
		t.wrongType(key, "true or false, without quotes", v)
		return false
	}
	*dst = b
	return true
}

func (t *table) integer(key string, dst *int, low, high int) bool {
	v, ok := t.get(key)
	if !ok {
		return false
	}
	n, ok := v.(int64)
	if !ok {
		t.wrongType(key, "a whole number", v)
		return false
	}
	if n < int64(low) || n > int64(high) {
		t.fail(key, "%s = %d is out of range: %d to %d", key, n, low, high)
		return false
	}
	*dst = int(n)
	return true
}

// duration reads a number of seconds, or text with a unit such as "1500ms" or "2m".
func (t *table) duration(key string, dst *time.Duration, low, high time.Duration) bool {
	v, ok := t.get(key)
	if !ok {
		return false
	}
	var d time.Duration
	switch v := v.(type) {
	case int64:
		d = time.Duration(max(min(v, math.MaxInt32), math.MinInt32)) * time.Second
	case float64:
		if math.IsNaN(v) {
			t.fail(key, "%s is not a number", key)
			return false
		}
		d = time.Duration(max(min(v, math.MaxInt32), math.MinInt32) * float64(time.Second))
	case string:
		parsed, err := time.ParseDuration(v)
		if err != nil {
			t.fail(key, `%s = %q is not a time: write seconds, such as 4, or a unit, such as "1500ms"`, key, clip(v))
			return false
		}
		d = parsed
	default:
		t.wrongType(key, "a number of seconds", v)
		return false
	}
	if d < low || d > high {
		t.fail(key, "%s = %v is out of range: %v to %v", key, d, low, high)
		return false
	}
	*dst = d
	return true
}

// texts reads a list of at most 32 strings.
func (t *table) texts(key string, dst *[]string) bool {
	const most = 32
	v, ok := t.get(key)
	if !ok {
		return false
	}
	list, ok := v.([]any)
	if !ok {
		t.wrongType(key, `a list of texts, such as ["a", "b"]`, v)
		return false
	}
	if len(list) > most {
		t.fail(key, "%s has %d entries; %d is the most", key, len(list), most)
		return false
	}
	out := make([]string, 0, len(list))
	for _, item := range list {
		s, ok := item.(string)
		if !ok {
			t.wrongType(key, `a list of texts, such as ["a", "b"]`, item)
			return false
		}
		if reason := badText(s); reason != "" {
			t.fail(key, "an entry of %s %s", key, reason)
			return false
		}
		out = append(out, s)
	}
	*dst = out
	return true
}

// choice reads one word of those that work. A word in later is planned and refused with its own message.
func (t *table) choice(key string, dst *string, works []string, later ...string) bool {
	var s string
	if !t.text(key, &s) {
		return false
	}
	if slices.Contains(works, s) {
		*dst = s
		return true
	}
	t.notAChoice(key, s, works, later)
	return false
}

func (t *table) notAChoice(key, s string, works, later []string) {
	if slices.Contains(later, s) {
		t.fail(key, "%s = %q is not in this version yet: use %s", key, s, quotedList(works))
		return
	}
	t.fail(key, "%s = %q is not known: use %s", key, clip(s), quotedList(works))
}

// later accepts a key only when it holds the value that asks for nothing: the feature is planned.
func (t *table) later(key string, nothing ...any) {
	v, ok := t.get(key)
	if !ok || slices.ContainsFunc(nothing, func(n any) bool { return n == v }) {
		return
	}
	t.fail(key, "%s is not in this version yet: take the line out", key)
}

// sub opens a table inside this one; nil when it is absent or is no table.
func (t *table) sub(key, title string) *table {
	v, ok := t.get(key)
	if !ok {
		return nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		t.wrongType(key, "a table, written "+title, v)
		return nil
	}
	return &table{reader: t.reader, path: t.full(key), title: title, values: m}
}

func (t *table) finish() {
	for _, key := range slices.Sorted(maps.Keys(t.values)) {
		if slices.Contains(t.known, key) {
			continue
		}
		where := ""
		if t.title != "" {
			where = " in " + t.title
		}
		t.fail(key, "unknown key %q%s: %s", clip(key), where, didYouMean(key, t.known))
	}
}

func quotedList(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = fmt.Sprintf("%q", w)
	}
	return strings.Join(quoted, " or ")
}

// clip keeps a message readable whatever stands in the file.
func clip(s string) string {
	const longest = 60
	if r := []rune(s); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return s
}
