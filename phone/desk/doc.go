// Package desk is the behaviour of a desk phone as a pure state machine: N calls × M handsets.
package desk
