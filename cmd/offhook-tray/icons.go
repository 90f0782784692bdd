package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"offhook/phone/menu"
)

// iconSize is in pixels: panels scale it to their height, down rather than up.
const iconSize = 32

// iconFiles are all icons as PNG. They stay in memory for good: systray hands the slice itself to GTK, which reads it
// some time after the call has returned.
var iconFiles = func() map[menu.Icon][]byte {
	files := map[menu.Icon][]byte{}
	for _, i := range menu.Icons() {
		files[i] = i.PNG(iconSize)
	}
	return files
}()

const iconPrefix = "tray-icons-"

// iconFolder makes a folder for the icon files of this process, and removes those of processes that are gone: GTK ends
// a process without further words when the display goes away.
func iconFolder(runtime string) (string, error) {
	if err := os.MkdirAll(runtime, 0o700); err != nil {
		return "", fmt.Errorf("make a folder for icons: %w", err)
	}
	old, _ := filepath.Glob(filepath.Join(runtime, iconPrefix+"*"))
	for _, folder := range old {
		pid, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(folder), iconPrefix))
		if err == nil && pid > 0 && !alive(pid) {
			_ = os.RemoveAll(folder)
		}
	}
	folder := filepath.Join(runtime, iconPrefix+strconv.Itoa(os.Getpid()))
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("make a folder for icons: %w", err)
	}
	return folder, nil
}

func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer func() { _ = p.Release() }()
	err = p.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, os.ErrPermission)
}
