// Package resample converts PCM between the rates of telephony by whole ratios.
package resample
