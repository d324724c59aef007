package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// choice is a switch by name: the values that set it, the default first.
type choice struct {
	values []string
	set    func(value string) // "" is the default
}

// choiceOf names the default of a switch; the other values are those of its constants.
func choiceOf[T ~string](field *T, defaultName string, alternatives ...T) choice {
	values := []string{defaultName}
	for _, alternative := range alternatives {
		values = append(values, string(alternative))
	}
	return choice{values, func(value string) { *field = T(value) }}
}

func choices(s *clerktest.Switches) map[string]choice {
	return map[string]choice{
		"scopes_order": choiceOf(&s.ScopesOrder, "as_sent",
			clerktest.ScopesAlphabetical, clerktest.ScopesFixedOrder),
		"force_offline_access": choiceOf(&s.ForceOfflineAccess, "on", clerktest.OfflineAccessNever),
		"patch_without_offline_access": choiceOf(&s.PatchWithoutOfflineAccess, "422",
			clerktest.PatchKeepsOfflineAccess, clerktest.PatchRemovesOfflineAccess),
		"unknown_scope": choiceOf(&s.UnknownScope, "form_param_value_invalid",
			clerktest.UnknownScopeOAuthInvalid, clerktest.UnknownScopeDropped,
			clerktest.UnknownScopeAccepted),
		"public_client_secret": choiceOf(&s.PublicClientSecret, "value",
			clerktest.PublicSecretEmpty, clerktest.PublicSecretAbsent),
		"rotate_public": choiceOf(&s.RotatePublic, "empty",
			clerktest.RotatePublicValue, clerktest.RotatePublicRefused),
		"rotate_updated_at": choiceOf(&s.RotateUpdatedAt, "touch", clerktest.RotateKeepsUpdatedAt),
		"newer_fields": choiceOf(&s.NewerFields, "served",
			clerktest.NewerFieldsDropped, clerktest.NewerFieldsRefused),
		"redirect_order": choiceOf(&s.RedirectOrder, "as_sent",
			clerktest.RedirectsSorted, clerktest.RedirectsReversed),
		"redirect_normalization": choiceOf(&s.RedirectNormalization, "exact",
			clerktest.RedirectsNormalized),
		"dcr_forces_consent": choiceOf(&s.DCRForcesConsent, "off", clerktest.DCREnforcesConsent),
		"token_info": choiceOf(&s.TokenInfo, "authenticates", clerktest.TokenInfoInvalidClient,
			clerktest.TokenInfoLegacy, clerktest.TokenInfoAuthenticatesNobody,
			clerktest.TokenInfoRefusesEverybody, clerktest.TokenInfoLags),
	}
}

const readLag = "read_lag"

// setSwitch sets a switch from the text of a -switch flag. The error lists what is possible.
func setSwitch(s *clerktest.Switches, text string) error {
	name, value, found := strings.Cut(text, "=")
	if !found {
		return fmt.Errorf("want name=value")
	}
	if name == readLag {
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
		names := slices.Sorted(maps.Keys(all))
		return fmt.Errorf("no switch is named %q; there are %s, %s",
			name, strings.Join(names, ", "), readLag)
	}
	index := slices.Index(chosen.values, value)
	if index < 0 {
		return fmt.Errorf("switch %s takes %s, not %q",
			name, strings.Join(chosen.values, ", "), value)
	}
	if index == 0 {
		value = ""
	}
	chosen.set(value)
	return nil
}
