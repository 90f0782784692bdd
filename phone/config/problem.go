package config

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong in the file.
type Problem struct {
	File    string // as it was named
	Line    int    // from 1; 0 when it is not about a line
	Message string // what is wrong and what to do; never holds a password
}

func (p Problem) String() string {
	if p.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Message)
	}
	return p.File + ": " + p.Message
}

// Warning is a problem that does not keep the file from being used.
type Warning = Problem

// Error is a refused file: every problem that was found, by line. Unwrap leads to the cause where there is one, such as
// fs.ErrNotExist.
type Error struct {
	Problems []Problem
	Err      error
}

// Error returns one line per problem.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

func (e *Error) Unwrap() error { return e.Err }

func sortByLine(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int { return a.Line - b.Line })
}

// didYouMean returns `did you mean "x"?` when one of the known words is close to word, else the list of them.
func didYouMean(word string, known []string) string {
	best, bestDistance := "", min(len(word), 1+max(2, len(word)/3))
	for _, k := range known {
		if d := editDistance(strings.ToLower(word), k); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "known here: " + strings.Join(known, ", ")
}

// editDistance counts the letters to insert, delete or change. Long words are not worth the comparison.
func editDistance(a, b string) int {
	const longest = 64
	if len(a) > longest || len(b) > longest {
		return longest
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
