package clerk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Creation is an application that was created.
type Creation struct {
	Application  OAuthApplication
	ClientSecret Secret   // empty for a public client, whatever Clerk answers, and when RotationError is set
	Problems     []string // fields of the answer that could not be read and are zero

	// Adopted: the answer was lost and the application found afterwards. Its secret
	// was then rotated to get one that is known.
	Adopted bool
	// LostAnswer is the error of the attempt whose answer was lost; set whenever
	// Adopted is, and when a second request was sent after a lost first one.
	LostAnswer error
	// Repeated: two requests were sent, and the first left no trace. Clerk may still
	// process the first request later.
	Repeated bool
	// MaybeStale is Rotation.MaybeStale of the rotation of an adopted application.
	MaybeStale bool
	// RotationError is why an adopted application has no known secret.
	RotationError error
	// Duplicates are applications of the same name that appeared meanwhile: a request
	// whose answer was lost may have created them.
	Duplicates []OAuthApplication
}

// DuplicateNameError refuses to create a second application of one name; only
// with Config.PreventDuplicateNames.
type DuplicateNameError struct {
	Name string
	IDs  []string // of the applications that have the name
}

func (e *DuplicateNameError) Error() string {
	return fmt.Sprintf("an application named %q exists already: %s", e.Name, strings.Join(e.IDs, ", "))
}

// CreateOutcomeUnknownError is a create that Clerk may or may not have processed. It is
// not repeated, because that could create a second application.
type CreateOutcomeUnknownError struct {
	Name string
	// Candidates are the applications that the request may have created; may be
	// empty. Fields that could not be read are zero, except the ID. The ClientIDs are
	// scrubbed, the other texts are as Clerk sent them.
	Candidates []OAuthApplication
	Err        error // what happened to the request
	LookupErr  error // why the search failed, or why a candidate could not be read; may be nil
}

func (e *CreateOutcomeUnknownError) Error() string {
	return fmt.Sprintf("it is not known whether the application %q was created: %s", e.Name, e.Err)
}

func (e *CreateOutcomeUnknownError) Unwrap() error { return e.Err }

// clockSlack is how far the start of a create is put back when its application is
// looked for by age: HTTP dates have whole seconds only.
const clockSlack = 5 * time.Second

// lookupDelays are the waits before each look for an application whose create
// had no answer. It may become visible, or come into being, some time after.
var lookupDelays = []time.Duration{
	500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second,
}

// duplicateLookDelay is the time after which a first create without an answer is looked
// for once more, beside the second: lists can lag a little behind.
const duplicateLookDelay = 2 * time.Second

// CreateOAuthApplication creates an application. Name must be set.
//
// Once the request has begun it runs to its end, even when ctx is over: its
// answer holds a secret that is shown once. When no usable answer comes, the
// request is not repeated. The application is looked for instead: by its name
// (see SameName), created since the request began, not known before, with every
// field as sent. One match is adopted, and its secret rotated to get one that is
// known. The rotation does no harm, because no one can be using a secret that no one
// received. If there is nothing that the request could have created, not even with
// a field that Clerk has changed or that cannot be read, and if the request broke
// or failed rather than took too long, it is sent once more, and duplicates are
// looked for. Anything else is a CreateOutcomeUnknownError.
//
// Creates of one name wait for each other, so that the search cannot mistake one
// for another.
func (c *Client) CreateOAuthApplication(ctx context.Context, fields OAuthApplicationFields) (Creation, error) {
	name := *fields.Name
	unlock, err := c.names.lock(ctx, canonicalName(name))
	if err != nil {
		return Creation{}, err
	}
	defer unlock()
	if c.preventDuplicateNames {
		if err := c.checkDuplicateName(ctx, name); err != nil {
			return Creation{}, err
		}
	}

	finishing, cancel := withGrace(ctx, fullGrace)
	defer cancel()
	p := patience{waiting: ctx, finishing: finishing}
	begun := time.Now()
	creation, err := c.postApplication(ctx, fields)
	var lost *outcomeUnknownError
	if !errors.As(err, &lost) {
		return creation, err
	}

	search := applicationSearch{fields: fields, since: begun}
	found, lookupErr := c.searchUntilFound(p, search)
	if app, only := found.only(); only {
		return c.adopt(p, app, lost.err), nil
	}
	if !found.none() || lookupErr != nil || !lost.mayBeSentAgain() || ctx.Err() != nil {
		return Creation{}, c.createOutcomeUnknown(name, found, lost.err, lookupErr)
	}
	return c.createAgain(p, search, lost.err)
}

