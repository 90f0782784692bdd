package virtual

// sevenSegments reads a digit off the segments that are lit, by their usual letters
// in the order of the alphabet.
func sevenSegments(lit string) byte {
	digits := map[string]byte{
		"": ' ', "ABCDEF": '0', "BC": '1', "ABDEG": '2', "ABCDG": '3', "BCFG": '4', "ACDFG": '5', "ACDEFG": '6', "ABC": '7',
		"ABCDEFG": '8', "ABCDFG": '9', "G": '-',
	}
	if digit, ok := digits[lit]; ok {
		return digit
	}
	return '?'
}
