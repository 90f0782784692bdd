package codec

type Concealer struct{}

func (c *Concealer) Good(pcm []int16)    {}
func (c *Concealer) Conceal(out []int16) { clear(out) }
