package devices

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"offhook/hid/report"
)

// teamsDescriptor declares the display with four characters to a report and other IDs and places than the CX300 has;
// without leaves one usage out.
func teamsDescriptor(without string) string {
	items := []string{
		"05 0b 09 05 a1 01 85 01 15 00 25 01 75 01 95 01 09 20 81 22 95 07 81 03",
		"06 99 ff 85 21",
		"95 01 0a 10 ff 91 02", "09 26 91 02", "95 02 91 03", "25 0f 75 04 95 01 0a 11 ff 91 02",
		"85 22 25 01 75 01 95 01 0a 22 ff 91 02 75 03 91 03", "19 81 29 8a 15 01 25 0a 75 04 91 00",
		"85 23 15 00 25 01 75 01 0a 24 ff 91 02 75 07 91 03", "27 ff ff 00 00 75 10 95 04 0a 2c ff 91 02", "c0",
	}
	var kept []string
	for _, item := range items {
		if item != without {
			kept = append(kept, item)
		}
	}
	return strings.Join(kept, " ")
}

func TestTheTeamsDisplayIsWhereTheDescriptorHasIt(t *testing.T) {
	raw, err := report.ReadDescriptor([]byte(teamsDescriptor("")))
	if err != nil {
		t.Fatal(err)
	}
	d, err := report.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	display := findTeams(d)
	if display == nil {
		t.Fatal("not found")
	}
	var got []string
	for _, rep := range display.render(report.NewEncoder(d), [2]string{"Ann Žá", ""}, nil) {
		got = append(got, fmt.Sprintf("% x", rep))
	}
	want := []string{
		"21 23",                         // on, two lines
		"22 51",                         // area 5
		"23 00 41 00 6e 00 6e 00 20 00", // Ann and a blank, more follows
		"23 01 7d 01 e1 00 00 00 00 00",
		"22 a1", // area 10
		"23 01 00 00 00 00 00 00 00 00",
	}
	if !slices.Equal(got, want) {
		t.Errorf("wrote %q, want %q", got, want)
	}
	if off := display.render(report.NewEncoder(d), [2]string{}, nil); len(off) != 1 || fmt.Sprintf("% x", off[0]) != "21 00" {
		t.Errorf("without text: % x", off)
	}
}

// A display is not written to when anything of it is not declared.
func TestHalfATeamsDisplayIsNone(t *testing.T) {
	for _, without := range []string{"95 01 0a 10 ff 91 02", "09 26 91 02", "25 0f 75 04 95 01 0a 11 ff 91 02", "19 81 29 8a 15 01 25 0a 75 04 91 00", "27 ff ff 00 00 75 10 95 04 0a 2c ff 91 02"} {
		raw, err := report.ReadDescriptor([]byte(teamsDescriptor(without)))
		if err != nil {
			t.Fatal(err)
		}
		d, err := report.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if findTeams(d) != nil {
			t.Errorf("found without %s", without)
		}
	}
}

func TestTheTeamsDisplayOfRealDevices(t *testing.T) {
	for stem, want := range map[string]bool{
		"095d_9201_polycom_cx300": true, "6993_b02b_yealink_wh66": true, "0b0e_2453_jabra_biz_2400_ii": false,
	} {
		if got := findTeams(captured(t, stem)) != nil; got != want {
			t.Errorf("%s: %v, want %v", stem, got, want)
		}
	}
}
