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
		"never with a key for production":   {types.BoolValue(true), "", "sk_live_a", "does not apply to a production key"},
		"a variable that says nothing":      {types.BoolNull(), "maybe", "sk_test_a", "use https"},
		"a key without a prefix is allowed": {types.BoolValue(true), "", "any", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(envAllowHTTP, test.environment)
			t.Setenv(envSecretKey, "")
			t.Setenv(envAPIURL, "http://clerk-simulator:4010")
			var diags diag.Diagnostics
			config, problem := providerModel{SecretKey: types.StringValue(test.key), AllowHTTP: test.allow}.clientConfig(&diags)
			switch {
			case diags.HasError():
				t.Error(diags)
			case test.says == "" && (problem != nil || config.APIURL.String() != "http://clerk-simulator:4010/v1"):
				t.Errorf("got %v, %v", config.APIURL, problem)
			case test.says != "" && (problem == nil || !strings.Contains(problem.help, test.says)):
				t.Errorf("got %v", problem)
			}
		})
	}
}

func TestSecretKeyHelpHoldsNoKey(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"", "sk_test_...", `"sk_test_canary"`, "CLERK_SECRET_KEY=sk_test_canary", "sk_test_can\nary", "pk_test_canary"} {
		_, err := clerk.ParseSecretKey(raw)
		if help := secretKeyHelp(err); strings.Contains(help, "canary") || !strings.Contains(help, envSecretKey) {
			t.Errorf("%q: %s", raw, help)
		}
	}
}

func TestEngineWithoutVersion(t *testing.T) {
	t.Parallel()
	if got := engine(""); got != "unknown engine" {
		t.Errorf("got %q", got)
	}
}
