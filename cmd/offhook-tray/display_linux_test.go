package main

import (
	"strings"
	"testing"
)

func TestWithoutADesktopTheRemedyIsSaid(t *testing.T) {
	t.Setenv("WAYLAND_DISPLAY", "")
	t.Setenv("DISPLAY", "")
	if err := openDisplay(); err == nil || !strings.Contains(err.Error(), "offhook run --headless") {
		t.Errorf("without DISPLAY: %v", err)
	}
	t.Setenv("DISPLAY", ":64123")
	if err := openDisplay(); err == nil || !strings.Contains(err.Error(), "cannot be opened") {
		t.Errorf("with a DISPLAY that is not there: %v", err)
	}
}
