package demo

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/media/tone"
)

func TestPictureIsWellFormedAndShowsTheEvents(t *testing.T) {
	start := time.Unix(1000, 0)
	line := &timeline{start: start, news: make(chan struct{})}
	line.add(start, "hand", "lift")
	line.add(start.Add(time.Second), "sip", "-> INVITE sip:<odd & long name that goes on for a while>@host")
	line.add(start.Add(time.Second), "light", "mute on")
	line.add(start.Add(2*time.Second), "light", "mute off")
	s := &stage{line: line, me: &party{sound: feed(start, nil, sing(tone.Dial, 2*time.Second))}}
	path := filepath.Join(t.TempDir(), "call.svg")
	if err := s.picture(path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(strings.NewReader(string(data))); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{">lift<", "INVITE sip:&lt;odd &amp; long", ">mute<", ">earpiece<"} {
		if !strings.Contains(string(data), want) {
			t.Errorf("the picture lacks %s", want)
		}
	}
	bars, spans := lightBars(line.all(), start.Add(3*time.Second))
	if len(bars) != 1 || len(spans["mute"]) != 1 || spans["mute"][0].to.Sub(spans["mute"][0].from) != time.Second {
		t.Errorf("lights %v %v, want mute for a second", bars, spans)
	}
}

func TestTextsOfThePictureDoNotCoverEachOther(t *testing.T) {
	start := time.Unix(1000, 0)
	var entries []entry
	for i := range 6 {
		entries = append(entries, entry{start.Add(time.Duration(i) * 50 * time.Millisecond), "sip", "a message of some length"})
	}
	texts, lines := layOut(entries, "sip", func(at time.Time) float64 { return at.Sub(start).Seconds() * perSecond })
	if len(texts) != 6 || lines != 6 {
		t.Errorf("%d texts in %d lines, want each of six in its own", len(texts), lines)
	}
}
