package provider_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// TestPropertiesAnswers lets Clerk answer oddly: any field of any answer is missing, null, of
// another type or has another value, for any kind of configuration. Whatever it is, what
// Clerk has made is in the state and untainted, and the next run sets everything right.
func TestPropertiesAnswers(t *testing.T) { lanes(t, 10, answerOddly) }

var kinds = map[string]values{
	"minimal": {},
	"full": {
		"redirect_uris": uris, "scopes": []string{"email", "openid"}, "pkce_required": true,
		"consent_screen_enabled": true, "public": false,
	},
	"public":    {"public": true, "pkce_required": true},
	"encrypted": {"encrypt_client_secret_to": recipient(0)},
	"with logo": {"logo_path": "testdata/logo.png"},
	"device":    {"device_authorization_grant_enabled": true},
	"verified":  {"verify_client_secret": true},
}

var answerFields = []string{
	"object", "id", "instance_id", "name", "client_id", "client_uri", "client_image_url",
	"dynamically_registered", "consent_screen_enabled", "pkce_required", "public",
	"device_authorization_grant_enabled", "scopes", "redirect_uris", "callback_url", "authorize_url",
	"token_fetch_url", "user_info_url", "discovery_url", "token_introspection_url", "created_at",
	"updated_at", "client_secret", "another_field",
}

// An oddity is what is odd about a field of an answer: it is missing, has another value, or
// one of oddValues.
type oddity struct{ field, what string }

var oddValues = map[string]any{
	"null": nil, "a number": 17.5, "a text": "odd", "a truth": true, "a list": []any{1},
	"an object": map[string]any{"odd": "odd"},
}

// drawOddities draws what is odd about one field or two.
func drawOddities(rt *rapid.T, fields []string) []oddity {
	one := rapid.Custom(func(rt *rapid.T) oddity {
		what := append(namesOf(oddValues), "missing", "another value")
		return oddity{rapid.SampledFrom(fields).Draw(rt, "field"), rapid.SampledFrom(what).Draw(rt, "what")}
	})
	return rapid.SliceOfNDistinct(one, 1, 2, func(o oddity) string { return o.field }).Draw(rt, "odd")
}

// isLie reports whether the answer says something else that makes sense.
func (o oddity) isLie() bool { return o.what == "another value" }

// identifies reports whether Clerk's answer cannot be told from one about something else.
func (o oddity) identifies() bool {
	identifying := []string{"object", "id", "client_id", "instance_id", "client_secret"}
	return slices.Contains(identifying, o.field)
}

func (o oddity) apply(body map[string]any) {
	value, served := body[o.field]
	_, isText := value.(string)
	_, isTruth := value.(bool)
	switch {
	case o.what == "missing", !served && o.field != "another_field":
		delete(body, o.field)
	case o.what == "a text" && (isText || o.identifies()), o.what == "a truth" && isTruth:
		// That would be another value.
	case o.identifies() && o.isLie(): // nobody could notice
	case !o.isLie():
		body[o.field] = oddValues[o.what]
	default:
		switch value := value.(type) {
		case bool:
			body[o.field] = !value
		case string:
			body[o.field] = value + "x"
		case []any:
			body[o.field] = append(slices.Clone(value), "https://odd.example.com/")
		default:
			body[o.field] = 1_600_000_000_000
		}
	}
}

// oddly makes an answer odd, or the first item of a page.
func oddly(odd []oddity) clerktest.Fault {
	return clerktest.Changed(func(body map[string]any) {
		if list, ok := body["data"].([]any); ok {
			body = list[0].(map[string]any)
		}
		for _, o := range odd {
			o.apply(body)
		}
	})
}

