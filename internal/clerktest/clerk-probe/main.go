// Command clerk-probe asks a development instance of Clerk what Clerk's documentation leaves open,
// and prints what it saw and which switch of the simulator (clerk-simulator -switch) that is:
//
//	CLERK_TEST_SECRET_KEY=sk_test_… make probe
//
// It creates OAuth applications under a random prefix, switches dynamic client registration on for
// a moment, and undoes both, also after an error or an interrupt. Neither the key nor a client
// secret is in its output. With CLERK_API_URL it asks a simulator.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	p := &probe{
		transport: http.DefaultTransport,
		key:       strings.TrimSpace(os.Getenv("CLERK_TEST_SECRET_KEY")),
		url:       cmp.Or(os.Getenv("CLERK_API_URL"), "https://api.clerk.com"),
	}
	err := p.run(ctx, os.Stdout)
	stop()
	if err != nil {
		log.Fatalln("clerk-probe:", err)
	}
}

type probe struct {
	transport http.RoundTripper
	url, key  string
	prefix    string          // of the names of the run's applications
	undo      map[string]bool // requests that undo what was done
	lag       time.Duration
}

// run asks every question, prints the answers and undoes what it did. The error says what is left.
func (p *probe) run(ctx context.Context, stdout io.Writer) (err error) {
	if !strings.HasPrefix(p.key, "sk_test_") {
		return errors.New("CLERK_TEST_SECRET_KEY is not the key of a development instance (sk_test_…)")
	}
	p.url = strings.TrimSuffix(strings.TrimSuffix(p.url, "/"), "/v1") + "/v1"
	if u, err := url.Parse(p.url); err != nil || u.Host == "" || u.Scheme != "https" &&
		(u.Scheme != "http" || u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback()) {
		return errors.New("CLERK_API_URL is not an https URL") // others could read the key
	}
	if instance := p.call("GET /instance"); instance.json["environment_type"] != "development" {
		return fmt.Errorf("this is not a development instance that the key can read: %s", instance)
	}
	p.prefix, p.undo = "clerk-probe-"+strings.ToLower(rand.Text()[:10]), map[string]bool{}
	defer func() { err = errors.Join(err, p.cleanUp()) }()
	const row = "%-45s %-65s %s\n" // printed at once: the whole takes a while
	fmt.Fprintf(stdout, row, "QUESTION", "SEEN", "SWITCH")
	for _, q := range questions {
		seen := q.ask(p)
		if err := ctx.Err(); err != nil {
			return err
		}
		fmt.Fprintf(stdout, row, q.text, seen, q.finding(seen))
	}
	return nil
}

// cleanUp restores the settings and deletes the run's applications: those it knows, and those that
// a list finds, because a create may have been carried out without an answer.
func (p *probe) cleanUp() (err error) {
	time.Sleep(p.lag)
	call := func(request string) answer {
		got := p.call(request)
		if got.status != 200 && got.status != 404 {
			err = errors.Join(err, fmt.Errorf("this is left to do: %s (%s)", request, got))
		}
		return got
	}
	found, _ := call("GET /oauth_applications?limit=100&name_query=" + p.prefix).json["data"].([]any)
	for _, each := range found {
		fields, _ := each.(map[string]any)
		p.undo["DELETE "+answer{json: fields}.path()] = true
	}
	for request := range p.undo {
		call(request)
	}
	return err
}

// answer is what came back: status 0 if nothing did.
type answer struct {
	status int
	code   string         // of Clerk's error envelope or of an OAuth error, or why there is no answer
	json   map[string]any // nil if the body is no JSON object
}

// String leaves out Clerk's texts, which may repeat what was sent.
func (a answer) String() string { return strings.TrimSpace(fmt.Sprint(a.status, " ", a.code)) }

func (a answer) text(field string) string { text, _ := a.json[field].(string); return text }

// path is the path of the application that the answer holds.
func (a answer) path() string { return "/oauth_applications/" + url.PathEscape(a.text("id")) }

// call sends "METHOD path" or "METHOD path body" to the Backend API.
func (p *probe) call(request string) answer {
	return p.send(p.url, request, "application/json", "Bearer "+p.key)
}

