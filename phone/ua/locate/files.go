package locate

import (
	"bytes"
	"io"
	"net/netip"
	"os"
	"strings"
	"time"
)

// files is what /etc/hosts and /etc/resolv.conf say.
type files struct {
	hosts   map[string][]netip.Addr // by lower-case name
	servers []netip.AddrPort        // name servers; at most 3, as the C library takes

	looked             time.Time
	hostsAge, resolvAt time.Time // when the files were last changed
}

const (
	lookEvery = 5 * time.Second // how often the files are looked at
	maxFile   = 4 << 20         // bytes of a file that are read
	maxLine   = 1000            // names and addresses of the hosts file that are kept
)

// reload reads the files when they have changed.
func (f *files) reload(hosts, resolv string, now time.Time) {
	if !f.looked.IsZero() && now.Sub(f.looked) < lookEvery {
		return
	}
	f.looked = now
	if at := changed(hosts); !at.Equal(f.hostsAge) || f.hosts == nil {
		f.hostsAge, f.hosts = at, parseHosts(read(hosts))
	}
	if at := changed(resolv); !at.Equal(f.resolvAt) || f.servers == nil {
		f.resolvAt, f.servers = at, parseResolv(read(resolv))
	}
}

func changed(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// read gives the contents of a file, nothing when there is none.
func read(path string) []byte {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	data, _ := io.ReadAll(io.LimitReader(f, maxFile))
	return data
}

// fieldsOf calls each with the words of every line, comments taken off.
func fieldsOf(data []byte, comments string, each func(words []string)) {
	for line := range bytes.Lines(data) {
		if i := bytes.IndexAny(line, comments); i >= 0 {
			line = line[:i]
		}
		if words := strings.Fields(string(line)); len(words) > 1 {
			each(words)
		}
	}
}

// parseHosts reads hosts(5).
func parseHosts(data []byte) map[string][]netip.Addr {
	hosts, kept := map[string][]netip.Addr{}, 0
	fieldsOf(data, "#", func(words []string) {
		ip, err := netip.ParseAddr(words[0])
		if err != nil {
			return
		}
		for _, name := range words[1:] {
			if kept++; kept > maxLine {
				return
			}
			name = strings.ToLower(strings.TrimSuffix(name, "."))
			hosts[name] = append(hosts[name], ip.Unmap())
		}
	})
	return hosts
}

// parseResolv reads the name servers of resolv.conf(5).
func parseResolv(data []byte) []netip.AddrPort {
	servers := []netip.AddrPort{}
	fieldsOf(data, "#;", func(words []string) {
		if words[0] != "nameserver" || len(servers) == 3 {
			return
		}
		if ip, err := netip.ParseAddr(words[1]); err == nil {
			servers = append(servers, netip.AddrPortFrom(ip.Unmap(), 53))
		}
	})
	return servers
}
