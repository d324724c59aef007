package clerktest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// client is a plain HTTP client for the simulator, which knows nothing of the provider's.
type client struct {
	t        testing.TB
	http     *http.Client
	url, key string
	extra    http.Header
}

func newClient(t testing.TB, s *clerktest.Server) *client {
	t.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	return &client{t: t, http: &http.Client{Transport: transport, CheckRedirect: noRedirect}, url: s.URL(), key: s.Key()}
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

type object = map[string]any

// response is an answer that arrived whole.
type response struct {
	status int
	header http.Header
	text   string
	json   object
}

// code is the first error code of the envelope.
func (r response) code() string {
	return r.errorField("code")
}

func (r response) errorField(name string) string {
	errors, _ := r.json["errors"].([]any)
	if len(errors) == 0 {
		return ""
	}
	first, _ := errors[0].(object)
	text, _ := first[name].(string)
	return text
}

func (r response) parameter() string {
	errors, _ := r.json["errors"].([]any)
	if len(errors) == 0 {
		return ""
	}
	first, _ := errors[0].(object)
	meta, _ := first["meta"].(object)
	name, _ := meta["param_name"].(string)
	return name
}

func (r response) field(name string) string {
	text, _ := r.json[name].(string)
	return text
}

// try sends a request with a JSON body (nil for none; a string is sent as it is) and may fail as networks do.
func (c *client) try(method, path string, body any) (response, error) {
	c.t.Helper()
	var reader io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		reader = bytes.NewReader([]byte(body))
	default:
		encoded, err := json.Marshal(body)
		if err != nil {
			c.t.Fatal(err)
		}
		reader = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, reader)
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+c.key)
	if reader != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	maps.Copy(request.Header, c.extra)
	return c.send(request)
}

func (c *client) send(request *http.Request) (response, error) {
	answered, err := c.http.Do(request)
	if err != nil {
		return response{}, err
	}
	defer answered.Body.Close()
	read, err := io.ReadAll(answered.Body)
	got := response{status: answered.StatusCode, header: answered.Header, text: string(read)}
	if err != nil {
		return got, err
	}
	_ = json.Unmarshal(read, &got.json) // not every answer is JSON
	return got, nil
}

// do sends a request that must be answered.
func (c *client) do(method, path string, body any) response {
	c.t.Helper()
	got, err := c.try(method, path, body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return got
}

// must sends a request that must succeed.
func (c *client) must(method, path string, body any) response {
	c.t.Helper()
	got := c.do(method, path, body)
	if got.status/100 != 2 {
		c.t.Fatalf("%s %s: %d %s", method, path, got.status, got.text)
	}
	return got
}

func (c *client) create(body object) response {
	c.t.Helper()
	return c.must(http.MethodPost, "/oauth_applications", body)
}

func (c *client) get(id string) response {
	c.t.Helper()
	return c.must(http.MethodGet, "/oauth_applications/"+id, nil)
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// newMemoryClient is a client inside a testing/synctest bubble.
func newMemoryClient(t testing.TB, s *clerktest.Server) *client {
	t.Helper()
	return &client{t: t, http: &http.Client{Transport: s.RoundTripper(), CheckRedirect: noRedirect}, url: s.URL(), key: s.Key()}
}
