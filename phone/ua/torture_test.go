package ua

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/grammar"
	"offhook/phone/ua/uatest"
)

// owed is what a phone that takes direct calls owes to a message that comes out of the blue.
type owed struct {
	status int    // of the one final answer; 0: none is sent
	rings  bool   // it is a call; refused with 603 then
	from   string // Incoming.From
	has    string // a piece of the answer
	parsed map[string]string
}

// torture is RFC 4475: every vector with the action that its section calls for. Where the RFC leaves it to the receiver
// the choice is said.
var torture = map[string]owed{
	// 3.1.1 Valid messages.
	"valid/wsinv": {status: 481, parsed: map[string]string{ // its To has a tag: of no dialog that we know
		"CSeq": "9 INVITE", "Max-Forwards": "68", "From": `"J Rosenberg \\\"" <sip:jdrosen@example.com>;tag=98asjd8`,
		"To": "<sip:vivekg@chair-dnrc.example.com>;tag=1918181833n", "uri": "sip:vivekg@chair-dnrc.example.com;unknownparam", "vias": "3", "branch": "390skdjuw",
		"NewFangledHeader": "newfangled value continued newfangled value", "body": "150"}},
	"valid/intmeth": {status: 405, has: "CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~\r\n"},
	"valid/esc01": {rings: true, from: "sip:I%20have%20spaces@example.net", parsed: map[string]string{
		"uri": "sip:sips%3Auser%40example.com@example.net", "To": "<sip:%75se%72@example.com>", "user": "sips%3Auser%40example.com"}},
	"valid/escnull":    {status: 405, parsed: map[string]string{"To": "<sip:null-%00-null@example.com>"}},
	"valid/esc02":      {status: 405, has: "CSeq: 29344 RE%47IST%45R\r\n"}, // an unknown method, not REGISTER
	"valid/lwsdisp":    {status: 200, parsed: map[string]string{"name": "caller", "From": `"caller" <sip:caller@example.com>;tag=323`}},
	"valid/longreq":    {rings: true, parsed: map[string]string{"vias": "34", "CSeq": "3882340 INVITE", "body": "150"}},
	"valid/dblreq":     {status: 405, parsed: map[string]string{"CSeq": "8 REGISTER", "body": "0"}}, // what follows in the packet is nothing
	"valid/semiuri":    {status: 200, parsed: map[string]string{"user": "user;par=u%40example.net", "host": "example.com"}},
	"valid/transports": {status: 200, parsed: map[string]string{"vias": "5"}},
	"valid/mpart01":    {status: 405, has: "Allow: "}, // MESSAGE is nothing that this phone takes
	"valid/unreason":   {parsed: map[string]string{"status": "200", "reason": "= 2**3 * 5**2 но сто девяносто девять - простое"}},
	"valid/noreason":   {parsed: map[string]string{"status": "100", "reason": ""}},
	// 3.1.2 Invalid messages.
	"invalid/badinv01":   {status: 400},
	"invalid/clerr":      {status: 400},
	"invalid/ncl":        {status: 400},
	"invalid/scalar02":   {status: 400},
	"invalid/scalarlg":   {},
	"invalid/quotbal":    {status: 400},
	"invalid/ltgtruri":   {status: 400},
	"invalid/lwsruri":    {status: 400},
	"invalid/lwsstart":   {status: 400}, // may be repaired; is not
	"invalid/trws":       {status: 400}, // may be repaired; is not
	"invalid/escruri":    {status: 400},
	"invalid/baddate":    {rings: true, from: "sip:caller@example.net"}, // the date is of no use here
	"invalid/regbadct":   {status: 400},
	"invalid/badaspec":   {status: 400},
	"invalid/baddn":      {status: 400},
	"invalid/badvers":    {status: 505},
	"invalid/mismatch01": {status: 400},
	"invalid/mismatch02": {status: 400},
	"invalid/bigcode":    {},
	// 3.2 Transactions.
	"invalid/badbranch": {status: 400},
	// 3.3 What it means.
	"invalid/insuf":    {status: 400, has: "SIP/2.0 400 Missing From\r\n"},
	"invalid/unkscm":   {status: 416},
	"invalid/novelsc":  {status: 416},
	"invalid/unksm2":   {status: 405}, // strange addresses, but for a registrar to judge
	"invalid/bext01":   {status: 420, has: "Unsupported: nothingSupportsThis, nothingSupportsThisEither\r\n"},
	"invalid/invut":    {status: 415, has: "Accept: application/sdp\r\n"},
	"invalid/regaut01": {status: 405},
	"invalid/multi01":  {status: 400},
	"invalid/mcl01":    {status: 400},
	"invalid/bcast":    {},            // above all, nothing goes to the address in its Via
	"invalid/zeromf":   {status: 200}, // it goes no further than here
	"invalid/cparam01": {status: 405},
	"invalid/cparam02": {status: 405},
	"invalid/regescrt": {status: 405},
	"invalid/sdp01":    {status: 406, has: "Accept: application/sdp\r\n"},
	// 3.4 RFC 2543.
	"invalid/inv2543": {rings: true, from: "sip:+13035551111@ift.client.example.net;user=phone"},
	// A draft's, with neither version nor Via: there is nobody to answer.
	"invalid/test": {},
}

