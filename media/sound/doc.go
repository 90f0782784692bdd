// Package sound is the sound port: a device, or files paced in real time.
package sound
