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

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// plannedChange is what a runner sees of a plan for the application.
type plannedChange struct {
	action           prototest.Action
	changed, unknown []string
	content          []byte // all that the plan holds
}

// checkPlan compares a plan with what the step says.
func (r *run) checkPlan(planned plannedChange) {
	r.t.Helper()
	if planned.action != r.step.plan {
		r.errorf("plan: %s, want %q; it changes %v", planned.action, r.step.plan, planned.changed)
		return
	}
	// In a scenario of a fault, a step says only what matters of its plan.
	full := planned.action == prototest.Update && !r.scenario.fault
	if full || r.step.changed != "" {
		r.sameWords("the plan changes", planned.changed, r.step.changed)
	}
	if full || r.step.unknown != "" {
		r.sameWords("known after apply", planned.unknown, r.step.unknown)
	}
	r.checkEncrypted("plan", planned.content)
}

// sameWords compares attributes, of which got may hold inner paths.
func (r *run) sameWords(what string, got []string, want string) {
	r.t.Helper()
	var names []string
	for _, path := range got {
		names = append(names, attributeName(path))
	}
	slices.Sort(names)
	wanted := strings.Fields(want)
	slices.Sort(wanted)
	if !slices.Equal(slices.Compact(names), wanted) {
		r.errorf("%s: %v, want %v", what, names, wanted)
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
func (r *run) checkRequests(after ...string) {
	r.t.Helper()
	requests := r.requests()
	if r.step.silent && len(requests) > 0 {
		r.errorf("sent %v, want no request", requests)
	}
	var writes []string
	for _, request := range requests {
		if request.method != http.MethodGet {
			line := multipartSize.ReplaceAllString(request.line, "(multipart)")
			if r.prefix != "" {
				line = strings.ReplaceAll(line, r.prefix, "")
			}
			writes = append(writes, line)
		}
	}
	want := slices.Concat(r.step.sends, after)
	if !slices.EqualFunc(writes, want, func(sent, wanted string) bool {
		return sent == wanted || strings.HasPrefix(sent, wanted+" ")
	}) {
		r.errorf("sent:\n  %s\nwant:\n  %s", strings.Join(writes, "\n  "), strings.Join(want, "\n  "))
	}
}

// A message is an error or a warning, as the runners see it.
type message struct {
	isError       bool
	path          string // of the argument that it stands on
	summary, text string
}

func (m message) String() string {
	if m.path == "" {
		return m.summary + "\n" + m.text
	}
	return m.path + ": " + m.summary + "\n" + m.text
}

// checkMessages compares the messages of plan and apply with what the step says.
func (r *run) checkMessages(planning, applying []message) {
	r.t.Helper()
	isError := func(m message) bool { return m.isError }
	var errors []string
	path := ""
	for _, m := range slices.Concat(planning, applying) {
		if m.isError {
			errors = append(errors, m.String())
			path = attributeName(m.path)
		}
	}
	switch {
	case r.step.fails == "" && len(errors) > 0:
		r.errorf("failed:\n%s", strings.Join(errors, "\n"))
	case r.step.fails != "" && len(errors) != 1:
		r.errorf("there should be one error, which matches %q; there are %d:\n%s", r.step.fails, len(errors), strings.Join(errors, "\n"))
	case r.step.fails != "":
		if !regexp.MustCompile("(?s)" + r.step.fails).MatchString(errors[0]) {
			r.errorf("the error should match %q:\n%s", r.step.fails, errors[0])
		}
		if path != r.step.failsAt {
			r.errorf("the error stands on %q, want %q", path, r.step.failsAt)
		}
	}
	if slices.ContainsFunc(planning, isError) {
		return
	}
	planned := warningTexts(planning)
	if !r.scenario.fault || len(r.step.warns) > 0 {
		r.checkWarnings("plan", planned, r.step.warns)
	}
	// Terraform plans once more to apply, and shows the same again.
	applied := slices.DeleteFunc(warningTexts(applying), func(text string) bool { return slices.Contains(planned, text) })
	r.checkWarnings("apply", applied, r.step.warnsLate)
}

func warningTexts(messages []message) []string {
	var all []string
	for _, m := range messages {
		if !m.isError {
			all = append(all, m.String())
		}
	}
	return all
}

// checkWarnings compares warnings with the regular expressions for them.
func (r *run) checkWarnings(when string, got []string, want []string) {
	r.t.Helper()
	unmatched := slices.Clone(got)
	for _, expression := range want {
		index := slices.IndexFunc(unmatched, regexp.MustCompile("(?s)"+expression).MatchString)
		if index < 0 {
			r.errorf("no warning of the %s matches %q; there are %q", when, expression, got)
			continue
		}
		unmatched = slices.Delete(unmatched, index, index+1)
	}
	if len(unmatched) > 0 {
		r.errorf("unexpected warnings of the %s: %q", when, unmatched)
	}
}

// checkState compares the state with what the step says, and follows the secret.
func (r *run) checkState(state map[string]any) {
	r.t.Helper()
	for name, want := range r.resolve(r.step.state) {
		if got := state[name]; !matches(got, want) {
			r.errorf("state: %s is %v, want %v", name, got, want)
		}
	}
	r.id, _ = state["id"].(string)
	r.clientID, _ = state["client_id"].(string)
	r.checkSecret(state)
	r.checkEncrypted("state", mustJSON(state))
}

func (r *run) checkSecret(state map[string]any) {
	r.t.Helper()
	before := r.secret
	r.plainSecret, _ = state["client_secret"].(string)
	r.secret = r.plainSecret
	if encrypted, _ := state["client_secret_encrypted"].(string); encrypted != "" {
		if r.secret != "" {
			r.errorf("state: there is an encrypted secret, and one in plain text beside it")
		}
		r.secret = r.decrypt(encrypted, plain(state["encrypt_client_secret_to"]).([]any))
	}
	r.versions.see(r.t, r.secret, state["client_secret_version"])
	works, known := r.currentSecret()
	switch r.step.secret {
	case secretNone:
		if r.secret != "" {
			r.errorf("state: there is a client secret")
		}
		return
	case secretMade:
		if r.secret == "" || r.secret == before {
			r.errorf("state: there is no new client secret")
		}
	case secretWorks:
		if r.secret == "" {
			r.errorf("state: there is no client secret")
		}
	case secretKept, secretOutdated:
		if r.secret != before {
			r.errorf("state: the client secret has changed")
		}
	}
	if known && r.secret != "" && (r.secret == works) == (r.step.secret == secretOutdated) {
		r.errorf("state: the client secret works: %t, want the opposite", r.secret == works)
	}
}

// currentSecret is the secret that works; false if the run cannot know it.
func (r *run) currentSecret() (string, bool) {
	if r.simulator == nil {
		return "", false
	}
	if _, exists := r.simulator.Application(r.id); !exists {
		return "", false
	}
	return r.simulator.CurrentSecret(r.id), true
}

// decrypt decrypts a secret as each of the recipients.
func (r *run) decrypt(encrypted string, recipients []any) string {
	r.t.Helper()
	var secret string
	for _, identity := range []*age.X25519Identity{alice, bob} {
		plain, err := age.Decrypt(armor.NewReader(strings.NewReader(encrypted)), identity)
		if invited := slices.Contains(recipients, any(identity.Recipient().String())); invited != (err == nil) {
			r.errorf("state: %s is among the recipients: %t; decrypting: %v", identity.Recipient(), invited, err)
		}
		if err != nil {
			continue
		}
		content, err := io.ReadAll(plain)
		if err != nil {
			r.t.Fatal(err)
		}
		secret = string(content)
	}
	return secret
}

// checkEncrypted: if secrets are encrypted, no secret is in plain text, except one that an
// earlier step has left in the state, and that the plan replaces.
func (r *run) checkEncrypted(where string, content []byte) {
	r.t.Helper()
	if r.simulator == nil || r.step.config["encrypt_client_secret_to"] == nil {
		return
	}
	for _, secret := range r.simulator.IssuedSecrets() {
		if secret != r.plainSecret && bytes.Contains(content, []byte(secret)) {
			r.errorf("the %s holds a client secret in plain text", where)
		}
	}
}

// checkLookup compares what a data source has read with the resource's state.
func (r *run) checkLookup(read lookup, result, state map[string]any) {
	r.t.Helper()
	found := []any{result}
	if list, ok := plain(result["oauth_applications"]).([]any); ok {
		if len(list) != read.finds {
			r.errorf("%s found %d applications, want %d", read.typeName, len(list), read.finds)
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
					r.errorf("%s: scopes are %v, the resource has %v", read.typeName, got, want)
				}
			default:
				compared++
				if !reflect.DeepEqual(plain(got), plain(want)) {
					r.errorf("%s: %s is %v, the resource has %v", read.typeName, name, got, want)
				}
			}
		}
		if compared < 15 {
			r.errorf("%s: only %d attributes are there to compare", read.typeName, compared)
		}
		return
	}
	if read.finds > 0 || read.typeName == applicationType {
		r.errorf("%s has not found the application of the resource", read.typeName)
	}
}

