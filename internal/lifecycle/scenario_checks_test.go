package lifecycle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// plannedChange is what a runner sees of a plan for the application.
type plannedChange struct {
	action           prototest.Action
	changed, unknown []string
	content          []byte // all that the plan holds
}

// checkPlan compares a plan with what the step says.
func (s *story) checkPlan(planned plannedChange) {
	s.t.Helper()
	if planned.action != s.step.plan {
		s.errorf("plan: %s, want %q; it changes %v", planned.action, s.step.plan, planned.changed)
		return
	}
	if planned.action == prototest.Update || s.step.changed != "" {
		s.sameWords("the plan changes", planned.changed, s.step.changed)
	}
	if planned.action == prototest.Update || s.step.unknown != "" {
		s.sameWords("known after apply", planned.unknown, s.step.unknown)
	}
	s.checkSealed("plan", planned.content)
}

// sameWords compares attributes, of which got may hold inner paths.
func (s *story) sameWords(what string, got []string, want string) {
	s.t.Helper()
	var names []string
	for _, path := range got {
		names = append(names, attributeName(path))
	}
	slices.Sort(names)
	wanted := strings.Fields(want)
	slices.Sort(wanted)
	if !slices.Equal(slices.Compact(names), wanted) {
		s.errorf("%s: %v, want %v", what, names, wanted)
	}
}

// attributeName is the attribute that a path such as scopes["a b"] begins with.
func attributeName(path string) string {
	if end := strings.IndexAny(path, ".["); end >= 0 {
		return path[:end]
	}
	return path
}

var multipartSize = regexp.MustCompile(`\(multipart, \d+ bytes\)`)

// checkRequests compares what the provider has sent with what the step says. after
// are requests that the runner itself has caused since.
func (s *story) checkRequests(after ...string) {
	s.t.Helper()
	requests := s.requests()
	if s.step.silent && len(requests) > 0 {
		s.errorf("sent %v, want no request", requests)
	}
	var writes []string
	for _, request := range requests {
		if request.method != http.MethodGet {
			line := multipartSize.ReplaceAllString(request.line, "(multipart)")
			if s.prefix != "" {
				line = strings.ReplaceAll(line, s.prefix, "")
			}
			writes = append(writes, line)
		}
	}
	want := slices.Concat(s.step.sends, after)
	if !slices.Equal(writes, want) {
		s.errorf("sent:\n  %s\nwant:\n  %s", strings.Join(writes, "\n  "), strings.Join(want, "\n  "))
	}
}

// checkWarnings compares warnings with the regular expressions for them.
func (s *story) checkWarnings(when string, got []string, want []string) {
	s.t.Helper()
	unmatched := slices.Clone(got)
	for _, expression := range want {
		index := slices.IndexFunc(unmatched, regexp.MustCompile("(?s)"+expression).MatchString)
		if index < 0 {
			s.errorf("no warning of the %s matches %q; there are %q", when, expression, got)
			continue
		}
		unmatched = slices.Delete(unmatched, index, index+1)
	}
	if len(unmatched) > 0 {
		s.errorf("unexpected warnings of the %s: %q", when, unmatched)
	}
}

// checkState compares the state with what the step says, and follows the secret.
func (s *story) checkState(state map[string]any) {
	s.t.Helper()
	for name, want := range s.resolve(s.step.state) {
		if got := state[name]; !matches(got, want) {
			s.errorf("state: %s is %v, want %v", name, got, want)
		}
	}
	s.id, _ = state["id"].(string)
	s.clientID, _ = state["client_id"].(string)
	s.checkSecret(state)
	s.checkSealed("state", mustJSON(state))
}

func (s *story) checkSecret(state map[string]any) {
	s.t.Helper()
	before := s.secret
	s.plainSecret, _ = state["client_secret"].(string)
	s.secret = s.plainSecret
	if sealed, _ := state["client_secret_encrypted"].(string); sealed != "" {
		if s.secret != "" {
			s.errorf("state: there is a sealed secret, and one in plain beside it")
		}
		s.secret = s.unseal(sealed, plain(state["encrypt_client_secret_to"]).([]any))
	}
	s.versions.see(s.t, s.secret, state["client_secret_version"])
	present, known := s.presentSecret()
	switch s.step.secret {
	case secretNone:
		if s.secret != "" {
			s.errorf("state: there is a client secret")
		}
		return
	case secretMade:
		if s.secret == "" || s.secret == before {
			s.errorf("state: there is no new client secret")
		}
	case secretKept, secretOutdated:
		if s.secret != before {
			s.errorf("state: the client secret has changed")
		}
	}
	if known && s.secret != "" && (s.secret == present) == (s.step.secret == secretOutdated) {
		s.errorf("state: whether the client secret works: %t, want the opposite", s.secret == present)
	}
}

