package phone

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"offhook/phone/control"
)

// A call that is over can still be looked at, without the secrets of what was said.
func TestTraceOfACall(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.talking("handset", "handset")
		id := a.phone.Status().Calls[0].ID
		a.hangUp()
		w.pass(time.Second)
		ask := func(args map[string]string) []control.SIPMessage {
			r, err := a.phone.Do(w.ctx, control.Command{Verb: control.VerbTrace, Args: args})
			if err != nil {
				t.Fatal(err)
			}
			var m []control.SIPMessage
			if err := json.Unmarshal(r.Data, &m); err != nil {
				t.Fatal(err)
			}
			return m
		}
		var words []string
		for _, m := range ask(map[string]string{"call": id}) {
			if m.Call != id || m.CallID == "" || m.Remote == "" || m.Local == "" {
				t.Errorf("%+v", m)
			}
			words = append(words, strings.Fields(m.Text)[0])
		}
		if got := strings.Join(words, " "); !strings.HasPrefix(got, "INVITE SIP/2.0") || !strings.HasSuffix(got, "ACK BYE SIP/2.0") {
			t.Errorf("%s", got)
		}
		all := ask(nil)
		if len(all) <= len(words) || !strings.HasPrefix(all[0].Text, "REGISTER") {
			t.Errorf("%d messages, the first %.20q", len(all), all[0].Text)
		}
		if _, err := b.phone.Do(w.ctx, control.Command{Verb: control.VerbTrace, Args: map[string]string{"call": "x"}}); err == nil {
			t.Error("there is a trace of no call")
		}
	})
}
