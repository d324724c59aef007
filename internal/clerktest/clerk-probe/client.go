package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

const (
	// maxRequests is the most that one run sends. Clerk lets a development instance have 100 requests in 10 seconds, so
	// that a run stays below the limit however fast Clerk answers.
	maxRequests = 80
	// cleanupReserve is how many of them are kept for restoring the settings and deleting the applications.
	cleanupReserve = 11

	apiVersion = "2026-05-12"
	userAgent  = "terraform-provider-clerk-probe"

	requestTimeout = 30 * time.Second
	maxBody        = 1 << 20
	maxPause       = 30 * time.Second // for a Retry-After
	maxAttempts    = 3                // of a request that is answered 429
)

// errBudget says that the requests of a run are used up.
var errBudget = errors.New("the request budget is used up")

// client sends the probe's requests. It is no place for the provider's client, which hides what the probe is about: status
// codes, retries and the fields that Clerk does not document.
type client struct {
	http    *http.Client
	base    string
	key     clerk.Secret
	sent    int
	allowed int
	secrets []clerk.Secret // to keep out of every text
}

func newClient(transport http.RoundTripper, base string, key clerk.Secret) *client {
	return &client{
		http: &http.Client{
			Transport: transport,
			// A redirect would take the key to another host.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		base: base, key: key, allowed: maxRequests - cleanupReserve, secrets: []clerk.Secret{key},
	}
}

// remember keeps a client secret out of every text from now on.
func (c *client) remember(secret string) {
	if secret != "" {
		c.secrets = append(c.secrets, clerk.NewSecret(secret))
	}
}

// scrub removes the key and the client secrets from a text.
func (c *client) scrub(text string) string {
	for _, secret := range c.secrets {
		text = strings.ReplaceAll(text, secret.Reveal(), "[redacted]")
	}
	return text
}

// answer is what came back: an HTTP answer, or the reason why no answer came.
type answer struct {
	err    error // no answer, or none that could be read
	status int
	kind   string // media type
	json   object // nil when the body is no JSON object
}

func (a answer) ok() bool { return a.err == nil && a.status/100 == 2 && a.json != nil }
func (a answer) refused() bool {
	return a.err == nil && a.status/100 == 4 && a.status != http.StatusTooManyRequests
}

// code is the error code of Clerk's envelope, or of OAuth's error answers.
func (a answer) code() string {
	if first := a.firstError(); first != nil {
		return first.text("code")
	}
	return a.json.text("error")
}

func (a answer) firstError() object {
	errs, _ := a.json["errors"].([]any)
	if len(errs) == 0 {
		return nil
	}
	first, _ := errs[0].(map[string]any)
	return first
}

// String tells the status with the error code and the parameter that it is about. It leaves Clerk's texts out: they may
// repeat what was sent.
func (a answer) String() string {
	if a.err != nil {
		return "no answer: " + a.err.Error()
	}
	text := strconv.Itoa(a.status)
	switch {
	case a.json == nil && a.kind != "":
		text += " with a body of " + a.kind
	case a.json == nil:
		text += " without a body"
	case a.code() != "":
		text += " " + a.code()
	}
	if meta, _ := a.firstError()["meta"].(map[string]any); meta["param_name"] != nil {
		text += fmt.Sprintf(" (%v)", meta["param_name"])
	}
	return text
}

// call sends a request to the Backend API. A nil body sends none.
func (c *client) call(ctx context.Context, method, path string, body any) answer {
	return c.send(ctx, func(ctx context.Context) (*http.Request, error) {
		var reader io.Reader
		if body != nil {
			encoded, err := json.Marshal(body)
			if err != nil {
				return nil, err
			}
			reader = bytes.NewReader(encoded)
		}
		request, err := http.NewRequestWithContext(ctx, method, c.base+path, reader)
		if err != nil {
			return nil, err
		}
		if body != nil {
			request.Header.Set("Content-Type", "application/json")
		}
		request.Header.Set("Authorization", "Bearer "+c.key.Reveal())
		request.Header.Set("Clerk-Api-Version", apiVersion)
		return request, nil
	})
}

// introspect asks the frontend API about a token that does not exist, with a client's credentials. The secret key is not
// sent.
func (c *client) introspect(ctx context.Context, address, clientID, secret string) answer {
	return c.send(ctx, func(ctx context.Context) (*http.Request, error) {
		if err := checkIntrospectionURL(address); err != nil {
			return nil, err
		}
		form := url.Values{"token": {"clerk-probe-no-such-token"}}
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
		if err != nil {
			return nil, err
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.SetBasicAuth(url.QueryEscape(clientID), url.QueryEscape(secret)) // RFC 6749 section 2.3.1
		return request, nil
	})
}

// checkIntrospectionURL refuses an address at which a client secret would travel in plain text. ParseAPIURL knows the rule.
func checkIntrospectionURL(address string) error {
	if _, err := clerk.ParseAPIURL(address); err != nil {
		return errors.New("token_introspection_url is not an https URL")
	}
	return nil
}

// send sends one request, and again after the pause that a 429 asks for.
func (c *client) send(ctx context.Context, build func(context.Context) (*http.Request, error)) answer {
	for attempt := 1; ; attempt++ {
		if err := ctx.Err(); err != nil {
			return answer{err: err}
		}
		if c.sent >= c.allowed {
			return answer{err: errBudget}
		}
		got, pause := c.attempt(ctx, build)
		if got.status != http.StatusTooManyRequests || attempt == maxAttempts {
			return got
		}
		if err := sleep(ctx, pause); err != nil {
			return answer{err: err}
		}
	}
}

// attempt sends one request. The pause is that of a 429.
func (c *client) attempt(ctx context.Context, build func(context.Context) (*http.Request, error)) (got answer, pause time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request, err := build(ctx)
	if err != nil {
		return answer{err: err}, 0
	}
	request.Header.Set("User-Agent", userAgent)
	// A kept connection that breaks makes http.Transport send a GET again by itself, which would not be counted.
	request.Close = true
	c.sent++
	return c.receive(request)
}

func (c *client) receive(request *http.Request) (got answer, pause time.Duration) {
	response, err := c.http.Do(request)
	if err != nil {
		return answer{err: plain(err)}, 0
	}
	defer response.Body.Close()
	got.status = response.StatusCode
	got.kind, _, _ = mime.ParseMediaType(response.Header.Get("Content-Type"))
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	switch {
	case err != nil:
		return answer{err: errors.New("the answer broke off")}, 0
	case len(body) > maxBody:
		return answer{err: errors.New("the answer is too large")}, 0
	}
	_ = json.Unmarshal(body, &got.json) // a body that is no JSON object leaves nil
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		seconds = 2
	}
	return got, min(time.Duration(seconds)*time.Second, maxPause)
}

// plain drops what http.Client puts around an error: the URL, which says nothing new and may hold what must not be shown.
func plain(err error) error {
	if wrapped, is := errors.AsType[*url.Error](err); is {
		if wrapped.Timeout() {
			return errors.New("timeout")
		}
		return wrapped.Err
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