// send sends a request as call does. An interrupt does not cancel the request, because only the
// answer says what there is to undo.
func (p *probe) send(base, request, contentType, authorization string) (got answer) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	parts := append(strings.SplitN(request, " ", 3), "") // without a body the third one is empty
	r, err := http.NewRequestWithContext(ctx, parts[0], base+parts[1], strings.NewReader(parts[2]))
	if err != nil {
		return answer{code: "no request: " + err.Error()}
	}
	r.Header = http.Header{
		"Content-Type": {contentType}, "Authorization": {authorization},
		"Clerk-Api-Version": {"2026-05-12"}, "User-Agent": {"terraform-provider-clerk-probe"},
	}
	response, err := p.transport.RoundTrip(r) // a client would take the key to a redirect's host
	if err != nil {
		return answer{code: "no answer: " + err.Error()}
	}
	defer response.Body.Close()
	got.status = response.StatusCode
	// A body that is no JSON object leaves nil.
	_ = json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&got.json)
	got.code = got.text("error")
	if list, _ := got.json["errors"].([]any); len(list) > 0 {
		first, _ := list[0].(map[string]any)
		got.code = answer{json: first}.text("code")
	}
	return got
}

// question asks one thing that Clerk's documentation leaves open.
type question struct {
	name string // of the simulator's switch, "" without a switch
	text string
	ask  func(*probe) (seen string)
}

const public = `, "public": true, "pkce_required": true`

var questions = []question{
	{"scopes_order", "order of scopes", then(`, "scopes": "public_metadata offline_access profile email openid"`, "", "scopes")},
	{"force_offline_access", "create without offline_access", then("", "", "scopes")},
	{"patch_without_offline_access", "PATCH scopes without it", then(`, "scopes": "email offline_access"`, `PATCH {id} {"scopes": "email openid"}`, "scopes")},
	{"unknown_scope", "unknown scope", then("", `PATCH {id} {"scopes": "email offline_access clerk-probe:nope"}`, "scopes")},
	{"public_client_secret", "secret of a new public client", then(public, "", "client_secret")},
	{"rotate_public", "rotation of a public client", then(public, "POST {id}/rotate_secret", "client_secret")},
	{"rotate_updated_at", "updated_at after a rotation", then("", "POST {id}/rotate_secret", "updated_at")},
	{"newer_fields", "device_authorization_grant_enabled", then("", `PATCH {id} {"device_authorization_grant_enabled": true}`, "device_authorization_grant_enabled")},
	{"redirect_order", "order of redirect URIs", then(`, "redirect_uris": ["b://cb", "a://cb", "c://cb"]`, "", "redirect_uris")},
	{"dcr_forces_consent", "consent screen under dynamic registration", askConsent},
	{"token_info", "introspection: right, wrong, new, old secret", askTokenInfo},
	{"read_lag", "GET right after a create", askReadLag},

	{"", "public client made confidential", then(public, `PATCH {id} {"public": false}`, "public")},
	{"", "redirect URI in capitals", then(`, "redirect_uris": ["HTTPS://Probe.Example"]`, "", "redirect_uris")},
	{"", "no redirect URIs any more", then(`, "redirect_uris": ["b://cb"]`, `PATCH {id} {"redirect_uris": []}`, "redirect_uris")},
	{"", "GET of an id that does not exist", then("", "GET {id}x", "id")},
	{"", "DELETE of an id that does not exist", then("", "DELETE {id}x", "deleted")},
}

// meanings are patterns of what was seen, each with the value of the switch that it means.
var meanings = map[string][][2]string{
	"scopes_order": {
		{".*=public_metadata offline_access profile email openid", "as_sent"},
		{".*=email offline_access openid profile public_metadata", "alphabetical"},
		{".*=profile email public_metadata openid offline_access", "fixed"},
	},
	"force_offline_access":         {{"200.*offline_access.*", "on"}, {"200.*", "off"}},
	"patch_without_offline_access": {{"4.*", "422"}, {".*offline.*", "keep"}, {"200.*", "remove"}},
	"unknown_scope":                {{"4.. (.+)", "$1"}, {".*:nope.*", "accept"}, {"200.*", "drop"}},
	"public_client_secret":         {{".*characters", "value"}, {".*=(empty|absent)", "$1"}},
	"rotate_public":                {{"4.*", "422"}, {".*characters", "value"}, {"200.*", "empty"}},
	"rotate_updated_at":            {{".*changed: false", "keep"}, {"200.*", "touch"}},
	// Another value decides nothing: the workspace may not have the beta.
	"newer_fields":       {{"4.*form_param_unknown", "422"}, {".*=true", "served"}, {".*=absent", "drop"}},
	"redirect_order":     {{`.*\[b://cb a://.*`, "as_sent"}, {`.*\[a://cb b://.*`, "sorted"}, {`.*\[c://cb a://.*`, "reversed"}},
	"dcr_forces_consent": {{"4.*consent.*|200.*=true", "on"}, {"200.*=false", "off"}},
	"token_info": {
		{"(200, 401 request_unauthorized(, |$)){2}", "authenticates"},
		{"(200, 401 invalid_client(, |$)){2}", "invalid_client"},
		{"200, 401 request_unauthorized, 401 request_unauthorized, 200", "lags"},
		{"(200(, |$)){4}", "authenticates_nobody"},
		{"(401 request_unauthorized(, |$)){4}", "refuses_everybody"},
		{"(422 feature_requires_oidc_provider(, |$)){4}", "legacy"},
	},
	"read_lag": {{"200 after (.*)", "$1"}},
}