// checkAfter checks what no step needs to say: that the application is in the state or
// is not, that it is not tainted, and that Clerk has no application too many, of which no
// message has given the id. existed is whether it was in the state before the step, and
// tainted whether the step has tainted it.
func (r *run) checkAfter(existed, exists, tainted bool) {
	r.t.Helper()
	want := existed
	switch {
	case r.step.plan == "": // no plan, no change
	case r.step.fails == "":
		want = r.step.plan != destroyed
	case r.step.adopt != adoptee{}:
		want = true // imported before anything failed
	case r.step.plan == create:
		want = false
	}
	if r.step.plan != replace && exists != want {
		r.errorf("something is in the state: %t, want %t", exists, want)
	}
	if tainted {
		r.errorf("the application is tainted: the next apply would destroy it")
	}
	if r.simulator == nil {
		return
	}
	others := slices.DeleteFunc(r.simulator.Applications(), func(app clerktest.Application) bool { return exists && app.ID == r.id })
	if len(others) != r.step.others {
		r.errorf("%d applications are at Clerk and not in the state, want %d", len(others), r.step.others)
	}
	for _, app := range others {
		if !r.step.unnamed && !slices.ContainsFunc(r.said, func(text string) bool { return strings.Contains(text, app.ID) }) {
			r.errorf("no message names the application %s, which is not in the state", app.ID)
		}
	}
}

// checkInterrupt compares the time since the interrupt with what the step allows.
func (r *run) checkInterrupt() {
	r.t.Helper()
	took, interrupted := r.sinceInterrupt()
	if expected := r.step.within > 0; interrupted != expected {
		r.errorf("there was an interrupt: %t, and there should be one: %t", interrupted, expected)
	} else if interrupted && took > r.step.within {
		r.errorf("it went on for %s after the interrupt, at most %s is allowed", took, r.step.within)
	}
}

// end makes sure that the application is gone, after the runner has destroyed it.
func (r *run) end() {
	r.t.Helper()
	if r.id == "" {
		return
	}
	if status, _ := r.call("GET", "/"+r.id, nil); status != http.StatusNotFound {
		r.t.Errorf("after the destruction, the application is still there: status %d", status)
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
