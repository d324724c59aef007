package lifecycle

import (
	"bytes"
	"slices"
	"strings"
)

// refusals has input that must be refused before anything is sent. After each mistake
// comes the same input without it, which does send something.
var refusals = slices.Concat(resourceRefusals(), providerRefusals(), dataSourceRefusals())

func resourceRefusals() []scenario {
	var all []scenario
	for _, bad := range []struct {
		name, attribute string
		value           any
		also            values // beside it
		says            string
		noPath          bool // the engine would print the line of the configuration, private key included
	}{
		{name: "empty name", attribute: "name", value: "", says: "1 to 256 characters"},
		{name: "blank name", attribute: "name", value: " \t ", says: "1 to 256 characters"},
		{name: "name of 257 characters", attribute: "name", value: strings.Repeat("é", 257), says: "1 to 256 characters.*this value has 257 characters"},
		{name: "empty redirect URI", attribute: "redirect_uris", value: []string{""}, says: "is empty"},
		{name: "relative redirect URI", attribute: "redirect_uris", value: []string{"/callback"}, says: `"/callback" is relative`},
		{name: "redirect URI that is an address and a port", attribute: "redirect_uris", value: []string{"127.0.0.1:3000/cb"}, says: `write https:// or http:// in\s+front`},
		{name: "redirect URI with an underscore in its scheme", attribute: "redirect_uris", value: []string{"my_app://cb"}, says: `scheme "my_app", in which "_" is not allowed`},
		{name: "redirect URI that is not a URI", attribute: "redirect_uris", value: []string{"https://app.example.com:port/cb"}, says: "is not a URI"},
		{name: "redirect URI without host", attribute: "redirect_uris", value: []string{"https:///cb"}, says: "has no host"},
		{name: "redirect URI with a blank", attribute: "redirect_uris", value: []string{"https://app.example.com/a b"}, says: "white space"},
		{name: "redirect URI that is null", attribute: "redirect_uris", value: []any{"https://a.example.com/cb", nil}, says: "null"},
		{name: "scope that is null", attribute: "scopes", value: []any{nil, "openid"}, says: "null"},
		{name: "recipient that is null", attribute: "encrypt_client_secret_to", value: []any{alice.Recipient().String(), nil}, says: "null", noPath: true},
		{name: "no scopes", attribute: "scopes", value: []string{}, says: `treats an empty set of scopes as "use the defaults"`},
		{name: "too many scopes", attribute: "scopes", value: []string{strings.Repeat("a", 600), strings.Repeat("b", 600)}, says: "1024 characters"},
		{name: "negative timeout", attribute: "timeouts", value: values{"create": "-5m"}, says: "at least 1s"},
		{name: "empty scope", attribute: "scopes", value: []string{""}, says: "Invalid scope"},
		{name: "scope with a blank", attribute: "scopes", value: []string{"profile email"}, says: `"profile email" is not.*an element of its own`},
		{name: "scopes with commas", attribute: "scopes", value: []string{"openid,profile"}, says: `"openid,profile" is a list separated by commas.*\["openid", "profile"\]`},
		{name: "scope with a quotation mark", attribute: "scopes", value: []string{`a"b`}, says: "quotation marks"},
		{name: "empty trigger", attribute: "rotate_secret_trigger", value: "", says: "empty string"},
		{name: "trigger of a public client", attribute: "rotate_secret_trigger", value: "1", also: values{"public": true, "pkce_required": true}, says: `public client has no secret.*each\.value\.public \? null : var\.rotation`},
		{name: "text that is not a recipient", attribute: "encrypt_client_secret_to", value: []string{"age1"}, says: "cut off", noPath: true},
		{name: "identity as recipient", attribute: "encrypt_client_secret_to", value: []string{alice.String()}, says: "private key", noPath: true},
		{name: "identity beside a null", attribute: "encrypt_client_secret_to", value: []any{nil, alice.String()}, says: "private key", noPath: true},
		{name: "no recipients", attribute: "encrypt_client_secret_to", value: []string{}, says: "is empty.*at least one"},
		{name: "empty logo path", attribute: "logo_path", value: "", says: "at least 1"},
		{name: "logo that is a directory", attribute: "logo_path", value: inDir("."), says: "not a regular file"},
		{name: "logo of another type", attribute: "logo_path", value: inDir("logo.txt"), says: "is of type text/plain.*JPEG, PNG, GIF and WebP"},
		{name: "logo that is SVG", attribute: "logo_path", value: inDir("logo.svg"), says: `is of type image/svg\+xml \(SVG\)`},
		{name: "logo that is too big", attribute: "logo_path", value: inDir("big.png"), says: "at most 10485760"},
		{name: "text that is not a timeout", attribute: "timeouts", value: values{"create": "soon"}, says: "soon"},
	} {
		good, at := with(web, bad.also), bad.attribute
		if bad.noPath {
			at = ""
		}
		if bad.name == "trigger of a public client" {
			good["public"] = false
		}
		all = append(all, scenario{
			name: bad.name,
			steps: []step{
				{
					does: "refused", config: with(with(web, bad.also), values{bad.attribute: bad.value}),
					behind: []act{
						fileWritten("logo.txt", []byte("no image")),
						fileWritten("logo.svg", []byte("<?xml version=\"1.0\"?>\n<SVG xmlns=\"http://www.w3.org/2000/svg\"/>")),
						fileWritten("big.png", append(pngImage(1), bytes.Repeat([]byte{0}, 10<<20)...)),
					},
					silent: true, fails: bad.says, failsAt: at,
				},
				{does: "without the mistake", config: good, plan: create, sends: []string{sendsCreateOf(goodBody(good))}, secret: secretMade},
			},
		})
	}
	return all
}

