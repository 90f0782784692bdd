package udev

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSoundIsReadyWhenUdevHasSetUpTheCard(t *testing.T) {
	s := tree(t)
	node := func(name string) string { return filepath.Join(string(s), "class", "hidraw", name) }
	put := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	db := Database(t.TempDir())
	want := func(when string, state SoundState) {
		t.Helper()
		if got := s.Sound(node("hidraw0"), db); got != state {
			t.Errorf("%s: %v, want %v", when, got, state)
		}
	}
	want("no audio interface", SoundNone)
	put(filepath.Join(string(s), "devices/pci0/usb1/1-1/1-1.1/1-1.1:1.0/bInterfaceClass"), "01\n")
	want("card without its control node", SoundComing)
	put(filepath.Join(string(s), "class/sound/controlC2"), "")
	want("card that udev has not seen", SoundComing)
	put(filepath.Join(string(db), "+sound:card2"), "I:12345\nE:ID_BUS=usb\n")
	want("card at its \"add\"", SoundComing)
	put(filepath.Join(string(db), "+sound:card2"), "I:12345\nE:ID_BUS=usb\nE:SOUND_INITIALIZED=1\n")
	want("card at its \"change\"", SoundReady)
	if got := s.Sound(node("hidraw0"), ""); got != SoundReady {
		t.Errorf("without udev: %v", got)
	}
	if err := os.Remove(filepath.Join(string(s), "class/sound/card2")); err != nil {
		t.Fatal(err)
	}
	want("no card yet", SoundComing)
	if got := s.Sound(node("hidraw2"), db); got != SoundNone {
		t.Errorf("a device that is on no USB: %v", got)
	}
}

func TestUdevsDatabaseIsRead(t *testing.T) {
	db := Database(t.TempDir())
	record := "I:4711\nE:OFFHOOK_PHONE=handset\nE:ID_MODEL=A=B\nE:\nG:uaccess\nG:seat\nQ:uaccess\nV:1\n"
	if err := os.WriteFile(filepath.Join(string(db), "c244:3"), []byte(record), 0o644); err != nil {
		t.Fatal(err)
	}
	r, ok := db.Record("c244:3")
	if !ok || r.Properties["OFFHOOK_PHONE"] != "handset" || r.Properties["ID_MODEL"] != "A=B" || len(r.Tags) != 2 || r.Tags[0] != "uaccess" {
		t.Errorf("%+v, %v", r, ok)
	}
	if r, ok := db.Record("c244:4"); ok {
		t.Errorf("a record of nothing: %+v", r)
	}
}

func TestNodesThatTheRulesOpenedAreFound(t *testing.T) {
	s, db := tree(t), Database(t.TempDir())
	for file, text := range map[string]string{
		filepath.Join(string(s), "class/hidraw/hidraw0/dev"): "244:0\n",
		filepath.Join(string(s), "class/hidraw/hidraw1/dev"): "244:1\n",
		filepath.Join(string(s), "class/hidraw/hidraw2/dev"): "244:2\n",
		filepath.Join(string(db), "c244:0"):                  "E:OFFHOOK_PHONE=handset\nG:uaccess\n",
		filepath.Join(string(db), "c244:1"):                  "E:ID_MODEL=Mouse\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.Marked(db); len(got) != 1 || got[0] != "/dev/hidraw0" {
		t.Errorf("%q", got)
	}
}
