//go:build !race

package phone

const thin = 1 // every period of sound is made
