package devices

import (
	"errors"

	"offhook/hid/report"
)

func isParseError(err error) bool {
	var p *report.ParseError
	return errors.As(err, &p)
}
