package desk

// Next returns the state after an event, and what is to be done. It does not change s.
func Next(s State, e Event) (State, []Action) { return s, nil }
