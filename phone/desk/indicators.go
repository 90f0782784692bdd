package desk

import "offhook/devices"

// Indicators returns what the lights, the ringer and the display of a handset show in this state.
func Indicators(s State, id HandsetID) devices.Indicators { return devices.Indicators{} }
