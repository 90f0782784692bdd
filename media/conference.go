package media

import "offhook/media/sound"

// MaxJoined is how many calls a Plan can join to its Session: as many as a phone can have beside it (desk.MaxCalls).
const MaxJoined = 63

// conference mixes the calls of one handset: everybody hears everybody but
// themselves, at the rate of the sound port; what a call's codec can't carry is
// left out on its way there.
//
//	          ear      = all calls
//	call i ◄─ mic + all calls − call i
//
// It belongs to the mixer.
type conference struct {
	parts  [MaxJoined + 1][sound.Period]int16
	sum    [sound.Period]int32
	out    [sound.Period]int32
	mix    [sound.Period]int16
	limits [MaxJoined + 1]limiter
	count  int // calls in it in the last period
}

// pull takes a period of every call and leaves their sum in m.sum.
func (c *conference) pull(plan *Plan) {
	c.count = 0
	clear(c.sum[:])
	for s := range plan.everybody {
		part := &c.parts[c.count]
		s.Pull(part[:])
		for i, v := range part {
			c.sum[i] += int32(v)
		}
		c.count++
	}
}

// push gives every call the microphone (nil: muted) and the other calls, as they
// were pulled last.
func (c *conference) push(plan *Plan, mic []int16) {
	n := 0
	for s := range plan.everybody {
		if n >= c.count {
			break
		}
		for i, v := range c.parts[n] {
			c.out[i] = c.sum[i] - int32(v)
		}
		for i, v := range mic {
			c.out[i] += int32(v)
		}
		c.limits[n].apply(c.mix[:], c.out[:])
		s.Push(c.mix[:])
		n++
	}
}
