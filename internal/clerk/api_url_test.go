package clerk_test

import (
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

func TestParseAPIURL(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://api.clerk.com/v1":     "https://api.clerk.com/v1",
		"https://api.clerk.com/v1/":    "https://api.clerk.com/v1",
		"https://api.clerk.com/v1//":   "https://api.clerk.com/v1",
		"https://api.clerk.com":        "https://api.clerk.com/v1",
		"https://api.clerk.com/":       "https://api.clerk.com/v1",
		" https://api.clerk.com\n":     "https://api.clerk.com/v1",
		"HTTPS://api.clerk.com":        "https://api.clerk.com/v1",
		"https://proxy.example/clerk/": "https://proxy.example/clerk/v1",
		"https://proxy.example/xv1":    "https://proxy.example/xv1/v1",
		"https://10.0.0.1:8443":        "https://10.0.0.1:8443/v1",
		"http://127.0.0.1:8080":        "http://127.0.0.1:8080/v1",
		"http://127.9.9.9":             "http://127.9.9.9/v1",
		"http://[::1]:8080/v1":         "http://[::1]:8080/v1",
		"http://localhost:8080":        "http://localhost:8080/v1",
		"http://clerk.localhost":       "http://clerk.localhost/v1",
	} {
		u, err := clerk.ParseAPIURL(raw)
		noError(t, err)
		equal(t, raw, u.String(), want)
	}
	for raw, want := range map[string]error{
		"":                                  clerk.ErrURLMalformed,
		"api.clerk.com":                     clerk.ErrURLMalformed,
		"/v1":                               clerk.ErrURLMalformed,
		"https://":                          clerk.ErrURLMalformed,
		"https:///v1":                       clerk.ErrURLMalformed,
		"https://:8080":                     clerk.ErrURLMalformed,
		"https:api.clerk.com":               clerk.ErrURLMalformed,
		"javascript:alert(1)":               clerk.ErrURLMalformed,
		"javascript://api.clerk.com/%0a":    clerk.ErrURLMalformed,
		"file:///etc/passwd":                clerk.ErrURLMalformed,
		"ftp://api.clerk.com":               clerk.ErrURLMalformed,
		"https://api.clerk.com:port":        clerk.ErrURLMalformed,
		"https://api.clerk.com/%zz":         clerk.ErrURLMalformed,
		"https://api.clerk.com\x00":         clerk.ErrURLMalformed,
		"https://аpi.clerk.com":             clerk.ErrURLMalformed, // the first letter is Cyrillic
		"https://%d0%b0pi.clerk.com":        clerk.ErrURLMalformed,
		"http://api.clerk.com":              clerk.ErrURLInsecure,
		"http://127.0.0.1.example.com":      clerk.ErrURLInsecure,
		"http://localhost.example.com":      clerk.ErrURLInsecure,
		"http://notlocalhost":               clerk.ErrURLInsecure,
		"http://0.0.0.0":                    clerk.ErrURLInsecure,
		"http://[2001:db8::1]":              clerk.ErrURLInsecure,
		"https://user@api.clerk.com":        clerk.ErrURLCredentials,
		"https://user:secret@api.clerk.com": clerk.ErrURLCredentials,
		"https://api.clerk.com/v1?key=1":    clerk.ErrURLTail,
		"https://api.clerk.com/v1?":         clerk.ErrURLTail,
		"https://api.clerk.com/v1#":         clerk.ErrURLTail,
		"https://api.clerk.com/v1#top":      clerk.ErrURLTail,
	} {
		u, err := clerk.ParseAPIURL(raw)
		equal(t, raw, err, want)
		equal(t, raw+" gives nothing", u == nil, true)
	}
}

func TestParseInsecureAPIURL(t *testing.T) {
	t.Parallel()
	u, err := clerk.ParseInsecureAPIURL("http://clerk-simulator:4010")
	noError(t, err)
	equal(t, "address", u.String(), "http://clerk-simulator:4010/v1")
	for raw, want := range map[string]error{
		"ftp://clerk-simulator":                clerk.ErrURLMalformed,
		"http://user:password@clerk-simulator": clerk.ErrURLCredentials,
		"http://clerk-simulator?key=1":         clerk.ErrURLTail,
	} {
		_, err := clerk.ParseInsecureAPIURL(raw)
		equal(t, raw, err, want)
	}
}

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
