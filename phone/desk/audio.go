package desk

// AudioPlan is what a handset's sound does. Comparable.
type AudioPlan struct {
	Call    CallID // the call in the hand; before it has media, so that sound can be made ready. "" none
	Play    bool   // its speech is heard
	Capture bool   // the microphone is sent to it
	Muted   bool   // with Capture: true silence is sent instead
	Tone    Tone
}

// Audio returns what the sound of a handset does in this state.
func Audio(s State, id HandsetID) AudioPlan { return AudioPlan{} }
