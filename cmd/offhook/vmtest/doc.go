// Package vmtest has the tests of offhook as a whole on phones that a real kernel
// believes in: emulated ones, plugged into the virtual machine of .ci/vm, where
// `make test-usb` runs them. Times are those of the machine's clock, which counts
// instructions and so does not depend on how busy the computer is.
package vmtest
