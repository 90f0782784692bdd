package ua

import (
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
)

func udpAddr(s string) net.Addr { return net.UDPAddrFromAddrPort(netip.MustParseAddrPort(s)) }

// tortureDir is where sipgo's module keeps the vectors of RFC 4475.
func tortureDir(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/emiago/sipgo").Output()
	if err != nil {
		t.Skipf("no go command to find sipgo's test vectors: %v", err)
	}
	return strings.TrimSpace(string(out)) + "/sip/testdata/torture"
}
