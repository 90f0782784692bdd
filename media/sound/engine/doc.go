// Package engine is the inside of the sound process: the protocol it speaks and
// the loop that obeys it. The library that knows sound cards is behind Backend,
// so that everything here is tested without one.
//
// # Protocol
//
// One JSON object per line; requests on standard input, replies and events on
// standard output. Requests carry a number, the reply carries it back. Two
// files are inherited besides: the shared memory of the ring (descriptor 3) and
// an event counter that wakes the program after each callback (descriptor 4).
//
//	→ {"id":1,"cmd":"list"}
//	← {"id":1,"devices":[{"name":"HID Phone: USB Audio (hw:1,0)","hw":"hw:1,0","inputs":1,"outputs":2}]}
//	→ {"id":2,"cmd":"open","output":"hw:1,0","input":"hw:1,0"}
//	← {"id":2,"open":{"output":{…},"input":{…}}}
//	→ {"id":3,"cmd":"start","rate":48000}
//	← {"id":3,"state":{"running":true,"rate":48000,"output_latency_us":21000}}
//	← {"event":"capture","state":{…}}            the microphone is open too, a moment later
//	→ {"id":4,"cmd":"stop"}
//	← {"id":4,"state":{"running":false}}
//	← {"id":9,"error":{"code":"busy","text":"…"}}
//
// open only chooses devices: nothing is opened before start, and stop closes all,
// so that a card is free while nobody talks. The output is opened first and its
// callback is the clock; the microphone follows in a stream of its own, because
// on a sound server it can take two seconds and must not hold up the dial tone.
// Its periods wait in a short queue for the output's callback.
//
// End of input ends the process, whatever it is doing.
package engine
