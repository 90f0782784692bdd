//go:build peers && linux

package interop

import (
	"fmt"
	"net"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

// kamailio is a registrar and proxy that asks for digests and stays in the
// route of each call.
type kamailio struct {
	*process
	addr string
	host host
	args []string
}

const kamailioConfig = `#!KAMAILIO
debug=2
log_stderror=yes
children=1
tcp_children=1
auto_aliases=no
dns=no
rev_dns=no
server_signature=no
listen=udp:@ADDR@:5060
listen=tcp:@ADDR@:5060
@TLS@mpath="@MODULES@/"
@TLSMODULE@loadmodule "kex.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "htable.so"
loadmodule "auth.so"
loadmodule "xlog.so"
@STUN@modparam("rr", "enable_full_lr", 1)
modparam("usrloc", "db_mode", 0)
modparam("registrar", "min_expires", 10)
modparam("tm", "fr_timer", 5000)
modparam("htable", "htable", "users=>size=4;")
event_route[htable:mod-init] {
@USERS@}
request_route {
	xlog("L_INFO", "request $rm $ru from $si:$sp over $proto, $ci\n");
	if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
	if (has_totag()) {
		if (loose_route()) {
			if (is_gruu() && !lookup("location")) { sl_send_reply("404", "Gone"); exit; }
			t_relay();
			exit;
		}
		if (is_method("ACK")) { if (t_check_trans()) t_relay(); exit; }
		sl_send_reply("404", "Not Here");
		exit;
	}
	if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
	t_check_trans();
	if (is_method("REGISTER")) {
		if ($au == $null || !pv_www_authenticate("$td", "$sht(users=>$au)", "0")) { www_challenge("$td", "0"); exit; }
		if ($au != $tU) { sl_send_reply("403", "Not Your Extension"); exit; }
		@REGISTERED@save("location");
		exit;
	}
	if ($au == $null || !pv_proxy_authenticate("$fd", "$sht(users=>$au)", "0")) { proxy_challenge("$fd", "0"); exit; }
	consume_credentials();
	record_route();
	@THROUGH@if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
	t_relay();
}
onreply_route {
	xlog("L_INFO", "response $rs $rr to $rm from $si:$sp over $proto\n");
}
`

type kamailioOptions struct {
	cert, key  string // PEM files: it takes TLS on port 5061 too
	registered string // statements before a registration is saved and answered
	through    string // address of a machine that all calls from elsewhere are sent through
	stun       bool   // it answers STUN on its SIP ports (RFC 5626 section 3.5.2)
}

func (l *lab) kamailio(users map[string]string) *kamailio {
	return l.kamailioWith(users, kamailioOptions{})
}

func (l *lab) kamailioWith(users map[string]string, o kamailioOptions) *kamailio {
	l.t.Helper()
	h := l.host()
	modules, _ := filepath.Glob("/usr/lib/*/kamailio/modules")
	if len(modules) == 0 {
		l.t.Fatal("kamailio's modules are not where Debian puts them")
	}
	var lines []string
	for user, password := range users {
		lines = append(lines, "\t$sht(users=>"+user+") = \""+password+"\";\n")
	}
	sort.Strings(lines)
	dir := l.sub("kamailio-" + h.space)
	file := filepath.Join(dir, "kamailio.cfg")
	listen, module, stun, through := "", "", "", ""
	if o.through != "" {
		through = fmt.Sprintf("if ($si != %q) { $du = \"sip:%s:5060\"; t_relay(); exit; }\n\t", o.through, o.through)
	}
	if o.stun {
		stun = "loadmodule \"stun.so\"\n"
	}
	if o.cert != "" {
		if found, _ := filepath.Glob("/usr/lib/*/kamailio/modules/tls.so"); len(found) == 0 {
			l.cannot("kamailio can't do TLS: Debian's package kamailio-tls-modules is missing")
		}
		listen = "enable_tls=yes\nlisten=tls:" + h.addr + ":5061\n"
		module = "loadmodule \"tls.so\"\nmodparam(\"tls\", \"tls_method\", \"TLSv1.2+\")\n" +
			"modparam(\"tls\", \"certificate\", \"" + o.cert + "\")\nmodparam(\"tls\", \"private_key\", \"" + o.key + "\")\n"
	}
	l.write(file, strings.NewReplacer("@TLS@", listen, "@TLSMODULE@", module, "@ADDR@", h.addr, "@MODULES@", modules[0], "@REGISTERED@", o.registered, "@STUN@", stun, "@THROUGH@", through, "@USERS@", strings.Join(lines, "")).Replace(kamailioConfig))
	k := &kamailio{addr: h.addr, host: h, args: []string{"-DD", "-E", "-f", file, "-m", "32", "-M", "4", "-Y", dir, "-w", dir}}
	l.restart(k)
	return k
}

// restart starts kamailio, for the first time or after it was stopped.
func (l *lab) restart(k *kamailio) {
	l.t.Helper()
	k.process = l.start("kamailio", k.host.command("kamailio", k.args...))
	waitTCP(l, k.addr+":5060")
}

// waitTCP waits until something listens.
func waitTCP(l *lab, addr string) net.Conn {
	l.t.Helper()
	deadline := time.Now().Add(patience * 15 * time.Second)
	for {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			l.cleanup(func() { c.Close() })
			return c
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("nobody listens on %s: %v", addr, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
