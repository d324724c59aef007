package clerk_test

import (
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

func TestIsLoopback(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST": true, "LocalHost.": true, "app.localhost": true, "App.LOCALHOST.": true,
		"127.0.0.1": true, "127.0.0.1.": true, "127.1.2.3": true, "127.255.255.255": true,
		"::1": true, "[::1]": true, "0:0:0:0:0:0:0:1": true, "[0000:0000:0000:0000:0000:0000:0000:0001]": true, "::0.0.0.1": true,
		"::ffff:127.0.0.1": true, "[::FFFF:7f00:1]": true, "::1%lo": true,

		"": false, ".": false, "[]": false, "localhost.example": false, "notlocalhost": false, "localhost..": false,
		"127.evil.example": false, "127.0.0.1.evil.example": false, "127.0.0.1.nip.io": false, "127.1": false, "2130706433": false, "0x7f.0.0.1": false, "127.0.0.01": false,
		"128.0.0.1": false, "10.0.0.1": false, "0.0.0.0": false, "::": false, "::2": false, "::ffff:10.0.0.1": false, "fe80::1": false,
		"localhost:80": false, "127.0.0.1:80": false, "[::1": false, "::1]": false, "ⓛocalhost": false, " localhost": false,
	} {
		equal(t, host, clerk.IsLoopback(host), want)
	}
}
