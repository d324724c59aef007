// Command clerk-probe asks a development instance of Clerk what Clerk's documentation leaves open,
// and prints what it saw and which switch of the simulator (clerk-simulator -switch) that is:
//
//	CLERK_TEST_SECRET_KEY=sk_test_… make probe
//
// It creates OAuth applications under a random prefix, switches dynamic client registration on for
// a moment, and undoes both, also after an error or an interrupt. It sends about 80 requests.
// Neither the key nor a client secret is in its output. With CLERK_API_URL it asks a simulator.
package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := &probe{
		ctx: ctx, transport: http.DefaultTransport,
		key: strings.TrimSpace(os.Getenv("CLERK_TEST_SECRET_KEY")),
		url: cmp.Or(os.Getenv("CLERK_API_URL"), "https://api.clerk.com"),
	}
	if err := p.run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "clerk-probe:", p.scrub(err.Error()))
		stop()
		os.Exit(1)
	}
}

type object = map[string]any

// probe is one run.
type probe struct {
	ctx       context.Context
	transport http.RoundTripper
	url, key  string
	secrets   []string // client secrets, to keep out of every text
	prefix    string   // of the names of the run's applications
	created   []string // ids of applications to delete
	restore   object   // settings to restore
	lag       time.Duration
}

// run asks every question, prints the answers and undoes what it did. The error says what is left.
func (p *probe) run(stdout io.Writer) (err error) {
	if !strings.HasPrefix(p.key, "sk_test_") {
		return errors.New("CLERK_TEST_SECRET_KEY is not the key of a development instance (sk_test_…)")
	}
	p.url = strings.TrimSuffix(strings.TrimSuffix(p.url, "/"), "/v1") + "/v1"
	if !isPrivate(p.url) {
		return errors.New("CLERK_API_URL is not an https URL")
	}
	if instance := p.call("GET /instance", nil); instance.json["environment_type"] != "development" {
		return fmt.Errorf("this is not a development instance that the key can read: %s", instance)
	}
	p.prefix = "clerk-probe-" + strings.ToLower(rand.Text()[:10])
	defer func() { err = errors.Join(err, p.cleanUp()) }()
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	defer table.Flush()
	fmt.Fprintln(table, "QUESTION\tSEEN\tSWITCH")
	for _, q := range questions {
		value, seen := q.ask(p)
		if err := p.ctx.Err(); err != nil {
			return err
		}
		finding := q.name
		if finding != "" {
			finding += "=" + cmp.Or(value, "(not decided)")
		}
		fmt.Fprintln(table, p.scrub(strings.Join([]string{q.text, seen, finding}, "\t")))
	}
	return nil
}

// isPrivate reports whether nobody on the way can read what is sent to an address.
func isPrivate(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.User == nil && (u.Scheme == "https" && u.Host != "" ||
		u.Scheme == "http" && (u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()))
}

