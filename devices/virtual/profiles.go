package virtual

import (
	"time"

	"offhook/devices"
)

// Profiles lists the models, the default first. Each call makes a new list.
func Profiles() []Profile {
	handset := func(name, what string) Profile {
		return Profile{
			Name: name, Description: what, Kind: devices.Handset,
			Descriptor: handsetDescriptor, layout: handsetLayout, AcknowledgesHook: true,
		}
	}
	stallsGet := handset("handset-stalls-get-report", "handset that leaves GET_REPORT unanswered for 5 s")
	stallsGet.GetReport = Stalls
	atOpening := handset("handset-report-at-opening", "handset that refuses GET_REPORT and reports its state when opened")
	atOpening.GetReport, atOpening.ReportAtOpening = Refuses, true
	noAck := handset("handset-no-ack", "handset that never reports in answer to a light")
	noAck.AcknowledgesHook = false
	stallsWrites := handset("handset-stalls-writes", "handset that takes 5 s for each output report")
	stallsWrites.WriteStall = 5 * time.Second

	return []Profile{
		handset("handset", "handset with cradle, keypad, lights, ringer and a display of two lines"),
		{
			Name: "phone", Description: "desk phone with speaker, hold and transfer keys", Kind: devices.Phone,
			Descriptor: phoneDescriptor, layout: phoneLayout,
		},
		{
			Name: "headset", Description: "headset with a hook button whose level follows the Off-Hook light", Kind: devices.Headset,
			Descriptor: headsetDescriptor, layout: headsetLayout,
		},
		{
			Name: "headset-relative", Description: "headset with a relative hook button, echoing the Off-Hook light as a press", Kind: devices.Headset,
			Descriptor: relativeDescriptor, layout: relativeLayout, AcknowledgesHook: true,
		},
		stallsGet,
		atOpening,
		{
			Name: "handset-unnumbered", Description: "handset without report IDs, one bit for each key of the keypad", Kind: devices.Handset,
			Descriptor: unnumberedDescriptor, layout: unnumberedLayout,
		},
		noAck,
		{
			Name: "headset-ack", Description: "headset that acknowledges the Off-Hook light by its hook level", Kind: devices.Headset,
			Descriptor: ackDescriptor, layout: ackLayout, AcknowledgesHook: true,
		},
		stallsWrites,
		{
			Name: "headset-report-per-light", Description: "headset with an output report for each light", Kind: devices.Headset,
			Descriptor: perLightDescriptor, layout: perLightLayout, AcknowledgesHook: true,
		},
		{
			Name: "headset-mute-echo", Description: "headset that answers its mute light by a press of its mute key", Kind: devices.Headset,
			Descriptor: headsetDescriptor, layout: headsetLayout, AcknowledgesHook: true, EchoesMute: true,
		},
		{
			Name: "headset-mute-switch", Description: "headset whose mute is a level that follows the mute light", Kind: devices.Headset,
			Descriptor: switchDescriptor, layout: switchLayout, AcknowledgesHook: true, EchoesMute: true,
		},
		{
			Name: "headset-consumer", Description: "sound dongle with telephony keys among consumer controls, no lights", Kind: devices.Headset,
			Descriptor: consumerDescriptor, layout: consumerLayout, GetReport: Refuses,
		},
	}
}
