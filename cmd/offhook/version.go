package main

import (
	"fmt"
	"runtime"
)

type versionCmd struct{}

func (c *versionCmd) Run(a *app) error {
	if a.json {
		return a.writeJSON(a.out, map[string]string{"version": version, "go": runtime.Version(), "system": runtime.GOOS + "/" + runtime.GOARCH})
	}
	_, err := fmt.Fprintf(a.out, "offhook %s\n", version)
	return err
}