// mayBeSentAgain reports whether a create that left no trace may be sent once more.
// One that took too long may still be under way; one that was answered with a
// success, however unreadable, was processed.
func (e *outcomeUnknownError) mayBeSentAgain() bool {
	var transport *TransportError
	if errors.As(e.err, &transport) && transport.Timeout {
		return false
	}
	return e.outcome == outcomeLost || e.outcome == outcomeFailed
}

// createAgain sends the request a second time and then looks for a trace of the
// first.
func (c *Client) createAgain(p patience, search applicationSearch, firstErr error) (Creation, error) {
	creation, err := c.postApplication(p.waiting, search.fields)
	var lost *outcomeUnknownError
	switch {
	case errors.As(err, &lost):
		found, lookupErr := c.searchUntilFound(p, search)
		app, only := found.only()
		if !only {
			return Creation{}, c.createOutcomeUnknown(*search.fields.Name, found, lost.err, lookupErr)
		}
		creation = c.adopt(p, app, lost.err)
	case err != nil:
		return Creation{}, &CreateOutcomeUnknownError{Name: *search.fields.Name, Err: errors.Join(firstErr, err)}
	default:
		creation.LostAnswer = firstErr
	}

	creation.Repeated = true
	_ = sleep(p.waiting, duplicateLookDelay)
	// A duplicate is named in a warning; not finding out is not worth an error. The
	// application itself is known by now and not found.
	found, _ := c.searchOnce(p.finishing, search)
	creation.Duplicates = found.all()
	return creation, nil
}

func (c *Client) createOutcomeUnknown(name string, found candidates, lost, lookupErr error) *CreateOutcomeUnknownError {
	candidates := found.all()
	for i := range candidates {
		candidates[i].ClientID = c.scrubber.clean(candidates[i].ClientID)
	}
	for _, item := range found.unreadable {
		lookupErr = errors.Join(lookupErr, item)
	}
	return &CreateOutcomeUnknownError{Name: name, Candidates: candidates, Err: lost, LookupErr: lookupErr}
}

// postApplication sends the create. An outcomeUnknownError says that it may have been
// carried out.
func (c *Client) postApplication(ctx context.Context, fields OAuthApplicationFields) (Creation, error) {
	body, err := json.Marshal(fields)
	if err != nil {
		return Creation{}, err
	}
	defer c.reads.BeginWrite("")()
	sending, cancel := withGrace(ctx, postGrace)
	defer cancel()

	creation, err := send(c, patience{waiting: ctx, finishing: sending}, request{
		operation: opCreate, method: http.MethodPost, route: routeApplications,
		body: body, contentType: contentTypeJSON,
	}, func(a answer) (Creation, error) {
		decoded, err := c.decodeWithSecret(a)
		return Creation{Application: decoded.app, ClientSecret: decoded.secret, Problems: decoded.problems}, err
	})
	if err != nil {
		return Creation{}, err
	}
	c.local.add(creation.Application, *fields.Name)
	return creation, nil
}

// adopt treats an application that a search found as the result of the create.
func (c *Client) adopt(p patience, app OAuthApplication, lost error) Creation {
	c.local.add(app, app.Name)
	creation := Creation{Application: app, Adopted: true, LostAnswer: lost}
	if app.Public {
		return creation
	}
	rotation, err := c.rotate(p.finishing, p, app.ID, app.UpdatedAt)
	if err != nil {
		creation.RotationError = err
		return creation
	}
	creation.Application = rotation.Application
	creation.ClientSecret = rotation.ClientSecret
	creation.Problems = rotation.Problems
	creation.MaybeStale = rotation.MaybeStale
	return creation
}

