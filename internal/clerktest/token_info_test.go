package clerktest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

const tokenForm = "token=none"

// introspect asks the introspection endpoint, at the address that an application names.
func introspect(c *client, method, address, authorization, body string) response {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	got, err := c.send(request)
	if err != nil {
		c.t.Fatal(err)
	}
	return got
}

func basic(id, secret string) string {
	request := http.Request{Header: http.Header{}}
	request.SetBasicAuth(id, secret)
	return request.Header.Get("Authorization")
}

// tokenInfo is what the endpoint answers to credentials: the status, with "active" or the error code.
func tokenInfo(c *client, id, secret string) string {
	c.t.Helper()
	address := strings.TrimSuffix(c.url, "/v1") + clerktest.RouteTokenInfo
	return introspection(introspect(c, http.MethodPost, address, basic(id, secret), tokenForm))
}

func introspection(got response) string {
	switch {
	case got.status == http.StatusOK:
		return fmt.Sprint(got.status, " ", got.json["active"])
	case got.code() != "":
		return fmt.Sprint(got.status, " ", got.code())
	default:
		return fmt.Sprint(got.status, " ", got.json["error"])
	}
}

func TestTokenInfo(t *testing.T) {
	t.Parallel()
	overBothNetworks(t, func(s *clerktest.Server, c *client) {
		t := c.t
		s.SetRateLimit(clerktest.RateLimit{Requests: 1, Per: time.Hour})
		created := c.create(object{"name": "x"}) // uses the limit of the Backend API up
		address, id, secret := created.field("token_introspection_url"), created.field("client_id"), created.field("client_secret")
		equal(t, "address", address, strings.TrimSuffix(s.URL(), "/v1")+"/oauth/token_info")
		encoded := fmt.Sprintf("%%%02X%s", secret[0], secret[1:])
		for name, test := range map[string]struct{ method, authorization, body, want string }{
			"right secret":              {"POST", basic(id, secret), tokenForm, "200 false"},
			"percent-encoded":           {"POST", basic(id, encoded), tokenForm, "200 false"},
			"wrong secret":              {"POST", basic(id, "wrong"), tokenForm, "401 request_unauthorized"},
			"empty secret":              {"POST", basic(id, ""), tokenForm, "401 request_unauthorized"},
			"unknown client":            {"POST", basic("nobody", secret), tokenForm, "401 request_unauthorized"},
			"no credentials":            {"POST", "", tokenForm, "401 request_unauthorized"},
			"secret key":                {"POST", "Bearer " + s.Key(), tokenForm, "401 request_unauthorized"},
			"credentials in the body":   {"POST", "", tokenForm + "&client_id=" + id + "&client_secret=" + secret, "401 request_unauthorized"},
			"no body":                   {"POST", basic(id, secret), "", "400 invalid_request"},
			"another method":            {"GET", basic(id, secret), "", "400 invalid_request"},
			"description of no secrets": {"POST", basic(id, "x"), tokenForm, "401 request_unauthorized"},
		} {
			got := introspect(c, test.method, address, test.authorization, test.body)
			equal(t, name, introspection(got), test.want)
			if got.status == http.StatusUnauthorized && got.field("error_description") == "" {
				t.Errorf("%s: no description in %s", name, got.text)
			}
		}
		equal(t, "in the log", s.CountRequests("", clerktest.RouteTokenInfo), 11)
		equal(t, "beyond the limit of the Backend API", c.do(http.MethodGet, "/instance", nil).status, http.StatusTooManyRequests)
		for _, request := range s.Requests() {
			if line := fmt.Sprintf("%+v %s", request, request); request.Authorization() != "" && strings.Contains(line, request.Authorization()) {
				t.Errorf("a printed request shows credentials: %s", line)
			}
		}
	})
}

func TestTokenInfoOfAPublicClient(t *testing.T) {
	t.Parallel()
	for secret, want := range map[clerktest.PublicClientSecret]string{
		clerktest.PublicSecretValue: "200 false", clerktest.PublicSecretEmpty: "401 request_unauthorized",
	} {
		s := clerktest.New(t, clerktest.WithSwitches(clerktest.Switches{PublicClientSecret: secret}))
		c := newClient(t, s)
		created := c.create(object{"name": "x", "public": true})
		equal(t, "with what the create answered", tokenInfo(c, created.field("client_id"), created.field("client_secret")), want)
	}
}

func TestTokenInfoLags(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := clerktest.NewInMemory(t, clerktest.WithSwitches(clerktest.Switches{TokenInfo: clerktest.TokenInfoLags}))
		c := newMemoryClient(t, s)
		created := c.create(object{"name": "x"})
		id, first := created.field("client_id"), created.field("client_secret")
		see := func(secrets ...string) string {
			var seen []string
			for _, secret := range secrets {
				seen = append(seen, strings.Fields(tokenInfo(c, id, secret))[0])
			}
			return strings.Join(seen, " ")
		}
		equal(t, "created", see(first), "200")
		second := c.must(http.MethodPost, applications+"/"+created.field("id")+"/rotate_secret", nil).field("client_secret")
		equal(t, "rotated", see(first, second), "200 401")
		time.Sleep(time.Second)
		third := s.Rotate(created.field("id"))
		time.Sleep(clerktest.TokenInfoLag - time.Second - time.Nanosecond)
		equal(t, "just before", see(first, second, third), "200 401 401")
		time.Sleep(time.Nanosecond)
		equal(t, "the first rotation is noticed", see(first, second, third), "401 200 401")
		time.Sleep(time.Second)
		equal(t, "and the second", see(first, second, third), "401 401 200")
	})
}

func TestTokenInfoMisbehaves(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t)
	c := newClient(t, s)
	created := c.create(object{"name": "x"})
	address := created.field("token_introspection_url")
	for _, fault := range []clerktest.Fault{
		clerktest.TooManyRequests("7"), clerktest.ClerkError(403, "authorization_invalid"), clerktest.Raw(404, "text/plain", "no"),
		clerktest.HTML(502), clerktest.Redirect(302, "https://a.example"),
	} {
		s.Inject(fault.On(http.MethodPost, clerktest.RouteTokenInfo).Once())
		equal(t, "the Backend API", c.do(http.MethodGet, "/instance", nil).status, http.StatusOK)
		got := introspect(c, http.MethodPost, address, "", tokenForm)
		equal(t, "status", got.status, fault.Reply.Status)
		equal(t, "headers", got.header.Get("Retry-After")+got.header.Get("Location"), fault.Reply.Header.Get("Retry-After")+fault.Reply.Header.Get("Location"))
	}
	s.Inject(clerktest.ResetBeforeWork().On(http.MethodPost, clerktest.RouteTokenInfo).Once())
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(tokenForm))
	if _, err := c.send(request); err == nil {
		t.Error("a lost connection was answered")
	}
}
