package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// cannotTell are the settings whose value no answer shows, with the reason. Currently it is empty.
var cannotTell = map[string]string{}

// hides are the settings under which the value of another switch cannot be found, because its question needs what the setting denies.
var hides = map[string]map[string]string{
	"unknown_scope=drop":   {"organization_scope": "a scope that does not exist is dropped too"},
	"unknown_scope=accept": {"organization_scope": "a scope that does not exist is accepted too"},
	"public_sets_pkce=on":  {"public_without_pkce": "there is no public client without PKCE"},
}

// isDefault reports whether a value of a switch is the simulator's default.
func isDefault(t *testing.T, name, value string) bool {
	t.Helper()
	var switches clerktest.Switches
	if err := switches.SetByName(name, value); err != nil {
		t.Errorf("the probe names %s=%s, which the simulator does not know: %v", name, value, err)
	}
	return switches == clerktest.Switches{}
}

func switchNames() []string {
	var names []string
	for _, setting := range clerktest.AllSwitches()[1:] {
		if name, _, _ := strings.Cut(setting.Name, "="); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func TestEveryValueOfEverySwitchIsReported(t *testing.T) {
	t.Parallel()
	for _, setting := range clerktest.AllSwitches() {
		t.Run(setting.Name, func(t *testing.T) {
			t.Parallel()
			made := try(t, nil, clerktest.WithSwitches(setting.Switches))
			made.assertClean(t)
			set, value, _ := strings.Cut(setting.Name, "=")
			for _, name := range switchNames() {
				found := made.found(t, name)
				switch {
				case name == set && cannotTell[setting.Name] != "":
					if found.Value != "" || found.CannotBeTold == "" {
						t.Errorf("%s: the probe names %q, which it cannot know", name, found.Value)
					}
				case name == set:
					if found.Value != value {
						t.Errorf("the probe names %s=%s, want %s: %+v", name, found.Value, value, found)
					}
				case hides[setting.Name][name] != "":
					if found.Value != "" || found.CannotBeTold == "" {
						t.Errorf("%s: the probe names %q, which it cannot know", name, found.Value)
					}
				case found.Value == "" || !isDefault(t, name, found.Value):
					t.Errorf("the probe names %s=%s, want the default: %+v", name, found.Value, found)
				}
			}
			for _, found := range made.result.Findings {
				if found.Switch == "" && found.Seen == "" {
					t.Errorf("nothing was seen of %q", found.Question)
				}
			}
		})
	}
}

func TestQuestionsAreTheSwitches(t *testing.T) {
	t.Parallel()
	var asked []string
	for _, q := range newQuestions() {
		if q.switchName != "" {
			asked = append(asked, q.switchName)
		}
	}
	names := switchNames()
	slices.Sort(asked)
	slices.Sort(names)
	if !slices.Equal(asked, names) {
		t.Errorf("the probe asks for\n%q\nthe simulator has\n%q", asked, names)
	}
}
