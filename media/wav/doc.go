// Package wav reads and writes WAV files of 16-bit PCM.
package wav
