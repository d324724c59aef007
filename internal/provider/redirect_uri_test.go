package provider

import (
	"strings"
	"testing"
)

func TestRedirectURIProblems(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"":                                   "is empty",
		"/callback":                          "is relative",
		"//app.example.com/cb":               "is relative",
		"app.example.com/cb":                 "is relative",
		"https://app.example.com/a b":        "(U+0020)",
		"https://app.example.com/a\u00a0b":   "(U+00A0)",
		"https://app.example.com/a\u2028b":   "(U+2028)",
		"https://app.example.com/cb\n":       "(U+000A)",
		"https://app.example.com/cb\x7f":     "(U+007F)",
		"https://app.example.com:port/cb":    `is not a URI: invalid port ":port" after host`,
		"https://app.example.com/%zz":        "is not a URI: invalid URL escape",
		"https:///cb":                        "has no host",
		"127.0.0.1:3000/cb":                  "write https:// or http:// in front",
		"[::1]:3000/cb":                      "write https:// or http:// in front",
		"my_app://cb":                        `"_" is not allowed`,
		"com.example.my_app:/oauth2redirect": `has the scheme "com.example.my_app"`,
		"1app://cb":                          "is not a URI",
	} {
		if got := redirectURIProblem(uri); !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", uri, got, want)
		}
		if got := redirectURICheck.problem(uri); !strings.HasSuffix(got, redirectURIForm+".") {
			t.Errorf("%q: the message does not say what a redirect URI is: %q", uri, got)
		}
	}
}

// A URI that Clerk may accept is not an error, and a usual URI is not a warning.
func TestRedirectURIConcerns(t *testing.T) {
	t.Parallel()
	for uri, wants := range map[string][]string{
		"https://app.example.com/cb":             nil,
		"https://app.example.com:8443/cb?x=1":    nil,
		"HTTPS://APP.EXAMPLE.COM/cb":             nil,
		"myapp://callback":                       nil,
		"com.example.app:/oauth2redirect":        nil,
		"urn:ietf:wg:oauth:2.0:oob":              nil,
		"https://münchen.example/cb":             nil,
		"http://localhost/cb":                    nil,
		"http://localhost:3000/cb":               nil,
		"http://LocalHost:3000/cb":               nil,
		"http://localhost./cb":                   nil,
		"http://app.localhost:3000/cb":           nil,
		"http://App.LOCALHOST./cb":               nil,
		"HTTP://127.0.0.1/cb":                    nil,
		"http://127.1.2.3:1/cb":                  nil,
		"http://[::1]:80/cb":                     nil,
		"http://[0:0:0:0:0:0:0:1]/cb":            nil,
		"http://[::ffff:127.0.0.1]/cb":           nil,
		"http://127.0.0.1.example.com/cb":        {`the scheme "http"`},
		"http://localhost.example.com/cb":        {`the scheme "http"`},
		"http://notlocalhost/cb":                 {`the scheme "http"`},
		"http://10.0.0.1/cb":                     {`the scheme "http"`},
		"HTTP://app.example.com/cb":              {`the scheme "http"`},
		"https://*.example.com/cb":               {`"*", which is not a wildcard`},
		"http://*.example.com/cb#a":              {`the scheme "http"`, `"*"`, `the fragment "#a"`},
		"https://app.example.com/cb#":            {`the fragment "#"`},
		"javascript:alert(1)":                    {`the scheme "javascript"`},
		"JavaScript:alert(1)":                    {`the scheme "javascript"`},
		"data:text/html,x":                       {`the scheme "data"`},
		"file:///etc/passwd":                     {`the scheme "file"`},
		"vbscript:x":                             {`the scheme "vbscript"`},
		"localhost:3000/callback":                {`scheme "localhost"; if that is a host, write https:// or http:// in front`},
		"myapp:1/cb":                             {`scheme "myapp"`},
		"tel:12345":                              {`scheme "tel"`},
		"tel:+4912345678":                        {`the scheme "tel"`},
		"https://user@app.example.com/cb":        {`user information ("user@")`},
		"https://user:hunter2@app.example.com/":  {`user information ("user@")`},
		"https://app.example.com/\u200bcb":       {"invisible characters: U+200B"},
		"https://app.example.com/cb\ufeff\u200b": {"invisible characters: U+200B, U+FEFF"},
		"https://app.example.com/\u00adc\u3164b": {"U+00AD, U+3164"},
		"https://app.example.com/c\ufe0fb":       {"U+FE0F"},
	} {
		if problem := redirectURIProblem(uri); problem != "" {
			t.Errorf("%q is refused: it %s", uri, problem)
		}
		got := redirectURIConcerns(uri)
		if len(got) != len(wants) {
			t.Errorf("%q: %q, want %d", uri, got, len(wants))
			continue
		}
		for i, want := range wants {
			if !strings.Contains(got[i], want) {
				t.Errorf("%q: %q, want %q", uri, got[i], want)
			}
		}
	}
}
