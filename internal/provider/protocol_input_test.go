package provider_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/encryption"
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

// inputs are values of arguments. Their errors and warnings are in testdata/input.golden.
var inputs = map[string][]any{
	"name": texts("a", " a\t", "日本", strings.Repeat("é", 256), strings.Repeat("é", 257), "", " ",
		"\u00a0\u2003\n", "web\u202etxt", "we\x00b", "we\nb", "\u2800\u3164"),
	"redirect_uris": append(each(
		// Not absolute URIs.
		"", "/callback", "//app.example.com/cb", "app.example.com/cb", "https://app.example.com/a b",
		"https://app.example.com/a\u00a0b", "https://app.example.com/a\u2028b", "https://app.example.com/cb\n",
		"https://app.example.com/cb\x7f", "https://app.example.com:port/cb", "https://app.example.com/%zz",
		"https:///cb", "127.0.0.1:3000/cb", "[::1]:3000/cb", "my_app://cb", "com.example.my_app:/oauth2redirect",
		"1app://cb",
		// Usual ones.
		"https://app.example.com/cb", "https://app.example.com:8443/cb?x=1", "HTTPS://APP.EXAMPLE.COM/cb",
		"myapp://callback", "com.example.app:/oauth2redirect", "urn:ietf:wg:oauth:2.0:oob",
		"https://münchen.example/cb", "http://localhost/cb", "http://localhost:3000/cb",
		"http://LocalHost:3000/cb", "http://localhost./cb", "http://app.localhost:3000/cb",
		"http://App.LOCALHOST./cb", "HTTP://127.0.0.1/cb", "http://127.1.2.3:1/cb", "http://[::1]:80/cb",
		"http://[0:0:0:0:0:0:0:1]/cb", "http://[::ffff:127.0.0.1]/cb",
		// What Clerk may accept, and is not an error.
		"http://127.0.0.1.example.com/cb", "http://localhost.example.com/cb", "http://notlocalhost/cb",
		"http://10.0.0.1/cb", "HTTP://app.example.com/cb", "https://*.example.com/cb",
		"http://*.example.com/cb#a", "https://app.example.com/cb#", "javascript:alert(1)", "JavaScript:alert(1)",
		"data:text/html,x", "file:///etc/passwd", "vbscript:x", "localhost:3000/callback", "myapp:1/cb",
		"tel:12345", "tel:+4912345678", "mailto:a", "sms:1", "https://user@app.example.com/cb",
		"https://user:hunter2@app.example.com/", "https://app.example.com/\u200bcb",
		"https://app.example.com/cb\ufeff\u200b", "https://app.example.com/\u00adc\u3164b",
		"https://app.example.com/c\ufe0fb",
	), []any{nil}, []string{"http://a.example", "http://b.example", "https://fine.example"}),
	"scopes": append(each(
		"openid", "read:things", "a,b", "", "openid profile", "a\"b", "a\\b", "é", "openid,profile", "a,email",
	), []string{}, []any{nil}, []string{"a,b", "c,d"}, []string{strings.Repeat("a", 1024)},
		[]string{strings.Repeat("a", 1025)}),
	"rotate_secret_trigger": {"1", " 2026-07-01\n", "", "\r\n", "2018", " 1999", "2101"},
	"encrypt_client_secret_to": append(each("age1abc", "AGE-PLUGIN-YUBIKEY-1QQPQYQGZ"),
		[]string{}, []any{nil}, []string{"age1abc", "AGE-PLUGIN-YUBIKEY-1QQPQYQGZ"}),
	"logo_path": texts("", "https://a.example/logo.png", "file:///logo.png", "data:image/png;base64,AA=",
		"none.png", "/none.png", `C:\none.png`, "none:b.png", "testdata", "testdata/logo.svg",
		"protocol_input_test.go"),
	"logo_sha256": {"0"},
	"timeouts":    {values{"create": "1ms"}, values{"read": "soon"}, values{"delete": "1s"}},
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

// What a provider says that cannot work, by its block and the environment, is in
// testdata/configure.golden: when it is configured, in the plan of a create, and where it has
// to read. What is wrong with the key is explained once. No message holds a part of the key.
func TestProtocolConfigure(t *testing.T) {
	const key, simulator = "sk_test_canary0123456789", "http://clerk-simulator:4010"
	insecure := values{"secret_key": key, "api_url": simulator, "allow_http": true}
	for name, c := range map[string]struct{ block, environment values }{
		"all arguments": {insecure.with("instance_id", "ins_1").with("request_timeout", "1m30s").
			with("requests_per_10s", 50), nil},
		"no key":                            {},
		"an empty argument":                 {values{"secret_key": ""}, values{"CLERK_SECRET_KEY": key}},
		"a blank variable":                  {nil, values{"CLERK_SECRET_KEY": " \n"}},
		"a publishable key":                 {values{"secret_key": "pk_test_canary"}, values{"CLERK_SECRET_KEY": key}},
		"a placeholder":                     {nil, values{"CLERK_SECRET_KEY": "sk_test_..."}},
		"quotation marks":                   {nil, values{"CLERK_SECRET_KEY": `"sk_test_canary"`}},
		"an assignment":                     {values{"secret_key": "CLERK_SECRET_KEY=sk_test_canary"}, nil},
		"a key on two lines":                {values{"secret_key": "sk_test_can\nary"}, nil},
		"an address of no kind":             {values{"secret_key": key, "api_url": "api.clerk.com"}, values{"CLERK_API_URL": simulator}},
		"key and address":                   {nil, values{"CLERK_SECRET_KEY": "sk_test_...", "CLERK_API_URL": "ftp://x"}},
		"an instance_id of a key":           {values{"secret_key": key, "instance_id": "sk_test_a"}, nil},
		"an empty instance_id":              {values{"secret_key": key, "instance_id": ""}, nil},
		"http":                              {insecure.with("allow_http", nil), nil},
		"http, allowed":                     {insecure, nil},
		"http, allowed by the environment":  {insecure.with("allow_http", nil), values{"CLERK_ALLOW_HTTP": "1"}},
		"http, denied before it":            {insecure.with("allow_http", false), values{"CLERK_ALLOW_HTTP": "true"}},
		"http, unclear":                     {insecure.with("allow_http", nil), values{"CLERK_ALLOW_HTTP": "maybe"}},
		"http, a production key":            {insecure.with("secret_key", "sk_live_canary"), nil},
		"http, a production key by the env": {insecure.with("secret_key", "sk_live_canary").with("allow_http", nil), values{"CLERK_ALLOW_HTTP": "true"}},
		"http, a key without a prefix":      {insecure.with("secret_key", "any"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range c.environment {
				t.Setenv(variable, value.(string))
			}
			tf := newTerraform(t.Errorf, t.Cleanup)
			tf.block = merged(values{"max_retries": 0}, c.block)
			p := tf.process(t.Context())
			heard := "Configuration:\n" + p.heard
			if !p.heard.failed() {
				_, planning := p.plan(&object{kind: application}, portal)
				_, reading := p.data(application+"s", values{})
				heard += "Plan:\n" + planning + "Read:\n" + reading
			}
			if heard.say("canary") {
				t.Error("a part of the key is shown")
			}
			provider.CheckGolden(t, "configure.golden", name, changing.ReplaceAllString(string(heard), "…"))
		})
	}
}

// The limits of the block hold: two attempts of two seconds each, the second one when the ten
// seconds of the first have passed.
func TestProtocolLimits(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		maps.Copy(tf.block, values{"max_retries": 1, "request_timeout": "2s", "requests_per_10s": 1})
		tf.clerk.Inject(clerktest.NeverAnswers().OnList())
		began := time.Now()
		_, heard := tf.process(t.Context()).data(application+"s", values{})
		took, sent := time.Since(began), len(tf.clerk.Requests())
		if !heard.failed() || sent != 2 || took < 12*time.Second || took > 15*time.Second {
			t.Errorf("%d requests took %s: %s", sent, took, heard)
		}
	})
}

