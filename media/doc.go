// Package media carries the sound of calls.
package media
