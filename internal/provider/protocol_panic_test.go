package provider_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// A panic becomes a message without its value, and what Clerk has made is in the state. Each
// case says at which request the code panics: before it is sent, or once it is answered.
func TestProtocolPanics(t *testing.T) {
	for _, c := range []struct {
		name           string
		before, config values // as in faultCase
		method, path   string
		answered       bool

		says   string
		exists bool // there is an object in the state after the run
		next   string
	}{
		{
			name: "create", config: portal, method: "POST", path: "/oauth_applications",
			says: "Error: Unable to create",
		},
		{
			name: "create that is done", config: portal, method: "POST", path: "/oauth_applications",
			answered: true,
			says:     "look for an application",
		},
		{
			name: "logo after a create", config: withLogo, method: "PUT", path: "/logo",
			says: "The application exists and its state is saved", exists: true,
			next: "client_image_url logo_sha256 updated_at",
		},
		{
			name: "update", before: portal, config: renamed, method: "PATCH",
			says: "Error: Unable to update", exists: true, next: "name updated_at",
		},
		{
			name: "update that is done", before: portal, config: renamed, method: "PATCH", answered: true,
			says: "Error: Unable to update", exists: true,
		},
		{
			name: "rotation that is done", before: portal, config: both, method: "POST",
			path: "/rotate_secret", answered: true,
			says: "Error: Unable to update", exists: true, next: rotationChanges + " updated_at",
		},
		{name: "delete", before: portal, method: "DELETE", says: "Error: Unable to delete", exists: true},
		{
			name: "read", before: portal, config: portal, method: "GET", says: "Error: Unable to read",
			exists: true,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, tf *terraform) {
				o := &object{kind: application}
				if c.before != nil {
					tf.run(t.Context(), o, c.before)
				}
				transport := tf.transport
				tf.transport = roundTripper(func(r *http.Request) (*http.Response, error) {
					response, err := (*http.Response)(nil), error(nil)
					hit := r.Method == c.method && strings.HasSuffix(r.URL.Path, c.path)
					if !hit || c.answered {
						response, err = transport.RoundTrip(r)
					}
					if hit {
						panic(fmt.Sprint("the secrets are ", tf.clerk.IssuedSecrets(), tf.clerk.Keys()))
					}
					return response, err
				})
				heard := tf.run(t.Context(), o, c.config)
				if !heard.say(c.says) || !heard.say("anic") || o.exists() != c.exists {
					t.Fatalf("the state is %v, and want %q in:\n%s", o.state, c.says, heard)
				}
				tf.transport = transport
				if !o.exists() || c.config == nil {
					return
				}
				next, heard := tf.plan(t.Context(), o, c.config)
				if heard.failed() || strings.Join(next.changes, " ") != c.next {
					t.Errorf("the next plan changes %q, want %q\n%s", next.changes, c.next, heard)
				}
			})
		})
	}
}

func TestProtocolPanicsElsewhere(t *testing.T) {
	for name, call := range map[string]func(p *process) messages{
		"import": func(p *process) messages {
			return p.importBy(&object{kind: application}, "a_client_id", nil)
		},
		"data source": func(p *process) messages {
			_, heard := p.data(application, values{"id": "oa_1"})
			return heard
		},
		"data sources": func(p *process) messages {
			_, heard := p.data(application+"s", values{})
			return heard
		},
		"list": func(p *process) messages {
			_, _, heard := p.list(values{}, 10)
			return heard
		},
		"settings": func(p *process) messages {
			return p.importBy(&object{kind: settings}, p.clerk.InstanceID(), nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, tf *terraform) {
				id := tf.clerk.Seed("Portal")
				tf.transport = roundTripper(func(*http.Request) (*http.Response, error) {
					panic(tf.clerk.CurrentSecret(id))
				})
				p, _ := tf.process(t.Context())
				if heard := call(p); !heard.failed() || !heard.say("anic") {
					t.Errorf("a panic is reported as\n%s", heard)
				}
			})
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
