package clerk_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/httptrace"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest/contract"
)

// testKey is the key of clients that do not speak to the simulator.
const testKey = "sk_test_0123456789abcdefABCDEF"

const agent = "terraform-provider-clerk/1.2.3 (terraform/1.9.8)"

// appJSON is an answer of the API, written by hand after Clerk's OpenAPI document.
const appJSON = `{"object":"oauth_application","id":"oa_1","instance_id":"ins_1","name":"web",` +
	`"client_id":"d9g4CT4WYiCBm7EU","client_uri":null,"client_image_url":null,` +
	`"dynamically_registered":false,"consent_screen_enabled":true,"pkce_required":false,` +
	`"public":false,"scopes":"email profile","redirect_uris":["https://a.example/cb"],` +
	`"callback_url":"","authorize_url":"","token_fetch_url":"","user_info_url":"",` +
	`"discovery_url":"","token_introspection_url":"","created_at":1755000000000,` +
	`"updated_at":1755000000000,"client_secret":"VVgbT7i6sPo7sTljq2zj12fjmg0jPL5k"}`

// pngImage is an image of one pixel.
var pngImage = func() []byte {
	var encoded bytes.Buffer
	_ = png.Encode(&encoded, image.NewGray(image.Rect(0, 0, 1, 1)))
	return encoded.Bytes()
}()

type option = func(*clerk.Config)

// fixture is a simulator and a client of it, in virtual time.
type fixture struct {
	*testing.T
	server *clerktest.Server
	client *clerk.Client
	events *eventLog
	began  time.Time
	before func(*http.Request) error // if set: sees requests of the client, and may fail them
}

// bubble runs a test against the simulator in virtual time, where waits are exact and take no
// time. A goroutine that the client leaves behind fails the test.
func bubble(t *testing.T, test func(f *fixture), options ...option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := clerktest.NewInMemory(t, clerktest.Options{Watch: contract.Watch(t.Errorf)})
		f := &fixture{T: t, server: server, events: &eventLog{}, began: time.Now()}
		f.client = newClient(t, server, append([]option{func(config *clerk.Config) {
			config.Observer = f.events.add
			config.Transport = roundTrip(func(req *http.Request) (*http.Response, error) {
				if f.before != nil {
					if err := f.before(req); err != nil {
						return nil, err
					}
				}
				return server.RoundTripper().RoundTrip(req)
			})
		}}, options...)...)
		test(f)
	})
}

// run runs a case of a table in a bubble.
func run(t *testing.T, name string, test func(f *fixture), options ...option) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		bubble(t, test, options...)
	})
}

// newClient returns a client of the simulator.
func newClient(t testing.TB, server *clerktest.Server, options ...option) *clerk.Client {
	t.Helper()
	return clientOn(t, server.RoundTripper(), append([]option{at(t, server.URL()), func(c *clerk.Config) {
		c.SecretKey, c.MaxRetries = clerk.NewSecret(server.Key()), nil
	}}, options...)...)
}

// at sets the address of the API.
func at(t testing.TB, address string) option {
	t.Helper()
	base, err := clerk.ParseAPIURL(address)
	noError(t, err)
	return func(config *clerk.Config) { config.APIURL = base }
}

// clientOn returns a client on the given transport, which never repeats a request.
func clientOn(t testing.TB, transport http.RoundTripper, options ...option) *clerk.Client {
	t.Helper()
	config := clerk.Config{
		SecretKey: clerk.NewSecret(testKey), Transport: transport, MaxRetries: new(0), UserAgent: agent,
	}
	for _, option := range options {
		option(&config)
	}
	return clerk.New(config)
}

// elapsed is the virtual time since the test began.
func (f *fixture) elapsed() time.Duration { return time.Since(f.began) }

// interruptAfter returns a context that is cancelled after the given virtual time.
func (f *fixture) interruptAfter(d time.Duration) context.Context {
	ctx, cancel := context.WithCancel(f.Context())
	timer := time.AfterFunc(d, cancel)
	f.Cleanup(func() { timer.Stop(); cancel() })
	return ctx
}

// inject adds faults in their order.
func (f *fixture) inject(faults ...clerktest.Fault) {
	for _, fault := range faults {
		f.server.Inject(fault)
	}
}

func (f *fixture) create(fields clerk.OAuthApplicationFields) (clerk.Creation, error) {
	return f.client.CreateOAuthApplication(f.Context(), fields)
}

func (f *fixture) get(id string) (clerk.OAuthApplication, error) {
	return f.client.GetOAuthApplication(f.Context(), id)
}

func (f *fixture) rotate(id string) (clerk.Rotation, error) {
	return f.client.RotateClientSecret(f.Context(), id, time.Time{})
}

func (f *fixture) rename(id, name string) (clerk.OAuthApplication, error) {
	return f.client.UpdateOAuthApplication(f.Context(), id, clerk.OAuthApplicationFields{Name: &name})
}

func (f *fixture) requests() int { return f.server.CountRequests("", "") }

func (f *fixture) gets() int  { return f.server.CountRequests("GET", clerktest.RouteApplication) }
func (f *fixture) lists() int { return f.server.CountRequests("GET", clerktest.RouteApplications) }

func (f *fixture) creates() int { return f.server.CountRequests("POST", clerktest.RouteApplications) }

func (f *fixture) rotations() int {
	return f.server.CountRequests("POST", clerktest.RouteRotateSecret)
}

// eventLog is an observer that keeps all events.
type eventLog struct {
	mu     sync.Mutex
	events []clerk.Event
}

func (l *eventLog) add(_ context.Context, event clerk.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, event)
}

