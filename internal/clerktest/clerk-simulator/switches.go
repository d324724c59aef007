package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// choice is a switch by name: its field and the values that set it. The first is a name for the
// default, which is "" in the field.
type choice struct {
	field  *string
	values []string
}

func choices(s *clerktest.Switches) map[string]choice {
	return map[string]choice{
		"scopes_order":                 {&s.ScopesOrder, []string{"as_sent", "alphabetical", "fixed"}},
		"force_offline_access":         {&s.ForceOfflineAccess, []string{"on", "off"}},
		"patch_without_offline_access": {&s.PatchWithoutOfflineAccess, []string{"422", "keep", "remove"}},
		"unknown_scope": {&s.UnknownScope, []string{
			"form_param_value_invalid", "oauth_invalid_scope", "drop", "accept",
		}},
		"public_client_secret":   {&s.PublicClientSecret, []string{"value", "empty", "absent"}},
		"rotate_public":          {&s.RotatePublic, []string{"empty", "value", "422"}},
		"rotate_updated_at":      {&s.RotateUpdatedAt, []string{"touch", "keep"}},
		"newer_fields":           {&s.NewerFields, []string{"served", "drop", "422"}},
		"redirect_order":         {&s.RedirectOrder, []string{"as_sent", "sorted", "reversed"}},
		"redirect_normalization": {&s.RedirectNormalization, []string{"exact", "rfc3986"}},
		"dcr_forces_consent":     {&s.DCRForcesConsent, []string{"off", "on"}},
		"token_info": {&s.TokenInfo, []string{
			"authenticates", "invalid_client", "legacy", "authenticates_nobody", "refuses_everybody",
			"lags",
		}},
	}
}

// setSwitch sets a switch from the text of a -switch flag. The error lists what is possible.
func setSwitch(s *clerktest.Switches, text string) error {
	name, value, found := strings.Cut(text, "=")
	if !found {
		return errors.New("want name=value")
	}
	if name == "read_lag" {
		lag, err := time.ParseDuration(value)
		if err != nil || lag < 0 {
			return fmt.Errorf("switch %s takes a duration such as 500ms, not %q", name, value)
		}
		s.ReadLag = lag
		return nil
	}
	all := choices(s)
	chosen, known := all[name]
	if !known {
		names := strings.Join(slices.Sorted(maps.Keys(all)), ", ")
		return fmt.Errorf("no switch is named %q; there are %s, read_lag", name, names)
	}
	switch slices.Index(chosen.values, value) {
	case -1:
		values := strings.Join(chosen.values, ", ")
		return fmt.Errorf("switch %s takes %s, not %q", name, values, value)
	case 0:
		value = ""
	}
	*chosen.field = value
	return nil
}
