package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestVisible(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                          "",
		"Grafana":                   "Grafana",
		"Café für 日本 🚀":             "Café für 日本 🚀",
		"<b>\"a\" & 'b'</b>":        "<b>\"a\" & 'b'</b>",
		"a\nb\r\nc\td":              "a<U+000A>b<U+000D><U+000A>c<U+0009>d",
		"\x1b[2J\x1b]0;title\x07":   "<U+001B>[2J<U+001B>]0;title<U+0007>",
		"a\x00b\x7fc\u0085d\u009be": "a<U+0000>b<U+007F>c<U+0085>d<U+009B>e",
		"\u202egnp.exe":             "<U+202E>gnp.exe",
		"a\u2066b\u2069c\u200fd":    "a<U+2066>b<U+2069>c<U+200F>d",
		"a\u200bb\ufeffc\u00add":    "a<U+200B>b<U+FEFF>c<U+00AD>d",
		"a\u2028b\u2029c\u00a0d":    "a<U+2028>b<U+2029>c<U+00A0>d",
		"\u3164\u2800\ufe0f":        "<U+3164><U+2800><U+FE0F>",
		"\U000e0061\ue000":          "<U+E0061><U+E000>",
		"a\xffb":                    "a\ufffdb",
	} {
		if got := visible(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
	if got, want := quote("say \"hi\"\n"), `"say \"hi\"<U+000A>"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The check of each kind of text accepts these and rejects those.
func TestTextChecks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		check         validator.String
		valid, refuse []string
	}{
		"name": {
			nameCheck,
			[]string{"a", " a ", "日本", strings.Repeat("é", 256)},
			[]string{"", " ", "\u00a0\u2003\n", strings.Repeat("é", 257)},
		},
		"trigger": {triggerCheck, []string{"1", " 2026-07-01\n"}, []string{"", "\r\n"}},
		"scope": {
			scopeCheck,
			[]string{"openid", "read:things", "a,b"},
			[]string{"", "openid profile", "a\"b", "a\\b", "é", "openid,profile", "a,email"},
		},
		"default scope":   {defaultScopeCheck, []string{"openid"}, []string{"offline_access"}},
		"request_timeout": {requestTimeoutCheck, []string{"1ms", "30s", "10m"}, []string{"0s", "-1s", "10m1s"}},
	} {
		for i, texts := range [][]string{test.valid, test.refuse} {
			for _, text := range texts {
				var resp validator.StringResponse
				test.check.ValidateString(t.Context(), validator.StringRequest{ConfigValue: types.StringValue(text)}, &resp)
				if resp.Diagnostics.HasError() != (i == 1) {
					t.Errorf("%s %q: got %v", name, text, resp.Diagnostics)
				}
			}
		}
		for _, unset := range []types.String{types.StringNull(), types.StringUnknown()} {
			var resp validator.StringResponse
			test.check.ValidateString(t.Context(), validator.StringRequest{ConfigValue: unset}, &resp)
			if len(resp.Diagnostics) > 0 {
				t.Errorf("%s %s: got %v", name, unset, resp.Diagnostics)
			}
		}
	}
}
