// Package locate finds SIP servers (RFC 3263): from the host of an address to transports, IP addresses and ports, in
// the order in which they are to be tried.
//
//	sip:example.org ─► NAPTR ─► _sip._udp.example.org SRV ─► A, AAAA ─► 192.0.2.1:5060 udp
//	                      │         by priority, then weight             192.0.2.2:5060 udp
//	                      └ none: SRV of each transport; none of these either: A, AAAA, port 5060
//
// [Locator] walks that path. It asks a [Resolver], which is [System] in life and a table in tests. System reads the
// machine's hosts file and asks the name servers of resolv.conf by itself, since neither NAPTR nor the time an answer
// may be kept come out of package net; where a machine has no such files it asks package net and does without both.
// Answers are kept for as long as they say, within bounds; that a name does not exist is kept for a short while.
//
// Everything that comes from the network is bounded: answers, their number, the length of chains of names, and the
// time a question takes.
package locate
