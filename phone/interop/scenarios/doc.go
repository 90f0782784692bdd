// Package scenarios plays PBXs and providers against the user agent with SIPp:
// their header habits, re-INVITEs, timers and transfers, as simulations, since
// the real ones cannot be installed here. What is simulated is what their
// messages look like, from their documentation and from traces; that the real
// ones accept ours is not shown by it.
//
// A scenario is two short scripts, run against each other over loopback: what
// SIPp sends and waits for, and what the telephone is told and tells. From the
// first an XML file is made (xml_test.go). Nothing in them depends on how fast
// the machine is; each takes a fraction of a second.
//
// The tests have the build tag peers, and need the program sipp (Debian:
// sip-tester).
package scenarios
