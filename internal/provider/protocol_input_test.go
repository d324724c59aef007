package provider_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/provider"
)

// each makes a list of one element of each text.
func each(texts ...string) (lists []any) {
	for _, text := range texts {
		lists = append(lists, []string{text})
	}
	return lists
}

func texts(texts ...any) []any { return texts }

// inputs are values of an argument, of which testdata/input.golden has the errors and warnings.
var inputs = map[string][]any{
	"name": texts("a", " a\t", "日本", strings.Repeat("é", 256), strings.Repeat("é", 257), "", " ",
		"\u00a0\u2003\n", "web\u202etxt", "we\x00b", "we\nb", "\u2800\u3164"),
	"redirect_uris": append(each(
		// Not absolute URIs.
		"", "/callback", "//app.example.com/cb", "app.example.com/cb", "https://app.example.com/a b",
		"https://app.example.com/a\u00a0b", "https://app.example.com/a\u2028b",
		"https://app.example.com/cb\n", "https://app.example.com/cb\x7f",
		"https://app.example.com:port/cb", "https://app.example.com/%zz", "https:///cb",
		"127.0.0.1:3000/cb", "[::1]:3000/cb", "my_app://cb", "com.example.my_app:/oauth2redirect",
		"1app://cb",
		// Usual ones.
		"https://app.example.com/cb", "https://app.example.com:8443/cb?x=1",
		"HTTPS://APP.EXAMPLE.COM/cb", "myapp://callback", "com.example.app:/oauth2redirect",
		"urn:ietf:wg:oauth:2.0:oob", "https://münchen.example/cb", "http://localhost/cb",
		"http://localhost:3000/cb", "http://LocalHost:3000/cb", "http://localhost./cb",
		"http://app.localhost:3000/cb", "http://App.LOCALHOST./cb", "HTTP://127.0.0.1/cb",
		"http://127.1.2.3:1/cb", "http://[::1]:80/cb", "http://[0:0:0:0:0:0:0:1]/cb",
		"http://[::ffff:127.0.0.1]/cb",
		// What Clerk may accept, and is not an error.
		"http://127.0.0.1.example.com/cb", "http://localhost.example.com/cb", "http://notlocalhost/cb",
		"http://10.0.0.1/cb", "HTTP://app.example.com/cb", "https://*.example.com/cb",
		"http://*.example.com/cb#a", "https://app.example.com/cb#", "javascript:alert(1)",
		"JavaScript:alert(1)", "data:text/html,x", "file:///etc/passwd", "vbscript:x",
		"localhost:3000/callback", "myapp:1/cb", "tel:12345", "tel:+4912345678", "mailto:a", "sms:1",
		"https://user@app.example.com/cb", "https://user:hunter2@app.example.com/",
		"https://app.example.com/\u200bcb", "https://app.example.com/cb\ufeff\u200b",
		"https://app.example.com/\u00adc\u3164b", "https://app.example.com/c\ufe0fb",
	), []any{nil}, []string{"http://b.example", "http://a.example", "https://fine.example"}),
	"scopes": append(each(
		"openid", "read:things", "a,b", "", "openid profile", "a\"b", "a\\b", "é", "openid,profile",
		"a,email",
	), []string{}, []any{nil}, []string{"a,b", "c,d"}, []string{strings.Repeat("a", 1024)},
		[]string{strings.Repeat("a", 1025)}),
	"rotate_secret_trigger": texts("1", " 2026-07-01\n", "", "\r\n", "2018", " 1999", "2101"),
	"encrypt_client_secret_to": append(each("age1abc", "AGE-PLUGIN-YUBIKEY-1QQPQYQGZ"),
		[]string{}, []any{nil}, []string{"age1abc", "AGE-PLUGIN-YUBIKEY-1QQPQYQGZ"}),
	"logo_path": texts("", "https://a.example/logo.png", "file:///logo.png", "data:image/png;base64,AA=",
		"none.png", "/none.png", `C:\none.png`, "none:b.png", "testdata", "testdata/logo.svg",
		"protocol_input_test.go"),
	"logo_sha256": texts("0"),
	"timeouts":    texts(values{"create": "1ms"}, values{"read": "soon"}, values{"delete": "1s"}),
	"public": texts(public, public.with("pkce_required", nil), public.with("rotate_secret_trigger", "1"),
		public.with("scopes", []string{"private_metadata"}),
		public.with("pkce_required", false).with("device_authorization_grant_enabled", true)),
}

// An error sends nothing, and no message shows a password or may print a private key.
func TestProtocolInput(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		p := tf.process(t.Context())
		for name, all := range inputs {
			var text strings.Builder
			for _, value := range all {
				config, isWhole := value.(values)
				if !isWhole || name == "timeouts" {
					config = portal.with(name, value)
				}
				_, heard := p.plan(&object{kind: application}, config)
				if heard.say("hunter2") || heard.say("QQPQYQGZ") {
					t.Errorf("%q is shown:\n%s", value, heard)
				}
				shown := fmt.Sprintf("%+q", value)
				if isWhole {
					shown = fmt.Sprint(value)
				}
				fmt.Fprintf(&text, "%s = %s\n%s", name, shown, heard)
			}
			here := must(os.Getwd())
			provider.CheckGolden(t, "input.golden", name, strings.ReplaceAll(text.String(), here, "…"))
		}
		if sent := tf.clerk.RequestLines(); len(sent) > 0 {
			t.Errorf("sent %q", sent)
		}
	})
}
