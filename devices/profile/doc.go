// Package profile is what report descriptors do not say about a device, as data:
// which usage is the hook and how it reports, which light means that a call is on,
// what a firmware does twice or only in a call. The tables of this program are in
// tables/; a user's own, which overrule them, are the files *.txt in a folder.
//
// A table is text. A "device" line begins a profile and names the devices it is
// for, by VENDOR:PRODUCT in hexadecimal, PRODUCT * being every one of the vendor.
// Every line below it is one fact, vouched for by the "source" line above it:
//
//	source  somebody's words
//	device  1395:0028 1395:0029  SC 230 and 260
//	hook    0B:20  press        a control, the usage that has it, and its form
//	key 5   0B:B5               a key of the keypad
//	light   off-hook  08:2A     what is shown, and where
//	fact    echoes-mute         a word of the list in words.go
//	no      reject              the device declares it, and means something else;
//	                            also: no light NAME, no fact NAME
//
// A device without a descriptor that helps is described by places instead, all of them:
//
//	mute    @8.0.1      press   report 8, from bit 0 on, 1 bit
//	key 5   @2.8.8=0C           a byte of report 2 has the value 0C
//	light   ring        @7.1.1
//
// The forms of a control:
//
//	level     the value is the state
//	press     each change from 0 to another value is a press
//	flip      each change is a press
//	on-off    1 turns on, -1 turns off
//	lift      a press, which lifts only
//	put-down  a press, which puts down only
//	falls     a change to 0 puts down; the other way means nothing
//
// A profile for one product is laid over that for its vendor, and the user's over
// both, control by control, light by light and fact by fact.
package profile
