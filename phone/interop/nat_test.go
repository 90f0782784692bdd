//go:build peers && linux

package interop

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"offhook/phone/control"
)

// router makes a machine that lends its address to those behind it, and
// forgets a UDP binding after so many seconds without a packet. It skips the
// test where the kernel or nft (package nftables) can't.
func (l *lab) router(forgets int) host {
	l.t.Helper()
	r := l.host()
	l.filter(r, `
table ip nat {
	chain out {
		type nat hook postrouting priority srcnat;
		oifname "eth0" masquerade
	}
}
table ip filter {
	counter sent { }
	chain here { # without a word, as home routers do; and nothing is remembered of it
		type filter hook input priority filter;
		meta l4proto udp drop
	}
	chain through { # what nobody inside has asked for stays outside
		type filter hook forward priority filter; policy drop;
		iifname != "eth0" counter name sent accept
		ct state established,related accept
	}
}
`)
	for key, value := range map[string]int{"ipv4/ip_forward": 1, "netfilter/nf_conntrack_udp_timeout": forgets, "netfilter/nf_conntrack_udp_timeout_stream": forgets} {
		if err := r.command("sh", "-c", fmt.Sprintf("echo %d > /proc/sys/net/%s", value, key)).Run(); err != nil {
			l.cannot("%s can't be set: %v", key, err)
		}
	}
	return r
}

// sent is how many packets have left through a router.
func (l *lab) sent(r host) (packets int) {
	l.t.Helper()
	out, err := r.command("nft", "list", "counter", "ip", "filter", "sent").Output()
	if err != nil {
		l.t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(out), "packets ")
	fmt.Sscan(after, &packets)
	return packets
}

// filter loads rules of nftables on h.
func (l *lab) filter(h host, rules string) {
	l.t.Helper()
	if _, err := exec.LookPath("nft"); err != nil {
		l.cannot("the program nft is missing (package nftables)")
	}
	file := l.sub("nft-"+h.space) + "/rules"
	l.write(file, rules)
	if out, err := h.command("nft", "-f", file).CombinedOutput(); err != nil {
		l.cannot("nft: %v: %s", err, out)
	}
}

// cannot ends a test that this machine is not made for: skipped, loudly, unless it is CI's.
func (l *lab) cannot(format string, args ...any) {
	l.t.Helper()
	text := fmt.Sprintf(format, args...)
	if ci() {
		l.t.Fatal(text)
	}
	l.t.Skip("*** NOT TESTED: " + text + " ***")
}

// behind makes a machine with a private address behind a router.
func (l *lab) behind(r host) host {
	l.t.Helper()
	l.n++
	h := host{space: fmt.Sprintf("n%dx%d", l.net, l.n), iface: "eth0", addr: "192.168.7." + strconv.Itoa(l.n), resolv: l.resolv}
	port := "in" + strconv.Itoa(l.n)
	l.ip("netns", "add", h.space)
	l.cleanup(func() { run("ip", "netns", "del", h.space) })
	l.ip("-n", r.space, "link", "add", port, "type", "veth", "peer", "name", h.iface, "netns", h.space)
	l.ip("-n", r.space, "addr", "add", "192.168.7.254/24", "dev", port)
	l.ip("-n", r.space, "link", "set", port, "up")
	l.ip("-n", h.space, "link", "set", "lo", "up")
	l.ip("-n", h.space, "addr", "add", h.addr+"/24", "dev", h.iface)
	l.ip("-n", h.space, "link", "set", h.iface, "up")
	l.ip("-n", h.space, "route", "add", "default", "via", "192.168.7.254")
	return h
}

// TestNATThatForgetsSoonIsKeptAwake: behind a router that forgets after 15 s, calls come in after much longer, since the
// phone sends something as often as the registrar's Flow-Timer asks. When it stands still for so long, they don't: the
// keep-alive is what lets them through.
func TestNATThatForgetsSoonIsKeptAwake(t *testing.T) {
	t.Parallel()
	const forgets = 15
	l := newLab(t)
	k := l.kamailioWith(map[string]string{"alice": "one", "bob": "two"}, kamailioOptions{stun: true, registered: `append_to_reply("Flow-Timer: 10\r\n"); `})
	router := l.router(forgets)
	inside := l.behind(router)
	off := l.offhook(k, "alice", offhookOptions{password: "one", anywhere: true, at: &inside, account: fmt.Sprintf("public_address = %q", router.addr)})
	bare := l.baresip(k, "bob", "two", baresipOptions{})
	time.Sleep(2 * forgets * time.Second)
	off.rings(bare, k.addr)
	from := off.mark()
	syscall.Kill(off.cmd.Process.Pid, syscall.SIGSTOP)
	time.Sleep((forgets + 5) * time.Second)
	said := bare.printed()
	bare.do("dial", "sip:alice@"+k.addr)
	bare.awaitMore(said, "session closed", 20*time.Second)
	syscall.Kill(off.cmd.Process.Pid, syscall.SIGCONT)
	sent := l.sent(router)
	off.eventually("heard of at the router", 20*time.Second, func() bool { return l.sent(router) > sent })
	off.mu.Lock()
	for _, e := range off.events[from:] {
		if e.Type == control.EventCall {
			t.Errorf("a call came through a NAT that had forgotten the phone: %+v", e)
		}
	}
	off.mu.Unlock()
	off.rings(bare, k.addr)
	// And sound goes both ways.
	from = off.mark()
	bare.do("dial", "sip:alice@"+k.addr)
	off.awaitCall(from, control.CallIncoming, 10*time.Second)
	off.do("handset", "lift")
	off.awaitCall(from, control.CallActive, 10*time.Second)
	off.flows()
	off.do("handset", "hang-up")
	off.awaitCall(from, control.CallEnded, 10*time.Second)
}
