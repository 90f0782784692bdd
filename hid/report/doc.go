// Package report reads HID report descriptors and the reports that they
// describe (Device Class Definition for HID 1.11, sections 5, 6.2.2 and 8).
// It is pure: bytes in, values out. Devices are not trusted: every length,
// count and depth is bounded, and a descriptor that asks for more is an error.
//
// # From descriptor to rows
//
//	raw bytes --Parse--> Descriptor: Collections, Fields
//	                        |
//	      +-----------------+-------------------+
//	      v                 v                   v
//	   Decoder           Encoder          DecodeOutput
//	   input report      values to        output report
//	   to changes        whole reports    to values (the device's side)
//
// Each Field is one row: one single control. A descriptor says "four controls
// of one bit, with these usages", and that makes four rows, so that no one
// above needs to count bits. An array, in which a device names the controls
// that are on by their index, makes a row for each element; all its rows have
// the list of usages that indexes stand for. Bits without usage are padding:
// they lengthen the report and make no row. Bits that are marked Constant but
// have a usage do make a row, since phones report their hook in such bits.
//
// # Where the specification leaves room
//
// What Linux does with a descriptor is what its device was tested with, so
// three rules are those of its HID core:
//
//   - Usage and page. A usage gets the page that stands before it. At the Main
//     item those at the end of the list whose page is another one than the page
//     now in force are moved to it, up to the first that has it already. So
//     "Usage 07, Usage Page 09, Input" is 09:07, while "Usage 07, Usage Page 09,
//     Usage 01, Input" is 0B:07 and 09:01. Four-byte usages stay as they are.
//   - Sign. A maximum is a signed number only if its minimum is negative, so FF
//     after a minimum of 0 is 255.
//   - Numbering. Whether reports begin with an ID is decided for each kind.
//
// Of alternative usages between Delimiters the first, the preferred one, counts.
//
// # Arrays and the index at rest
//
// By the letter, index 0 of an array whose range begins at 0 is its first
// usage, and nothing is said by a value outside the range, if the array has a
// Null state. But many headsets declare a keypad 0..11 without Null and then
// send 0 all the time. The decoder therefore takes an index of 0 as rest
// where no other value can mean it, and never reports what an array has held
// since before its first change. Some devices mean key 0 by index 1 all the
// same; Decoder.Value has the index as it was sent, for drivers that know
// their device better than its descriptor does.
package report