// answerTo are the operations, and to which request Clerk's answer is odd.
var answerTo = map[string]struct {
	fault  func(clerktest.Fault) clerktest.Fault
	change values
}{
	"create": {clerktest.Fault.OnCreate, values{}},
	"update": {clerktest.Fault.OnUpdate, values{"name": "Beta", "redirect_uris": []string{"app:/y"}}},
	"rotate": {clerktest.Fault.OnRotate, values{"rotate_secret_trigger": "once", "public": nil}},
	"update and rotate": {clerktest.Fault.OnUpdate, values{
		"rotate_secret_trigger": "once", "public": false, "pkce_required": false,
	}},
	"become public":       {clerktest.Fault.OnUpdate, values{"public": true, "pkce_required": true}},
	"become confidential": {clerktest.Fault.OnUpdate, values{"public": false}},
	"logo":                {clerktest.Fault.OnLogo, values{"logo_path": "testdata/logo.png"}},
	"read":                {clerktest.Fault.OnRead, nil},
	"list":                {clerktest.Fault.OnList, nil},
}

func answerOddly(rt *rapid.T) {
	kind := rapid.SampledFrom(namesOf(kinds)).Draw(rt, "configuration")
	operation := rapid.SampledFrom(namesOf(answerTo)).Draw(rt, "operation")
	odd := drawOddities(rt, answerFields)
	l, to := newLife(rt, clerktest.Switches{}, application), answerTo[operation]
	at, ctx := l.slots[0], rt.Context()
	at.config = at.wanted(kinds[kind])
	if operation != "create" {
		if heard := l.apply(ctx, nil, at); heard.failed() || !at.exists() {
			rt.Fatalf("nothing was created: %s", heard)
		}
		l.checkVersion(at)
	}
	if kind == "public" && operation == "rotate" {
		return // refused, and the life of everything else
	}
	before := at.object
	l.clerk.Inject(to.fault(oddly(odd)))
	var heard messages
	switch operation {
	case "read":
		heard = l.process(ctx).read(&at.object)
	case "list":
		heard = l.readLists(at)
	default:
		heard = l.apply(ctx, to.change, at)
	}
	l.clerk.ClearFaults()
	time.Sleep(time.Minute)
	l.note(at, step{}, heard)
	rt.Logf("%s %s with %v: %s", kind, operation, odd, heard)
	some := func(of func(oddity) bool) bool { return slices.ContainsFunc(odd, of) }
	if heard.say("Internal error") || len(l.clerk.FindAll(at.config["name"].(string))) > 1 {
		rt.Errorf("a panic, or a second application: %v", l.clerk.Applications())
	}
	if operation == "create" && !some(oddity.identifies) && (heard.failed() || !at.exists()) {
		rt.Errorf("the application was created and the state is %v", at.state)
	}
	if operation == "create" && !some(oddity.isLie) && heard.say("did not apply") {
		rt.Errorf("Clerk has applied everything")
	}
	if operation != "create" && (!at.exists() || at.str("id") != before.str("id")) {
		rt.Errorf("the state was %v and is %v", before.state, at.state)
	}
	if operation == "read" && !some(oddity.isLie) && at.str("client_secret") != before.str("client_secret") {
		rt.Errorf("the secret left the state")
	}
	if l.check(); rt.Failed() || !at.exists() {
		return
	}
	heard = l.apply(ctx, nil, at)
	l.checkDone(&at.object, at.config, heard)
	if heard.failed() || l.problemOfSecret(at) != "" {
		rt.Errorf("the next run does not set everything right, and the secret %q:\n%s",
			l.problemOfSecret(at), heard)
	}
	l.checkVersion(at)
}

// readLists reads in all ways that read pages. The first item of each page is odd.
func (l *life) readLists(at *slot) (heard messages) {
	ids := l.clerk.SeedMany(4, "Many %d")
	p := l.process(l.rt.Context())
	for _, id := range append(ids, at.str("id")) {
		l.known[id] = true
		heard += p.importBy(&object{kind: application}, id)
	}
	heard += p.read(&at.object)
	all, more := p.data(application+"s", values{})
	found, _ := all["oauth_applications"].([]any)
	names, _, evenMore := p.list(values{}, 100)
	if heard += more + evenMore; heard.failed() || len(found) < 4 || len(names) < 4 {
		l.rt.Errorf("one odd item costs others: %d data, %q listed:\n%s", len(found), names, heard)
	}
	return heard
}
