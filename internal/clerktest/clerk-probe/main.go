// Command clerk-probe asks a development instance of Clerk what Clerk's documentation leaves open,
// and prints what it saw and which switch of the simulator (clerk-simulator -switch) that is:
//
//	CLERK_TEST_SECRET_KEY=sk_test_… make probe
//
// It creates OAuth applications under a random prefix, switches dynamic client registration on for
// a moment, and undoes both, also after an error or an interrupt. It sends about 60 requests, which
// Clerk's limit of 100 in 10 s allows. Neither the key nor a client secret is in its output. With
// CLERK_API_URL it asks a simulator.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

type object = map[string]any

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	p := &probe{
		ctx: ctx, transport: http.DefaultTransport,
		key: strings.TrimSpace(os.Getenv("CLERK_TEST_SECRET_KEY")),
		url: cmp.Or(os.Getenv("CLERK_API_URL"), "https://api.clerk.com"),
	}
	err := p.run(os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "clerk-probe:", err)
		os.Exit(1)
	}
}

// probe is one run.
type probe struct {
	ctx       context.Context
	transport http.RoundTripper
	url, key  string
	prefix    string          // of the names of the run's applications
	created   map[string]bool // paths of applications to delete
	restore   object          // settings to restore
	lag       time.Duration
}

// run asks every question, prints the answers and undoes what it did. The error says what is left.
func (p *probe) run(stdout io.Writer) (err error) {
	if !strings.HasPrefix(p.key, "sk_test_") {
		return errors.New("CLERK_TEST_SECRET_KEY is not the key of a development instance (sk_test_…)")
	}
	p.url = strings.TrimSuffix(strings.TrimSuffix(p.url, "/"), "/v1") + "/v1"
	// Nobody on the way may read the key.
	if u, err := url.Parse(p.url); err != nil || u.Host == "" || u.Scheme != "https" &&
		(u.Scheme != "http" || u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback()) {
		return errors.New("CLERK_API_URL is not an https URL")
	}
	if instance := p.call("GET /instance", nil); instance.json["environment_type"] != "development" {
		return fmt.Errorf("this is not a development instance that the key can read: %s", instance)
	}
	p.prefix, p.created = "clerk-probe-"+strings.ToLower(rand.Text()[:10]), map[string]bool{}
	defer func() { err = errors.Join(err, p.cleanUp()) }()
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	defer table.Flush()
	fmt.Fprintln(table, "QUESTION\tSEEN\tSWITCH")
	for _, q := range questions {
		seen := q.ask(p)
		if err := p.ctx.Err(); err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", q.text, seen, q.finding(seen))
	}
	return nil
}

// cleanUp restores the settings and deletes the run's applications: those it knows, and those that
// a list finds, because a create may have been carried out without an answer.
func (p *probe) cleanUp() (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.ctx), 2*time.Minute)
	defer cancel()
	p.ctx = ctx
	p.sleep(p.lag)
	undo := func(purpose, request string, body object) answer {
		got := p.call(request, body)
		if got.status != 200 && got.status != 404 {
			err = errors.Join(err, fmt.Errorf("could not %s: %s", purpose, got))
		}
		return got
	}
	if p.restore != nil {
		undo(fmt.Sprint("restore the settings ", p.restore), "PATCH "+settings, p.restore)
	}
	left := undo("look for names with "+p.prefix,
		"GET /oauth_applications?limit=100&name_query="+p.prefix, nil)
	found, _ := left.json["data"].([]any)
	for _, each := range found {
		fields, _ := each.(object)
		p.created[answer{json: fields}.path()] = true
	}
	for path := range p.created {
		undo("delete "+path, "DELETE "+path, nil)
	}
	return err
}

// answer is what came back: status 0 if nothing did.
type answer struct {
	status int
	code   string // of Clerk's error envelope or of an OAuth error, or why there is no answer
	json   object // nil if the body is no JSON object
}

// String leaves out Clerk's texts, which may repeat what was sent.
func (a answer) String() string { return strings.TrimSpace(fmt.Sprint(a.status, " ", a.code)) }

func (a answer) text(field string) string { text, _ := a.json[field].(string); return text }

// path is the path of the application that the answer holds.
func (a answer) path() string { return "/oauth_applications/" + url.PathEscape(a.text("id")) }

// call sends "METHOD path" to the Backend API. A nil body sends none.
func (p *probe) call(request string, body object) answer {
	var encoded []byte
	if body != nil {
		encoded, _ = json.Marshal(body) // the probe's own values can be encoded
	}
	method, path, _ := strings.Cut(request, " ")
	return p.send(method, p.url+path, string(encoded), http.Header{
		"Authorization": {"Bearer " + p.key}, "Content-Type": {"application/json"},
		"Clerk-Api-Version": {"2026-05-12"},
	})
}

func (p *probe) send(method, address, body string, header http.Header) (got answer) {
	ctx, cancel := context.WithTimeout(p.ctx, 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return answer{code: "no request: " + err.Error()}
	}
	r.Header = header
	r.Header.Set("User-Agent", "terraform-provider-clerk-probe")
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
		first, _ := list[0].(object)
		got.code = answer{json: first}.text("code")
	}
	return got
}

func (p *probe) sleep(d time.Duration) {
	select {
	case <-time.After(d):
	case <-p.ctx.Done():
	}
}
