package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
)

const (
	applicationsPath = "/oauth_applications"
	instancePath     = "/instance"
	settingsPath     = "/instance/oauth_application_settings"
)

// application is one that the probe created, as Clerk last answered it.
type application struct {
	object
	secret string
}

func (a *application) path() string { return applicationsPath + "/" + a.text("id") }

// probe is one run.
type probe struct {
	client    *client
	progress  io.Writer
	prefix    string // of the names of the run's applications
	questions []*question

	a, b         *application // confidential: created with a name alone, created with everything
	public       []*application
	remaining    []*application // created, and not known to be deleted
	lostCreates  bool           // a create may have been carried out without an answer
	lag          time.Duration  // how long reads stay behind
	lagSeen      string         // the same as the value of the switch, "" when it is not known
	settings     object         // of the instance, before the run
	changed      map[string]any // settings to restore, with their values
	notAvailable error          // why the run cannot ask anything
}

func newProbe(c *client, progress io.Writer) *probe {
	return &probe{
		client: c, progress: progress, questions: newQuestions(), changed: map[string]any{},
		prefix: "clerk-probe-" + strings.ToLower(rand.Text()[:10]) + "-",
	}
}

// run asks every question and cleans up, whatever happens. The error names what is left on the instance.
func (p *probe) run(ctx context.Context) (result, error) {
	err := p.ask(ctx)
	if p.notAvailable != nil {
		return result{}, err // nothing was created
	}
	fmt.Fprintln(p.progress, "deleting what was created")
	err = errors.Join(err, p.cleanUp(context.WithoutCancel(ctx)))
	return p.result(), err
}

// ask runs the steps in the order of their weight: what comes last is not asked when the requests are used up. A panic
// becomes an error, so that the cleanup follows.
func (p *probe) ask(ctx context.Context) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("internal error: %v\n%s", reason, p.client.scrub(string(debug.Stack())))
		}
	}()
	for _, step := range []struct {
		name string
		ask  func(context.Context)
	}{
		{"instance", p.askInstance},
		{"create", p.askCreates},
		{"public clients", p.askPublicClients},
		{"introspection", p.askTokenInfo},
		{"scopes", p.askScopes},
		{"redirect URIs", p.askRedirects},
		{"null and unknown fields", p.askFields},
		{"settings", p.askSettings},
		{"lists", p.askLists},
		{"errors", p.askErrors},
	} {
		fmt.Fprintln(p.progress, "asking:", step.name)
		step.ask(ctx)
		if p.notAvailable != nil {
			return p.notAvailable
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("interrupted: %w", err)
		}
	}
	return nil
}

func (p *probe) result() result {
	r := result{Requests: p.client.sent}
	for _, q := range p.questions {
		found := q.finding()
		if found.Switch != "" {
			r.Of++
		}
		if found.Value != "" {
			r.Switches++
		}
		r.Findings = append(r.Findings, found)
	}
	return r
}

// note adds an observation to the question of a switch, or to the one that has this text.
func (p *probe) note(name string, o observation) {
	for _, q := range p.questions {
		if q.switchName == name || q.switchName == "" && q.text == name {
			q.observations = append(q.observations, o)
			return
		}
	}
	panic("there is no question " + name)
}

// tell adds an observation to a question without a switch.
func (p *probe) tell(name string, seen string) { p.note(name, observation{seen: seen}) }

// askInstance makes sure that the key works and is that of a development instance.
func (p *probe) askInstance(ctx context.Context) {
	got := p.client.call(ctx, http.MethodGet, instancePath, nil)
	switch {
	case !got.ok():
		p.notAvailable = fmt.Errorf("the instance cannot be read: %s", got)
	case got.json.text("environment_type") != "development":
		p.notAvailable = errors.New("this is not a development instance")
	}
}

// create creates an application. It returns nil if no application was created, or if its id is not known.
func (p *probe) create(ctx context.Context, label string, fields object) (*application, answer) {
	body := object{"name": p.prefix + label}
	maps.Copy(body, fields)
	got := p.client.call(ctx, http.MethodPost, applicationsPath, body)
	if got.err != nil && !errors.Is(got.err, errBudget) || got.status >= http.StatusInternalServerError || got.status/100 == 2 && got.json.text("id") == "" {
		p.lostCreates = true
	}
	if !got.ok() || got.json.text("id") == "" {
		return nil, got
	}
	created := &application{object: got.json, secret: got.json.text("client_secret")}
	p.client.remember(created.secret)
	p.remaining = append(p.remaining, created)
	return created, got
}

// patch changes an application.
func (p *probe) patch(ctx context.Context, a *application, body any) answer {
	got := p.client.call(ctx, http.MethodPatch, a.path(), body)
	if got.ok() {
		a.object = got.json
	}
	return got
}

// rotate gives an application a new client secret.
func (p *probe) rotate(ctx context.Context, a *application) answer {
	got := p.client.call(ctx, http.MethodPost, a.path()+"/rotate_secret", nil)
	if got.ok() {
		a.object, a.secret = got.json, got.json.text("client_secret")
		p.client.remember(a.secret)
	}
	return got
}

// confidential gives the confidential applications that exist, for questions that are asked of each.
func (p *probe) confidential() []*application {
	var found []*application
	for _, a := range []*application{p.a, p.b} {
		if a != nil {
			found = append(found, a)
		}
	}
	return found
}

// other is the observation of an answer that no value of a switch explains.
func other(got answer) observation {
	if errors.Is(got.err, errBudget) {
		return untold(errBudget.Error(), "")
	}
	return untold("no value of the switch explains this", "%s", got)
}
