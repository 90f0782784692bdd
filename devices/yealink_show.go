package devices

func (d *yealink) render(i Indicators) []message {
	m := d.model
	if !d.begun {
		return nil
	}
	var list []message
	if m.display {
		list = append(list, yealinkWrite(d.second, yealinkLCD, yealinkScreen(i))...)
	}
	set := func(cmd byte, values ...byte) {
		list = append(list, yealinkPacket(d.second, cmd, 0, values...))
	}
	if m.led {
		set(yealinkLED, 1-bit(i.OffHook))
	}
	if m.speaker {
		set(yealinkSpeaker, bit(i.Ring || i.Speaker))
		set(yealinkBacklight, bit(i.OffHook || i.Ring || i.Number != ""))
	}
	if m.line {
		set(yealinkSwitch, bit(d.line.taken))
		set(yealinkLED, -bit(i.OffHook && !d.line.taken), -bit(d.line.taken || d.line.rings))
	}
	return append(list, d.ringing()...)
}

// ringing gives what starts or stops the ringer.
func (d *yealink) ringing() []message {
	set := func(cmd byte, values ...byte) message { return yealinkPacket(d.second, cmd, 0, values...) }
	switch d.model.ringer {
	case ringsByItself:
		return []message{set(yealinkRing, bit(d.bell.sounds))}
	case notes:
		if !d.bell.ringing {
			return []message{set(yealinkRingtone, 0)}
		}
		list := append([]message{set(yealinkVolume, 0xEF)}, yealinkWrite(false, yealinkNotes, yealinkTune)...)
		return append(list, set(yealinkRingtone, 0x24))
	case notesOnce:
		if !d.bell.sounds {
			return []message{set(yealinkRingtone, 0)}
		}
		return []message{
			set(yealinkVolume, 0xFF), set(yealinkNotes, 0x1E, 0x0C, 0x18, 0x0C, 0, 0), set(yealinkRingtone, 0xFF),
		}
	}
	return nil
}

// yealinkTune is a warble of a second and a pause of four: notes of two bytes each, 65536 less
// the frequency in Hz and the length in 1/100 s, 65535 for silence, 0 at the end.
var yealinkTune = func() []byte {
	var tune []byte
	note := func(hz, length int) {
		p := 1<<16 - hz
		tune = append(tune, byte(p>>8), byte(p), byte(length>>8), byte(length))
	}
	for range 4 {
		note(1250, 12)
		note(1000, 12)
	}
	note(1, 400)
	return append(tune, 0, 0)
}()

// finish gives the handset of a B2K or B3G to the telephone line, as without a
// program.
func (d *yealink) finish() []message {
	if d.model == nil || !d.model.line {
		return nil
	}
	return []message{yealinkPacket(false, yealinkSwitch, 0, 1)}
}