// applicationSearch describes an application that a request may have created.
type applicationSearch struct {
	fields OAuthApplicationFields
	since  time.Time // local clock
}

// candidates are applications of the name that was to be created, that came into
// being since then and that this process did not know.
type candidates struct {
	exact      []OAuthApplication // with every field as sent
	similar    []OAuthApplication // with another value somewhere, which Clerk may have put there
	unreadable []*UnreadableApplicationError
}

func (s candidates) none() bool { return len(s.exact)+len(s.similar)+len(s.unreadable) == 0 }

// all returns the candidates that have an id.
func (s candidates) all() []OAuthApplication {
	all := slices.Concat(s.exact, s.similar)
	for _, item := range s.unreadable {
		if item.Application.ID != "" {
			all = append(all, item.Application)
		}
	}
	return all
}

// only returns the exact candidate if there is exactly one, and no unreadable candidate
// that could be the application too.
func (s candidates) only() (app OAuthApplication, ok bool) {
	if len(s.exact) != 1 || len(s.unreadable) > 0 {
		return OAuthApplication{}, false
	}
	return s.exact[0], true
}

// searchUntilFound looks again and again, until a match is found. When p.waiting is
// over it looks once more and not again: what is left of the grace must do for the
// rotation too. Nothing was found only if the last look says so: an earlier
// one may have come before the application, or have seen a list that lags.
func (c *Client) searchUntilFound(p patience, search applicationSearch) (found candidates, err error) {
	for _, delay := range lookupDelays {
		interrupted := sleep(p.waiting, delay) != nil
		found, err = c.searchOnce(p.finishing, search)
		if len(found.exact) > 0 || interrupted {
			break
		}
	}
	return found, err
}

// searchOnce lists the applications of the name and keeps those that the request
// may have created.
func (c *Client) searchOnce(ctx context.Context, search applicationSearch) (found candidates, err error) {
	named, unreadable, err := c.applicationsNamed(ctx, *search.fields.Name, c.listAgain)
	if err != nil {
		return candidates{}, err
	}
	// The list's own answer has just told the server's time.
	since := c.serverTime(search.since).Add(-clockSlack)
	for _, app := range named {
		switch {
		case !c.mayBeCreatedSince(since, app):
		case search.fields.asCreated(app):
			found.exact = append(found.exact, app)
		default:
			found.similar = append(found.similar, app)
		}
	}
	for _, item := range unreadable {
		if c.mayBeCreatedSince(since, item.Application) {
			found.unreadable = append(found.unreadable, item)
		}
	}
	return found, nil
}

// mayBeCreatedSince reports whether an application may have been created by this
// process since a time of the server, as far as its fields could be read.
func (c *Client) mayBeCreatedSince(since time.Time, app OAuthApplication) bool {
	older := !app.CreatedAt.IsZero() && app.CreatedAt.Before(since)
	return !older && !app.DynamicallyRegistered && !c.local.knows(app.ID)
}

// asCreated reports whether an application is as a create with these fields makes
// it. A field that was not sent is compared where its default is certain.
func (f OAuthApplicationFields) asCreated(app OAuthApplication) bool {
	if f.RedirectURIs == nil {
		f.RedirectURIs = &[]string{}
	}
	if f.Public == nil {
		f.Public = new(false)
	}
	// An application without a time may be an old one.
	return !app.CreatedAt.IsZero() && len(f.NotApplied(app)) == 0
}

func (c *Client) checkDuplicateName(ctx context.Context, name string) error {
	named, unreadable, err := c.applicationsNamed(ctx, name, c.listAgain)
	if err != nil {
		return fmt.Errorf("the search for an application of this name failed: %w", err)
	}
	ids := idsOf(named)
	for _, item := range unreadable {
		if item.Application.Name == "" || item.Application.ID == "" {
			return fmt.Errorf("the search for an application of this name failed: %w", item)
		}
		ids = append(ids, item.Application.ID)
	}
	// Lists can lag behind what this process itself has done.
	ids = c.local.correct(name, ids)
	if len(ids) == 0 {
		return nil
	}
	return &DuplicateNameError{Name: name, IDs: ids}
}
