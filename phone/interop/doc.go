// Package interop tests Offhook against programs its authors did not write:
// kamailio as registrar and proxy, baresip and linphone as the people called
// and calling. Everything but the comparison of speech (package speech) is in
// test files under the build tag "peers":
//
//	go test -tags peers ./phone/interop/...
//
// needs Linux and the Debian packages kamailio baresip-core linphone-cli
// espeak-ng sox ffmpeg iproute2. Without one of them the tests are skipped,
// loudly; with CI in the environment they fail.
//
// The test binary runs itself again in a network, mount and process namespace
// of its own, so that the peers may use what addresses and ports they like,
// no DNS question leaves or waits, and nothing survives the test.
//
//	namespace          one cable (veth) and address for each peer of a test
//	┌────────────────────────────────────────────────────────────────┐
//	│  kamailio 10.66.n.1     offhook 10.66.n.2     baresip 10.66.n.3 │
//	│      registrar, proxy       run --virtual handset    ctrl_tcp   │
//	│                             play/record WAV          play/record│
//	└────────────────────────────────────────────────────────────────┘
//
// Offhook is operated as a user would: by the verbs of the program and by the
// emulated handset's hook and keys.
package interop
