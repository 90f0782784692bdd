// Package measure takes figures of recorded sound: its level, and how well speech that arrived matches speech that was
// sent. It is what the demonstration and the tests judge calls by; nothing in a call uses it.
package measure
