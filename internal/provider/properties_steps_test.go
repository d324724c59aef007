package provider_test

import (
	"time"

	"filippo.io/age"
	"pgregory.net/rapid"
)

// arguments are the values that a configuration chooses among.
var arguments = map[string][]any{
	"name":                               {"Alpha", "Beta"},
	"redirect_uris":                      {nil, []string{}, []string{"https://a.example.com/x"}, uris},
	"scopes":                             {nil, emailOnly, []string{"openid"}, offline},
	"consent_screen_enabled":             {nil, true, false},
	"pkce_required":                      {nil, true, false},
	"public":                             {nil, false, true},
	"device_authorization_grant_enabled": {nil, true, false},
	"rotate_secret_trigger":              {nil, "one", "two", "three"},
	"deletion_protection":                {nil, false, true},
	"encrypt_client_secret_to":           {nil, recipient(0), recipient(1)},
	"verify_client_secret":               {nil, true, false},
	"logo_path":                          {nil, "testdata/logo.png"},
	"timeouts":                           {nil, soon},
}

var (
	uris       = []string{"https://b.example.com/y", "app:/x"}
	offline    = []string{"email", "offline_access"}
	soon       = values{"create": "10s", "update": "10s", "read": "10s"}
	emailOnly  = []string{"profile", "email"}
	identities = []age.Identity{must(age.GenerateX25519Identity()), must(age.GenerateX25519Identity())}
)

func recipient(i int) []string {
	return []string{identities[i].(*age.X25519Identity).Recipient().String()}
}

// refusedArguments are values that no configuration may have.
var refusedArguments = map[string]any{
	"name": " ", "redirect_uris": []string{"not absolute"}, "scopes": []string{"two words"},
	"rotate_secret_trigger": "", "encrypt_client_secret_to": []string{"age1nobody"}, "logo_path": "",
}

// A step is one run of Terraform, or something that someone else does.
type step struct {
	act       string
	slot      int
	change    values // of the configuration
	faults    []fault
	interrupt time.Duration // after the run began; 0 is never
	choice    int
}

// acts have the frequency that they have here. The first are runs of Terraform.
var acts = []string{
	"apply", "apply", "apply", "apply", "apply", "apply", "apply both", "destroy", "replace",
	"refresh", "import", "import", "use another key", "apply a refused value",
	"edit", "make public or confidential", "rotate elsewhere", "delete elsewhere",
	"create another of the name", "forget", "forget",
}

func drawStep(rt *rapid.T) step {
	s := step{
		act:    rapid.SampledFrom(acts).Draw(rt, "act"),
		slot:   rapid.IntRange(0, 1).Draw(rt, "resource"),
		choice: rapid.IntRange(0, 11).Draw(rt, "choice"),
		change: values{},
	}
	switch s.act {
	case "apply", "apply both", "import", "replace":
		for range rapid.IntRange(0, 3).Draw(rt, "changes") {
			name := rapid.SampledFrom(namesOf(arguments)).Draw(rt, "argument")
			s.change[name] = rapid.SampledFrom(arguments[name]).Draw(rt, name)
		}
		fallthrough
	case "destroy", "refresh":
		s.faults = drawFaults(rt, "create", "create", "create", "rotate", "rotate", "update", "update",
			"delete", "logo", "list", "read", "any", "introspect")
		if rapid.IntRange(0, 4).Draw(rt, "interrupted") == 4 {
			ms := rapid.IntRange(1, 1200).Draw(rt, "ms") * rapid.SampledFrom([]int{1, 20}).Draw(rt, "times")
			s.interrupt = time.Duration(ms) * time.Millisecond
		}
	}
	return s
}

// isQuiet reports whether nothing goes wrong in a run.
func (s step) isQuiet() bool { return len(s.faults) == 0 && s.interrupt == 0 }
