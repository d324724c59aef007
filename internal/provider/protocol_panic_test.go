package provider_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// A panic becomes a message without its value, and what Clerk has made is in the state, see
// testdata/faults.golden. Each case says at which request the code panics: before it is sent,
// or once it is answered.
func TestProtocolPanics(t *testing.T) {
	for _, c := range []struct {
		name           string
		before, config values // as in faultCase
		method, path   string
		answered       bool
	}{
		{"create", nil, portal, "POST", "/oauth_applications", false},
		{"create that is done", nil, portal, "POST", "/oauth_applications", true},
		{"logo after a create", nil, withLogo, "PUT", "/logo", false},
		{"update", portal, renamed, "PATCH", "", false},
		{"update that is done", portal, renamed, "PATCH", "", true},
		{"rotation that is done", portal, both, "POST", "/rotate_secret", true},
		{"delete", portal, nil, "DELETE", "", false},
		{"read", portal, portal, "GET", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, tf *terraform) {
				o := &object{kind: application}
				if c.before != nil {
					tf.run(t.Context(), o, c.before)
				}
				tf.clerk.ResetRequests()
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
				tf.transport = transport
				tf.checkReport(t, t.Name(), o, c.config, heard)
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
				if heard := call(tf.process(t.Context())); !heard.failed() || !heard.say("anic") {
					t.Errorf("a panic is reported as\n%s", heard)
				}
			})
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