func TestRFC4475(t *testing.T) {
	dir := tortureDir(t)
	files, err := filepath.Glob(dir + "/*/*.dat")
	if err != nil || len(files) != 50 || len(torture) != 50 {
		t.Fatalf("%d files, %d rows, %v", len(files), len(torture), err)
	}
	for name, o := range torture {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(dir, name+".dat"))
			if err != nil {
				t.Fatal(err)
			}
			tormented(t, data, o)
		})
	}
}

// tormented sends data to a phone and checks what comes of it.
func tormented(t *testing.T, data []byte, o owed) {
	t.Helper()
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		p := direct(t, n, "10.0.0.1", "udp")
		sender, err := n.Host("10.0.0.66").ListenPacket(t.Context(), "10.0.0.66:5060")
		if err != nil {
			t.Fatal(err)
		}
		defer sender.Close()
		var answers []uatest.Packet
		n.SetFilter(func(k uatest.Packet) bool {
			if k.From.Addr().String() == "10.0.0.1" {
				answers = append(answers, k)
			}
			return true
		})
		sender.WriteTo(data, udpAddr(phoneAt))
		want := o.status
		if o.rings {
			in := expect[Incoming](p)
			if o.from != "" && in.From != o.from {
				t.Errorf("the call is from %s, want %s", in.From, o.from)
			}
			p.Reject(in.Call, 603)
			expect[Ended](p)
			want = 603
		}
		time.Sleep(200 * time.Millisecond)
		synctest.Wait()
		n.SetFilter(nil)
		got, text := 0, ""
		for _, a := range answers {
			if a.To.Addr().String() != "10.0.0.66" {
				t.Errorf("something was sent to %v", a.To)
			}
			code, _ := strconv.Atoi(strings.Fields(string(a.Data) + " x x")[1])
			if code >= 200 {
				if got != 0 && !o.rings {
					t.Errorf("a second answer, %d", code)
				}
				got, text = code, string(a.Data)
			}
		}
		if got != want {
			t.Errorf("answered with %d, want %d\n%s", got, want, text)
		}
		if !strings.Contains(text, o.has) {
			t.Errorf("no %q in\n%s", o.has, text)
		}
		if m := grammar.Check(data, true); m.Status != 0 && o.parsed != nil {
			t.Errorf("refused: %d %s", m.Status, m.Why)
		}
		fieldsOf(t, data, o.parsed)
		p.quietFor(40 * time.Second)
	})
}

// fieldsOf compares what the parser makes of a message.
func fieldsOf(t *testing.T, data []byte, want map[string]string) {
	t.Helper()
	if want == nil {
		return
	}
	msg, err := sip.ParseMessage(grammar.Normal(data))
	if err != nil {
		t.Errorf("not parsed: %v", err)
		return
	}
	for name, v := range want {
		got := ""
		switch name {
		case "uri":
			got = msg.(*sip.Request).Recipient.String()
		case "user":
			got = msg.(*sip.Request).Recipient.User
		case "host":
			got = msg.(*sip.Request).Recipient.Host
		case "status":
			got = strconv.Itoa(msg.(*sip.Response).StatusCode)
		case "reason":
			got = msg.(*sip.Response).Reason
		case "vias":
			got = strconv.Itoa(len(msg.GetHeaders("Via")))
		case "branch":
			got = msg.Via().Params.GetOr("branch", "")
		case "body":
			got = strconv.Itoa(len(msg.Body()))
		case "name":
			got = msg.From().DisplayName
		default:
			got = headerValue(msg, name)
		}
		if got != v {
			t.Errorf("%s is %q, want %q", name, got, v)
		}
	}
}
