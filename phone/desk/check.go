package desk

// Check returns what is wrong with a state, nil if nothing.
func Check(s State) error { return nil }
