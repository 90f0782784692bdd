package config

import (
	"strconv"
	"strings"
)

// lineIndex maps the path of a key to the line (from 1) it stands on. Paths are written "sip.listen",
// "account[1].uri"; the path of a table leads to its header.
type lineIndex map[string]int

// at returns the line of the key, or of the nearest table around it; 0 when nothing of it is known.
func (x lineIndex) at(path string) int {
	for path != "" {
		if line, ok := x[path]; ok {
			return line
		}
		path = path[:max(strings.LastIndexByte(path, '.'), 0)]
	}
	return 0
}

// indexLines finds the keys of a TOML document whose syntax is known to be right. Keys inside inline tables are left
// out: their table's line is near enough.
func indexLines(doc string) lineIndex {
	s := lineScanner{doc: strings.TrimPrefix(doc, "\ufeff"), line: 1} // some editors begin with a byte order mark
	index := lineIndex{}
	tables := map[string]int{} // [[array]] headers seen so far
	prefix := ""
	for s.skipBlank(); s.pos < len(s.doc); s.skipBlank() {
		line := s.line
		start := s.pos
		switch {
		case strings.HasPrefix(s.doc[s.pos:], "[["):
			s.pos += 2
			name := s.key(']')
			prefix = name + "[" + strconv.Itoa(tables[name]) + "]"
			tables[name]++
			index[prefix] = line
			s.skipLine()
		case s.doc[s.pos] == '[':
			s.pos++
			prefix = s.key(']')
			index[prefix] = line
			s.skipLine()
		default:
			path := s.key('=')
			if prefix != "" {
				path = prefix + "." + path
			}
			if _, twice := index[path]; !twice {
				index[path] = line
			}
			s.skipValue()
		}
		if s.pos == start { // not TOML after all; the index stays incomplete
			break
		}
	}
	return index
}

type lineScanner struct {
	doc  string
	pos  int
	line int
}

// skipBlank moves to the next byte that is neither white space nor comment.
func (s *lineScanner) skipBlank() {
	for s.pos < len(s.doc) {
		switch s.doc[s.pos] {
		case '\n':
			s.line++
			s.pos++
		case ' ', '\t', '\r':
			s.pos++
		case '#':
			s.skipComment()
		default:
			return
		}
	}
}

// skipComment moves to the end of the line, not past it.
func (s *lineScanner) skipComment() {
	if n := strings.IndexByte(s.doc[s.pos:], '\n'); n >= 0 {
		s.pos += n
	} else {
		s.pos = len(s.doc)
	}
}

func (s *lineScanner) skipLine() { s.skipComment() }

// key reads a dotted key up to and past the byte end. Quotes are taken off; escapes in them stay as they are, since no
// key of ours has any.
func (s *lineScanner) key(end byte) string {
	var b strings.Builder
	for s.pos < len(s.doc) {
		c := s.doc[s.pos]
		switch c {
		case end:
			s.pos++
			return b.String()
		case '\n':
			return b.String()
		case '"', '\'':
			from := s.pos + 1
			s.skipString()
			b.WriteString(s.doc[min(from, s.pos):max(from, s.pos-1)])
			continue
		case ' ', '\t', '\r':
		default:
			b.WriteByte(c)
		}
		s.pos++
	}
	return b.String()
}

// skipValue moves past a value: to the end of its last line.
func (s *lineScanner) skipValue() {
	for depth := 0; s.pos < len(s.doc); {
		switch s.doc[s.pos] {
		case '\n':
			if depth <= 0 {
				return
			}
			s.line++
			s.pos++
		case '[', '{':
			depth++
			s.pos++
		case ']', '}':
			depth--
			s.pos++
		case '#':
			s.skipComment()
		case '"', '\'':
			s.skipString()
		default:
			s.pos++
		}
	}
}

// skipString moves past the string that starts here, of whichever of the four kinds.
func (s *lineScanner) skipString() {
	quote := s.doc[s.pos]
	closing := string(quote)
	if three := strings.Repeat(closing, 3); strings.HasPrefix(s.doc[s.pos:], three) {
		closing = three
	}
	s.pos += len(closing)
	for s.pos < len(s.doc) {
		switch c := s.doc[s.pos]; {
		case strings.HasPrefix(s.doc[s.pos:], closing):
			s.pos += len(closing)
			for len(closing) == 3 && s.pos < len(s.doc) && s.doc[s.pos] == quote {
				s.pos++ // up to two quotes may stand right before the closing three
			}
			return
		case c == '\\' && quote == '"' && s.pos+1 < len(s.doc):
			if s.doc[s.pos+1] == '\n' {
				s.line++
			}
			s.pos += 2
		case c == '\n':
			s.line++
			s.pos++
		default:
			s.pos++
		}
	}
}
