// Package config reads the phone's one TOML file.
package config
