// Package config reads the phone's one TOML file, and knows where that file, the state and the runtime files lie.
//
// The file is read whole, checked whole, and every problem in it is told at once, each with its line and what to do:
//
//	desk.toml:12: unknown key "codec" in [[account]]: did you mean "codecs"?
//	desk.toml:14: transport = "tls" is not in this version yet: use "udp" or "tcp"
//
// A problem is either an error (the file is refused) or a [Warning] (it is used, but not all of it, or not safely).
// Nothing that has no effect is accepted in silence: a setting planned for a later version is refused, or, where
// leaving it out is harmless, skipped with a warning.
//
// How a file becomes a [Config]:
//
//	bytes ─► toml (syntax) ─► map ─► table readers, one per [table]: types, ranges, names ─► Config
//	   └───► lines: which line each key stands on ──────────┘ (for the messages)
//
// The TOML library tells positions only of syntax errors, so the lines of keys are found by a scan of our own.
//
// The package does no logging and holds no state; all its functions may be called from any goroutine.
package config
