//go:build !cgo

package codec

// Without cgo there is no G.729: it is absent from List, and ByName says why.
var extra []Codec
