package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

func TestAllowHTTP(t *testing.T) {
	for name, test := range map[string]struct {
		allow       types.Bool
		environment string
		key, says   string
	}{
		"not allowed":                       {types.BoolNull(), "", "sk_test_a", "allow_http = true or CLERK_ALLOW_HTTP=true"},
		"allowed":                           {types.BoolValue(true), "", "sk_test_a", ""},
		"allowed by the environment":        {types.BoolNull(), "true", "sk_test_a", ""},
		"allowed by the environment, 1":     {types.BoolNull(), "1", "sk_test_a", ""},
		"the argument before the variable":  {types.BoolValue(false), "true", "sk_test_a", "use https"},
		"never with a key for production":   {types.BoolValue(true), "", "sk_live_a", "allow_http does not apply to a production key"},
		"nor by the environment":            {types.BoolNull(), "true", "sk_live_a", "CLERK_ALLOW_HTTP does not apply to a production key"},
		"a variable that says nothing":      {types.BoolNull(), "maybe", "sk_test_a", "environment variable CLERK_ALLOW_HTTP is neither true nor false"},
		"a key without a prefix is allowed": {types.BoolValue(true), "", "any", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(envAllowHTTP, test.environment)
			t.Setenv(envSecretKey, "")
			t.Setenv(envAPIURL, "http://clerk-simulator:4010")
			var diags diag.Diagnostics
			var data providerData
			config := providerModel{SecretKey: types.StringValue(test.key), AllowHTTP: test.allow}.clientConfig(&data, &diags)
			switch {
			case diags.HasError():
				t.Error(diags)
			case test.says == "" && (data.problem != nil || config.APIURL.String() != "http://clerk-simulator:4010/v1"):
				t.Errorf("got %v, %v", config.APIURL, data.problem)
			case test.says != "" && (data.problem == nil || !strings.Contains(data.problem.help, test.says)):
				t.Errorf("got %v", data.problem)
			}
		})
	}
}

// An error about the key or the address names what has the value: the argument or the
// environment variable.
func TestSourceOfProblem(t *testing.T) {
	null, text := types.StringNull, types.StringValue
	const example = "sk_test_0123456789"
	for name, test := range map[string]struct {
		key, url       types.String
		envKey, envURL string
		says           string
	}{
		"no key":                 {null(), null(), "", "", "No secret key is set."},
		"an empty argument":      {text(""), null(), example, "", "argument secret_key is empty. Leave it out"},
		"a blank variable":       {null(), null(), " \n", "", "variable CLERK_SECRET_KEY is empty."},
		"a wrong argument":       {text("pk_test_a"), null(), example, "", "argument secret_key cannot be used: this is a publishable key"},
		"a wrong variable":       {null(), null(), "sk_test_...", "", "variable CLERK_SECRET_KEY cannot be used: this is the placeholder"},
		"a wrong address":        {text(example), text("api.clerk.com"), "", "http://127.0.0.1", "argument api_url cannot be used"},
		"a wrong address by env": {text(example), null(), "", "ftp://x", "variable CLERK_API_URL cannot be used"},
		"http by env":            {text(example), null(), "", "http://example.com", "variable CLERK_API_URL cannot be used: the secret key would travel"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(envSecretKey, test.envKey)
			t.Setenv(envAPIURL, test.envURL)
			t.Setenv(envAllowHTTP, "")
			var diags diag.Diagnostics
			var data providerData
			providerModel{SecretKey: test.key, APIURL: test.url}.clientConfig(&data, &diags)
			if data.problem == nil || !strings.Contains(data.problem.help, test.says) || diags.HasError() {
				t.Errorf("got %v, %v", data.problem, diags)
			}
		})
	}
}

func TestSecretKeyProblemHoldsNoKey(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"sk_test_...", `"sk_test_canary"`, "CLERK_SECRET_KEY=sk_test_canary", "sk_test_can\nary", "pk_test_canary",
	} {
		_, err := clerk.ParseSecretKey(raw)
		problem := secretKeyProblem(err, envSecretKey)
		if text := problem.help + problem.brief; strings.Contains(text, "canary") || !strings.Contains(text, envSecretKey) {
			t.Errorf("%q: %s", raw, text)
		}
	}
}

// A missing key is explained in full once in a run, and every later error can stand
// alone.
func TestMissingKeyIsExplainedOnce(t *testing.T) {
	t.Setenv(envSecretKey, "")
	var diags diag.Diagnostics
	data := &providerData{}
	providerModel{SecretKey: types.StringNull()}.clientConfig(data, &diags)
	for range 2 {
		data.requireClient(&diags)
	}
	want := "Error: Missing Clerk secret key\n\nNo secret key is set. The provider needs the secret key of a Clerk instance (sk_test_… or sk_live_…), " +
		"in the environment variable CLERK_SECRET_KEY or in its argument secret_key.\n\n" +
		"Find the key in the Clerk dashboard under API keys, and set it with: export CLERK_SECRET_KEY=sk_test_…\n" +
		"\nError: Missing Clerk secret key\n\nNo secret key is set. Set secret_key or CLERK_SECRET_KEY to the secret key of a Clerk instance (sk_test_… or sk_live_…).\n"
	if got := diagnosticsText(diags); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
