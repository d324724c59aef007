package clerk

import (
	"net/netip"
	"strings"
)

// IsLoopback reports whether a host, without a port, is certain to be this machine:
// localhost and the names below it (RFC 6761 section 6.3), and the addresses of
// 127.0.0.0/8 and ::1 in each of their spellings, with or without brackets.
//
// An address is parsed and never compared as text: 127.evil.example is a name like
// any other. Spellings that only some programs read as an address, such as 127.1,
// are not loopback.
func IsLoopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, ".")) // a dot at the end: the name is absolute
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}