func goodBody(config values) string {
	if config["public"] == false {
		return `{"name":"web","pkce_required":true,"public":false}`
	}
	return `{"name":"web"}`
}

func providerRefusals() []scenario {
	var all []scenario
	for _, bad := range []struct {
		name, attribute string
		value           any
		says            string
	}{
		{name: "missing key", attribute: "secret_key", value: nil, says: "CLERK_SECRET_KEY"},
		{name: "placeholder for a key", attribute: "secret_key", value: "sk_test_...", says: "placeholder"},
		{name: "key in quotation marks", attribute: "secret_key", value: `"sk_test_abc"`, says: "without quotation marks"},
		{name: "assignment for a key", attribute: "secret_key", value: "CLERK_SECRET_KEY=sk_test_abc", says: "after the equals sign"},
		{name: "empty key", attribute: "secret_key", value: "", says: "CLERK_SECRET_KEY"},
		{name: "blank key", attribute: "secret_key", value: " \n", says: "CLERK_SECRET_KEY"},
		{name: "publishable key", attribute: "secret_key", value: "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k", says: "CLERK_SECRET_KEY.*publishable"},
		{name: "key with a newline", attribute: "secret_key", value: "sk_test_first\nsecond", says: "CLERK_SECRET_KEY.*on one line"},
		{name: "address over plain http", attribute: "api_url", value: "http://api.clerk.com", says: "use https"},
		{name: "address with a password", attribute: "api_url", value: "https://user:password@api.clerk.com", says: "user name or password"},
		{name: "empty instance id", attribute: "instance_id", value: "", says: "instance id"},
		{name: "text that is not an instance id", attribute: "instance_id", value: "ins/1", says: "instance id"},
		{name: "request timeout without a unit", attribute: "request_timeout", value: "30", says: "duration"},
		{name: "negative retries", attribute: "max_retries", value: -1, says: "between 0 and 20"},
		{name: "no requests", attribute: "requests_per_10s", value: 0, says: "at least 1"},
	} {
		at := bad.attribute
		if at == "secret_key" || at == "api_url" {
			at = "" // the engine would print the line of the configuration, key or password included
		}
		all = append(all, scenario{
			name: bad.name,
			steps: []step{
				{does: "refused", config: web, provider: values{bad.attribute: bad.value}, silent: true, fails: bad.says, failsAt: at},
				created,
			},
		})
	}
	return all
}

func dataSourceRefusals() []scenario {
	var all []scenario
	for _, bad := range []struct {
		name, typeName, attribute string
		config                    values
		says                      string
	}{
		{name: "limit 0", typeName: applicationType + "s", attribute: "limit", config: values{"limit": 0}, says: "limit"},
		{name: "negative offset", typeName: applicationType + "s", attribute: "offset", config: values{"offset": -1}, says: "offset"},
		{name: "unknown order", typeName: applicationType + "s", attribute: "order_by", config: values{"order_by": "colour"}, says: "order_by"},
		{name: "data source without an argument", typeName: applicationType, config: values{}, says: "id"},
		{name: "data source with two arguments", typeName: applicationType, attribute: "id", config: values{"id": "oa_1", "name": "web"}, says: "id"},
	} {
		all = append(all, scenario{
			name: bad.name,
			steps: []step{
				{does: "refused", reads: []lookup{{typeName: bad.typeName, config: bad.config}}, silent: true, fails: bad.says, failsAt: bad.attribute},
				created,
			},
		})
	}
	return all
}
