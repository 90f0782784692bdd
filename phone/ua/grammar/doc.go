// Package grammar judges SIP messages as they come from the wire, before any parser keeps something of them: is this a
// message at all, does it say what every message must (RFC 3261 sections 7, 8.1.1 and 25), and which answer is owed to
// who sent it when it does not.
//
//	bytes ─► Check ─┬─► fine: on to the parser
//	                ├─► a request with a fault: Answer makes the refusal of the bytes, and nothing is remembered
//	                └─► a response, an ACK, or nothing that could be answered, with a fault: dropped
//
// The parser behind it (sipgo's) takes much that is none, and forgets without a word what it cannot read. Where the
// RFC lets a receiver be lenient, this package is, as long as what is meant is beyond doubt: RFC 4475 has the examples,
// and the tests of package ua run each of them.
//
// [Frame] finds the end of the next message in a stream.
package grammar
