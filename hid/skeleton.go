package hid

func Enumerate() ([]Info, error) { return nil, nil }

func Open(info Info) (Device, error) { return nil, ErrUnsupported }
