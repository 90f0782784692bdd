// Package interop tests Offhook against programs its authors did not write:
// kamailio as registrar and proxy, baresip, linphone, twinkle and jami as the
// people called and calling, and networks with faults between. Everything but the
// comparison of speech (package speech) and the drawing of figures (package
// figures) is in test files under the build tag "peers":
//
//	go test -tags peers ./phone/interop/...
//
// needs Linux and the Debian packages kamailio baresip-core linphone-cli
// twinkle-console gcc libasound2-dev espeak-ng sox ffmpeg iproute2. Without one
// of them the tests are skipped, loudly; with CI in the environment they fail.
// So are single tests without kamailio-tls-modules, nftables, tshark,
// jami-daemon or dbus-daemon.
//
// The test binary runs itself again in a network, mount and process namespace
// of its own, and every peer gets a network namespace besides, as if it were
// a machine. No DNS question leaves or waits, and nothing survives the test.
//
//	switch 10.66.n.254 (the tests)
//	   │
//	   ├── namespace 10.66.n.1   kamailio: registrar, proxy
//	   ├── namespace 10.66.n.2   baresip: operated through ctrl_tcp, plays and records files
//	   └── namespace 10.66.n.3   offhook run --virtual handset: plays and records files
//
// The benchmarks (BenchmarkQualityBesideOthers, BenchmarkCallBesideOthers,
// BenchmarkMixBesideOthers) call Offhook, baresip and linphone with speech over
// RTP of their own making, through the same lost and late packets, the last of
// them many times at once, and listen to what each plays into a PipeWire of its
// own; package figures writes down what comes of it. They run in real time, the
// first in a realtime class where that is permitted, and are part of "make bench".
//
//	caller 10.66.n.254 ──speech, trace of a Weather──► phone ──► sink "phone" ──► tape
//	       tape, packets ◄──────────────────────────── phone ◄── source "mic" ◄── speech
//
// Offhook is operated as a user would: by the verbs of the program and by the
// emulated handset's hook and keys.
package interop