// scrub removes the key and the client secrets from a text.
func (p *probe) scrub(text string) string {
	for _, secret := range append(slices.Clone(p.secrets), p.key) {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	return text
}

// answer is what came back: status 0 if nothing did.
type answer struct {
	status int
	json   object // nil if the body is no JSON object
	err    error
}

func (a answer) ok() bool { return a.status/100 == 2 && a.json != nil }

func (a answer) refused() bool { return a.status/100 == 4 && a.status != 429 }

func (a answer) text(field string) string { text, _ := a.json[field].(string); return text }

func (a answer) list(field string) string { return strings.Trim(fmt.Sprint(a.json[field]), "[]") }

// code is the error code of Clerk's envelope, or of an OAuth error.
func (a answer) code() string {
	if list, _ := a.json["errors"].([]any); len(list) > 0 {
		first, _ := list[0].(object)
		code, _ := first["code"].(string)
		return code
	}
	return a.text("error")
}

// String is the status with the error code. It leaves out Clerk's texts, which may repeat what was
// sent.
func (a answer) String() string {
	if a.err != nil {
		return "no answer: " + a.err.Error()
	}
	return strings.TrimSpace(fmt.Sprint(a.status, " ", a.code()))
}

// call sends "METHOD path" to the Backend API. A nil body sends none.
func (p *probe) call(request string, body object) answer {
	var encoded []byte
	if body != nil {
		encoded, _ = json.Marshal(body) // the probe's own values can be encoded
	}
	method, path, _ := strings.Cut(request, " ")
	return p.send(method, p.url+path, encoded, http.Header{
		"Authorization": {"Bearer " + p.key}, "Clerk-Api-Version": {"2026-05-12"},
		"Content-Type": {"application/json"},
	})
}

// introspect asks the frontend API about a token that does not exist, with a client's credentials.
func (p *probe) introspect(a answer, secret string) answer {
	address := a.text("token_introspection_url")
	if !isPrivate(address) {
		return answer{err: errors.New("token_introspection_url is not an https URL")}
	}
	credentials := &http.Request{Header: http.Header{}}
	credentials.SetBasicAuth(url.QueryEscape(a.text("client_id")), url.QueryEscape(secret))
	credentials.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.send(http.MethodPost, address, []byte("token=none"), credentials.Header)
}

// send sends a request, and again after the pause that a 429 asks for.
func (p *probe) send(method, address string, body []byte, header http.Header) (got answer) {
	// A redirect would take the key to another host.
	client := &http.Client{
		Transport: p.transport, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for range 3 {
		r, err := http.NewRequestWithContext(p.ctx, method, address, bytes.NewReader(body))
		if err != nil {
			return answer{err: err}
		}
		r.Header = header.Clone()
		r.Header.Set("User-Agent", "terraform-provider-clerk-probe")
		response, err := client.Do(r)
		if err != nil {
			return answer{err: err}
		}
		got = answer{status: response.StatusCode}
		// A body that is no JSON object leaves nil.
		_ = json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&got.json)
		response.Body.Close()
		if secret := got.text("client_secret"); secret != "" {
			p.secrets = append(p.secrets, secret)
		}
		if got.status != 429 {
			break
		}
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		p.sleep(time.Duration(min(max(seconds, 1), 30)) * time.Second)
	}
	return got
}

func (p *probe) sleep(d time.Duration) {
	select {
	case <-time.After(d):
	case <-p.ctx.Done():
	}
}

// create creates an application.
func (p *probe) create(fields object) answer {
	body := object{"name": p.prefix + "-" + strconv.Itoa(len(p.created))}
	maps.Copy(body, fields)
	got := p.call("POST /oauth_applications", body)
	if id := got.text("id"); id != "" {
		p.created = append(p.created, id)
	}
	return got
}

func path(a answer) string { return "/oauth_applications/" + url.PathEscape(a.text("id")) }

func (p *probe) patch(a answer, fields object) answer { return p.call("PATCH "+path(a), fields) }

func (p *probe) rotate(a answer) answer { return p.call("POST "+path(a)+"/rotate_secret", nil) }

// cleanUp restores the settings and deletes the run's applications: those it knows, and those that
// a list finds, because a create may have been carried out without an answer.
func (p *probe) cleanUp() (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.ctx), 2*time.Minute)
	defer cancel()
	p.ctx = ctx
	p.sleep(p.lag)
	if len(p.restore) > 0 {
		if got := p.call("PATCH "+settings, p.restore); !got.ok() {
			err = fmt.Errorf("could not restore the settings %v: %s", p.restore, got)
		}
	}
	left := p.call("GET /oauth_applications?limit=100&name_query="+p.prefix, nil)
	if !left.ok() {
		err = errors.Join(err, fmt.Errorf("could not look for names with %s: %s", p.prefix, left))
	}
	found, _ := left.json["data"].([]any)
	for _, each := range found {
		fields, _ := each.(object)
		if id := (answer{json: fields}).text("id"); !slices.Contains(p.created, id) {
			p.created = append(p.created, id)
		}
	}
	for _, id := range p.created {
		got := p.call("DELETE "+path(answer{json: object{"id": id}}), nil)
		if !got.ok() && got.status != 404 {
			err = errors.Join(err, fmt.Errorf("could not delete the application %s: %s", id, got))
		}
	}
	return err
}
