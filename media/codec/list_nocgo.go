//go:build !cgo

package codec

// Opus, G.729 and GSM are C libraries.
var list = []Codec{G722, PCMA, PCMU, L16}
