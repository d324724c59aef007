package clerk_test

import (
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

func TestParseAndFormatScopes(t *testing.T) {
	t.Parallel()
	for list, want := range map[string][]string{
		"":                           {},
		"  ":                         {},
		"email":                      {"email"},
		"profile email":              {"email", "profile"},
		" profile  email\tprofile\n": {"email", "profile"},
		"user:org:read https://a/b":  {"https://a/b", "user:org:read"},
		"Email email":                {"Email", "email"},
	} {
		equalLists(t, list, clerk.ParseScopes(list), want)
	}
	equal(t, "formatted", clerk.FormatScopes([]string{"profile", "email", "profile"}), "email profile")
	equal(t, "nothing", clerk.FormatScopes(nil), "")
}

func TestScopesSatisfy(t *testing.T) {
	t.Parallel()
	list := func(scopes ...string) []string { return scopes }
	for name, test := range map[string]struct {
		served, wanted []string
		want           bool
	}{
		"the same":                    {list("a", "b"), list("a", "b"), true},
		"another order":               {list("b", "a"), list("a", "b"), true},
		"twice":                       {list("a", "a"), list("a"), true},
		"one missing":                 {list("a"), list("a", "b"), false},
		"one more":                    {list("a", "b"), list("a"), false},
		"offline_access added":        {list("a", "offline_access"), list("a"), true},
		"offline_access wanted":       {list("a", "offline_access"), list("a", "offline_access"), true},
		"offline_access not served":   {list("a"), list("a", "offline_access"), false},
		"nothing":                     {nil, nil, true},
		"nothing but offline_access":  {list("offline_access"), nil, true},
		"nothing served":              {nil, list("a"), false},
		"other letters":               {list("A"), list("a"), false},
		"offline_access with another": {list("b", "offline_access"), list("a"), false},
	} {
		equal(t, name, clerk.ScopesSatisfy(test.served, test.wanted), test.want)
	}
}