func TestProtocolLimitsAreChecked(t *testing.T) {
	p := newTerraform(t.Errorf, t.Cleanup).process(t.Context())
	for name, limits := range map[string]struct{ valid, invalid []any }{
		"request_timeout":  {[]any{"1ms", "10m"}, []any{"0s", "-1s", "10m1s", "5"}},
		"max_retries":      {[]any{0, 20}, []any{-1, 21}},
		"requests_per_10s": {[]any{1}, []any{0}},
	} {
		for i, value := range append(limits.valid, limits.invalid...) {
			request := &tfprotov6.ValidateProviderConfigRequest{Config: encode(schemas.Provider, values{name: value})}
			heard := p.hear(must(p.ValidateProviderConfig(p.ctx, request)).Diagnostics)
			if heard.failed() != (i >= len(limits.valid)) {
				t.Errorf("%s = %v: %s", name, value, heard)
			}
		}
	}
}

// An engine that can defer resources puts everything off while an argument is unknown, also
// what has not changed.
func TestProtocolDeferral(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o, schema := &object{kind: application}, schemas.ResourceSchemas[application]
		tf.run(t.Context(), o, portal)
		block := encode(schemas.Provider, tf.block.with("secret_key", "?"))
		block.MsgPack = bytes.Replace(block.MsgPack, []byte("\xa1?"), []byte("\xd4\x00\x00"), 1) // unknown
		server := provider.NewServer("test", tf.transport)()
		configured := must(server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
			Config: block, ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{DeferralAllowed: true},
		}))
		planned := must(server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
			TypeName: application, Config: encode(schema, portal),
			PriorState: encode(schema, o.state), ProposedNewState: encode(schema, o.state),
			ClientCapabilities: &tfprotov6.PlanResourceChangeClientCapabilities{DeferralAllowed: true},
		}))
		if len(configured.Diagnostics) > 0 || planned.Deferred == nil {
			t.Errorf("not deferred: %s", tf.hear(append(configured.Diagnostics, planned.Diagnostics...)))
		}
	})
}

