package main

import (
	"strings"
	"testing"
)

func TestOnlyTheNamedCardsAreShownToTheLibrary(t *testing.T) {
	text := cardsConfig([]string{"1", "12"})
	for line, want := range map[string]bool{
		"offhook.card.1 1": true, "offhook.card.12 12": true, "offhook.card.0 999": true, "offhook.card.31 999": true,
		"offhook.card.2 2": false, "offhook.card.32 999": false,
	} {
		if got := strings.Contains(text, line+"\n"); got != want {
			t.Errorf("%q in the configuration: %v, want %v", line, got, want)
		}
	}
	if strings.Count(text, "{") != strings.Count(text, "}") {
		t.Errorf("braces of\n%s", text)
	}
}