func (l *eventLog) outcomes() string {
	var outcomes []string
	for _, event := range l.events {
		outcomes = append(outcomes, event.Outcome)
	}
	return strings.Join(outcomes, " ")
}

// roundTrip is a function as a transport.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// answering returns a transport that gives the same answer to every request.
func answering(status int, contentType, body string) roundTrip {
	return func(req *http.Request) (*http.Response, error) {
		// As http.Transport does, report that the request was sent.
		if trace := httptrace.ContextClientTrace(req.Context()); trace != nil {
			trace.WroteHeaders()
		}
		return &http.Response{
			StatusCode: status, Header: http.Header{"Content-Type": {contentType}},
			Body: io.NopCloser(strings.NewReader(body)), Request: req,
		}, nil
	}
}

// operation is one method of the client, on an application that exists.
type operation struct {
	name, method, route string // of its one request; "" if other requests follow
	call                func(ctx context.Context, c *clerk.Client, id string) error
}

func errorOf[T any](_ T, err error) error { return err }

var operations = []operation{
	{"get", "GET", clerktest.RouteApplication, func(ctx context.Context, c *clerk.Client, id string) error {
		return errorOf(c.GetOAuthApplication(ctx, id))
	}},
	{"list", "GET", clerktest.RouteApplications, func(ctx context.Context, c *clerk.Client, _ string) error {
		_, _, err := c.ListOAuthApplications(ctx, clerk.ListQuery{})
		return err
	}},
	{"find by client_id", "", "", func(ctx context.Context, c *clerk.Client, _ string) error {
		return errorOf(c.FindOAuthApplication(ctx, clerk.By{ClientID: clientID}))
	}},
	{"find by name", "", "", func(ctx context.Context, c *clerk.Client, _ string) error {
		return errorOf(c.FindOAuthApplication(ctx, clerk.By{Name: "web"}))
	}},
	{"create", "POST", clerktest.RouteApplications, func(ctx context.Context, c *clerk.Client, _ string) error {
		return errorOf(c.CreateOAuthApplication(ctx, fieldsNamed("new")))
	}},
	{"update", "PATCH", clerktest.RouteApplication, func(ctx context.Context, c *clerk.Client, id string) error {
		return errorOf(c.UpdateOAuthApplication(ctx, id, clerk.OAuthApplicationFields{Name: new("new")}))
	}},
	{"rotate", "POST", clerktest.RouteRotateSecret, func(ctx context.Context, c *clerk.Client, id string) error {
		return errorOf(c.RotateClientSecret(ctx, id, time.Time{}))
	}},
	{"upload", "PUT", clerktest.RouteLogo, func(ctx context.Context, c *clerk.Client, id string) error {
		return errorOf(c.UploadOAuthApplicationLogo(ctx, id, "logo.png", pngImage))
	}},
	{"delete", "DELETE", clerktest.RouteApplication, func(ctx context.Context, c *clerk.Client, id string) error {
		return c.DeleteOAuthApplication(ctx, id)
	}},
	{"get settings", "GET", clerktest.RouteSettings, func(ctx context.Context, c *clerk.Client, _ string) error {
		return errorOf(c.GetOAuthApplicationSettings(ctx))
	}},
	{"update settings", "PATCH", clerktest.RouteSettings, func(ctx context.Context, c *clerk.Client, _ string) error {
		fields := clerk.OAuthApplicationSettingsFields{OAuthJWTAccessTokens: new(true)}
		return errorOf(c.UpdateOAuthApplicationSettings(ctx, fields))
	}},
	{"instance", "GET", clerktest.RouteInstance, func(ctx context.Context, c *clerk.Client, _ string) error {
		return errorOf(c.InstanceID(ctx))
	}},
}

func (o operation) changes() bool {
	return o.method == "PATCH" || o.method == "PUT" || o.method == "DELETE"
}

// fieldsNamed sets all fields of an application except the booleans.
func fieldsNamed(name string) clerk.OAuthApplicationFields {
	return clerk.OAuthApplicationFields{
		Name: &name, RedirectURIs: &[]string{"https://a.example/cb"}, Scopes: &[]string{"email", "profile"},
	}
}

// likeFields makes an application of the simulator equal to fieldsNamed.
func likeFields(a *clerktest.Application) {
	a.RedirectURIs = []string{"https://a.example/cb"}
	a.Scopes = "email offline_access profile"
}

// aged makes an application of the simulator that old.
func aged(age time.Duration) func(*clerktest.Application) {
	return func(a *clerktest.Application) { a.CreatedAt = time.Now().Add(-age).UnixMilli() }
}

// without deletes a field of an answer, and with sets it.
func without(field string) func(map[string]any) {
	return func(o map[string]any) { delete(o, field) }
}

func with(field string, value any) func(map[string]any) {
	return func(o map[string]any) { o[field] = value }
}

// inFirstItem changes the first application of a list's answer.
func inFirstItem(change func(map[string]any)) clerktest.Fault {
	return clerktest.Changed(func(page map[string]any) {
		if items := page["data"].([]any); len(items) > 0 {
			change(items[0].(map[string]any))
		}
	}).OnList()
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
}

// asError finds an error of a type in err's chain, or fails the test.
func asError[E error](t testing.TB, err error) E {
	t.Helper()
	found, ok := errors.AsType[E](err)
	if !ok {
		t.Fatalf("the error is %T (%v), want %T", err, err, found)
	}
	return found
}

func isError[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func equal[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got\n  %+v\nwant\n  %+v", what, got, want)
	}
}

func contains(t testing.TB, what, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Errorf("%s: %q does not contain %q", what, text, part)
	}
}
