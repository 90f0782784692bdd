// Package demo shows the phone at work, without hardware, server or network, and checks what it shows.
//
// Two phones take part, both the real thing: an emulated USB handset on extension 100 of the local exchange, and a
// second phone on extension 101 that calls it. The handset is operated by HID reports alone, and what it shows is read
// from the reports it receives. Sound is paced in real time by the file backend; a monitor between endpoint and port
// keeps what the earpiece played and what the microphone heard, with the clock time of each period, so that tones,
// speech, levels and delays are measured where a user would hear them.
//
// As root, where the kernel has the emulated bus vhci_hcd, the handset is plugged into the kernel instead: there is a
// hidraw node and a sound card then, and the phone finds and opens them as those of any other handset.
//
// Everything that is claimed is checked; a check that fails makes the demonstration fail.
package demo