// finding is the switch with its value, which the first pattern that matches tells.
func (q question) finding(seen string) string {
	if q.name == "" {
		return ""
	}
	for _, row := range meanings[q.name] {
		pattern := regexp.MustCompile("^(?:" + row[0] + ")$")
		if pattern.MatchString(seen) && !strings.HasPrefix(seen, "429") { // a 429 tells nothing
			return q.name + "=" + pattern.ReplaceAllString(seen, row[1])
		}
	}
	return q.name + "=(not decided)"
}

// create creates an application with some fields besides its name, each after a comma.
func (p *probe) create(fields string) answer {
	got := p.call(fmt.Sprintf(`POST /oauth_applications {"name": "%s-%d"%s}`, p.prefix, len(p.undo), fields))
	if got.text("id") != "" {
		p.undo["DELETE "+got.path()] = true
	}
	return got
}

// then creates an application, sends a request in which {id} is its path, "" for none, and shows
// the status of the last answer and, if Clerk accepted the request, one of its fields.
func then(fields, request, shown string) func(*probe) string {
	return func(p *probe) string {
		before := p.create(fields)
		got := before
		if request != "" && before.status != 200 {
			return "not created: " + before.String() // decides nothing about the request
		} else if request != "" {
			got = p.call(strings.ReplaceAll(request, "{id}", before.path()))
		}
		if got.status != 200 {
			return got.String()
		}
		return "200, " + shown + "=" + show(before, got, shown)
	}
}

// show shows a field: a client secret only by its length, a time only by whether it changed.
func show(before, after answer, field string) string {
	value, has := after.json[field]
	switch {
	case !has:
		return "absent"
	case value == "":
		return "empty"
	case field == "client_secret":
		return fmt.Sprintf("%d characters", len(after.text(field)))
	case field == "updated_at":
		return fmt.Sprint("changed: ", value != before.json[field])
	}
	return fmt.Sprint(value)
}

// askConsent switches dynamic registration on for one create. The cleanup restores it.
func askConsent(p *probe) string {
	const field = "dynamic_oauth_client_registration"
	const change = `PATCH /instance/oauth_application_settings {"` + field + `": %t}`
	got := p.call("GET /instance/oauth_application_settings")
	if got.json[field] == false {
		p.undo[fmt.Sprintf(change, false)] = true // the change may be carried out without an answer
		got = p.call(fmt.Sprintf(change, true))
	}
	if got.json[field] != true {
		return "dynamic registration cannot be switched on: " + got.String()
	}
	return then(`, "consent_screen_enabled": false`, "", "consent_screen_enabled")(p)
}

// askTokenInfo asks the frontend API about a token that does not exist, with four client secrets.
func askTokenInfo(p *probe) string {
	app := p.create("")
	ask := func(secret string) answer {
		pair := url.QueryEscape(app.text("client_id")) + ":" + url.QueryEscape(secret)
		return p.send("", "POST "+app.text("token_introspection_url")+" token=none",
			"application/x-www-form-urlencoded",
			"Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	right, wrong := ask(app.text("client_secret")), ask("wrong")
	rotated := p.call("POST " + app.path() + "/rotate_secret")
	current, old := ask(rotated.text("client_secret")), ask(app.text("client_secret"))
	return fmt.Sprintf("%s, %s, %s, %s", right, wrong, current, old)
}

// askReadLag looks for a new application until it is found.
func askReadLag(p *probe) string {
	request := "GET " + p.create("").path()
	begun, got := time.Now(), p.call(request)
	for got.status == 404 && p.lag < 5*time.Second {
		time.Sleep(time.Second / 4)
		got, p.lag = p.call(request), time.Since(begun).Round(time.Millisecond)
	}
	return fmt.Sprint(got, " after ", p.lag)
}
