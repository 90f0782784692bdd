// Package tone makes and recognises the tones a telephone plays.
package tone