// presentSecret is the secret that works, where that can be known.
func (s *story) presentSecret() (string, bool) {
	if s.simulator == nil {
		return "", false
	}
	if _, exists := s.simulator.Application(s.id); !exists {
		return "", false
	}
	return s.simulator.CurrentSecret(s.id), true
}

// unseal decrypts a secret as each of the recipients.
func (s *story) unseal(sealed string, recipients []any) string {
	s.t.Helper()
	var secret string
	for _, identity := range []*age.X25519Identity{alice, bob} {
		plain, err := age.Decrypt(armor.NewReader(strings.NewReader(sealed)), identity)
		if invited := slices.Contains(recipients, any(identity.Recipient().String())); invited != (err == nil) {
			s.errorf("state: %s is among the recipients: %t; decrypting: %v", identity.Recipient(), invited, err)
		}
		if err != nil {
			continue
		}
		content, err := io.ReadAll(plain)
		if err != nil {
			s.t.Fatal(err)
		}
		secret = string(content)
	}
	return secret
}

// checkSealed makes sure that where secrets are sealed none is in plain, but for one
// that an earlier step has left in the state, and that the plan replaces.
func (s *story) checkSealed(where string, content []byte) {
	s.t.Helper()
	if s.simulator == nil || s.step.config["encrypt_client_secret_to"] == nil {
		return
	}
	for _, secret := range s.simulator.IssuedSecrets() {
		if secret != s.plainSecret && bytes.Contains(content, []byte(secret)) {
			s.errorf("the %s holds a client secret in plain", where)
		}
	}
}

// checkLookup compares what a data source has read with the resource's state.
func (s *story) checkLookup(read lookup, result, state map[string]any) {
	s.t.Helper()
	found := []any{result}
	if list, ok := plain(result["oauth_applications"]).([]any); ok {
		if len(list) != read.finds {
			s.errorf("%s found %d applications, want %d", read.typeName, len(list), read.finds)
		}
		found = list
	}
	for _, each := range found {
		app := each.(map[string]any)
		if state == nil || app["id"] != state["id"] {
			continue
		}
		compared := 0
		for name, got := range app {
			want, both := state[name]
			switch {
			case !both:
			case name == "scopes":
				compared++
				if !matches(got, scopesOf(strings.Join(texts(want), " "))) {
					s.errorf("%s: scopes are %v, the resource has %v", read.typeName, got, want)
				}
			default:
				compared++
				if !reflect.DeepEqual(plain(got), plain(want)) {
					s.errorf("%s: %s is %v, the resource has %v", read.typeName, name, got, want)
				}
			}
		}
		if compared < 15 {
			s.errorf("%s: only %d attributes are there to compare", read.typeName, compared)
		}
		return
	}
	if read.finds > 0 || read.typeName == applicationType {
		s.errorf("%s has not found the application of the resource", read.typeName)
	}
}

// end makes sure that the application is gone, after the runner has destroyed it.
func (s *story) end() {
	s.t.Helper()
	if s.id == "" {
		return
	}
	if status, _ := s.call("GET", "/"+s.id, nil); status != http.StatusNotFound {
		s.t.Errorf("after the destruction, the application is still there: status %d", status)
	}
}

// matches compares a value of a state with one of step.state.
func matches(got, want any) bool {
	switch want := want.(type) {
	case like:
		text, ok := got.(string)
		return ok && regexp.MustCompile(string(want)).MatchString(text)
	case scopesOf:
		served := slices.DeleteFunc(texts(got), func(scope string) bool { return scope == "offline_access" })
		wanted := slices.DeleteFunc(strings.Fields(string(want)), func(scope string) bool { return scope == "offline_access" })
		slices.Sort(served)
		slices.Sort(wanted)
		return slices.Equal(served, wanted)
	}
	return reflect.DeepEqual(plain(got), plain(want))
}

func texts(list any) []string {
	var all []string
	if elements, ok := plain(list).([]any); ok {
		for _, element := range elements {
			all = append(all, element.(string))
		}
	}
	return all
}

// plain is a value as JSON has it, with lists of texts sorted: they are sets here.
func plain(value any) any {
	var decoded any
	if err := json.Unmarshal(mustJSON(value), &decoded); err != nil {
		panic(err)
	}
	if elements, ok := decoded.([]any); ok {
		slices.SortFunc(elements, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	}
	return decoded
}

func mustJSON(value any) []byte {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return encoded
}
