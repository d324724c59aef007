package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestSameDefaultScopes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b []string
		want bool
	}{
		{nil, nil, true},
		{nil, []string{}, true},
		{[]string{"email", "profile"}, []string{"profile", "email"}, true},
		{[]string{"email", "email"}, []string{"email"}, true},
		{[]string{"email", "offline_access"}, []string{"email"}, true},
		{[]string{"offline_access"}, nil, true},
		{[]string{"email"}, []string{"profile"}, false},
		{[]string{"email", "profile"}, []string{"email"}, false},
		{[]string{"email"}, nil, false},
	} {
		if a, b := setOf(test.a), setOf(test.b); sameDefaultScopes(a, b) != test.want || sameDefaultScopes(b, a) != test.want {
			t.Errorf("%q and %q: want %t", test.a, test.b, test.want)
		}
	}
}

func TestPlannedDefaultScopes(t *testing.T) {
	t.Parallel()
	null, unknown := types.SetNull(types.StringType), types.SetUnknown(types.StringType)
	email, openid := setOf([]string{"email"}), setOf([]string{"openid"})
	served := setOf([]string{"email", "offline_access"})
	for name, test := range map[string]struct {
		config, state types.Set
		configured    bool
		want          types.Set
	}{
		"never configured":              {null, served, false, served},
		"never configured, none":        {null, null, false, null},
		"no longer configured":          {null, served, true, null},
		"no longer configured, none":    {null, null, true, null},
		"configured, as it is":          {email, served, true, served},
		"configured, as it was found":   {email, served, false, served},
		"configured otherwise":          {openid, served, true, openid},
		"configured for the first time": {openid, null, false, openid},
		"not known yet":                 {unknown, served, true, unknown},
	} {
		if got := plannedDefaultScopes(test.config, test.state, test.configured); !got.Equal(test.want) {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

func TestDefaultScopesFromAPI(t *testing.T) {
	t.Parallel()
	email := setOf([]string{"email"})
	for name, test := range map[string]struct {
		served  []string
		current types.Set
		want    types.Set
	}{
		"Clerk's own":               {nil, email, types.SetNull(types.StringType)},
		"the current notation":      {[]string{"email", "offline_access"}, email, email},
		"drift":                     {[]string{"openid"}, email, setOf([]string{"openid"})},
		"nothing known before":      {[]string{"openid"}, types.SetNull(types.StringType), setOf([]string{"openid"})},
		"known only after the call": {[]string{"openid"}, types.SetUnknown(types.StringType), setOf([]string{"openid"})},
		"an empty list":             {[]string{}, types.SetNull(types.StringType), types.SetNull(types.StringType)},
		"Clerk's own, asked for":    {nil, setOf(nil), setOf(nil)},
		"not Clerk's own any more":  {[]string{"openid"}, setOf(nil), setOf([]string{"openid"})},
		"never offline_access":      {[]string{"offline_access", "openid"}, types.SetNull(types.StringType), setOf([]string{"openid"})},
	} {
		if got := defaultScopesFromAPI(test.served, test.current); !got.Equal(test.want) {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}
