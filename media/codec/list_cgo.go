//go:build cgo

package codec

var list = []Codec{Opus, G722, PCMA, PCMU, G729, GSM, L16}
