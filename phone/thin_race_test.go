//go:build race

package phone

// thin: under the race detector sound costs twenty times as much. One period in eight shows races as well; what is
// heard is judged without it.
const thin = 8
