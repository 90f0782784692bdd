package report

type ParseError struct {
	Offset int
	Item   string
	Reason string
}

func (e *ParseError) Error() string { return e.Reason }

func Parse(raw []byte) (*Descriptor, error) { return &Descriptor{}, nil }

type Change struct {
	Field    int
	Usage    Usage
	Old, New int32
}

type Decoder struct{}

func NewDecoder(d *Descriptor) *Decoder              { return &Decoder{} }
func (*Decoder) Decode(raw []byte) ([]Change, error) { return nil, nil }
func (*Decoder) Value(field int) int32               { return 0 }
func (*Decoder) Reset()                              {}

type Encoder struct{}

func NewEncoder(d *Descriptor) *Encoder       { return &Encoder{} }
func (*Encoder) Set(field int, v int32) error { return nil }
func (*Encoder) Report(id uint8) []byte       { return nil }

func DecodeOutput(d *Descriptor, raw []byte) (id uint8, values map[int]int32, err error) {
	return 0, nil, nil
}

func ReadDescriptor(data []byte) ([]byte, error) { return data, nil }

func (u Usage) Name() string { return "" }