// No message stands on an attribute, because the engine would print the line of it.
func TestProtocolDecryptedSecret(t *testing.T) {
	t.Parallel()
	const kind = "clerk_decrypted_secret"
	mine, other := identities[0].(*age.X25519Identity).String(), identities[1].(*age.X25519Identity).String()
	ciphertext := must(encryption.Encrypt("s3cret", recipient(0)))
	p := newTerraform(t.Errorf, t.Cleanup).process(t.Context())
	for _, c := range []struct {
		ciphertext, plaintext any
		identity, says        string
	}{
		{ciphertext, "s3cret", mine, ""},
		{nil, nil, mine, ""}, // there may be no secret yet
		{nil, nil, "AGE-SECRET-KEY-1CANARY", "The value of identity cannot be used: line 1 is not an age identity"},
		{ciphertext, nil, other, "it is not for this identity"},
		{"CANARY", nil, mine, "The value of ciphertext cannot be used"},
	} {
		config := encode(schemas.EphemeralResourceSchemas[kind], values{"ciphertext": c.ciphertext, "identity": c.identity})
		response := must(p.OpenEphemeralResource(p.ctx, &tfprotov6.OpenEphemeralResourceRequest{TypeName: kind, Config: config}))
		heard, text := p.hear(response.Diagnostics), decode(response.Result)["plaintext"]
		if heard.failed() != (c.says != "") || !heard.say(c.says) || heard.say("(on") ||
			heard.say("CANARY") || text != c.plaintext {
			t.Errorf("got %v and %s", text, heard)
		}
	}
}
