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

// Creation is an application that was made.
type Creation struct {
	Application  OAuthApplication
	ClientSecret Secret   // empty for a public client, or when RotationError is set
	Problems     []string // fields of the answer that could not be read and are zero

	// Adopted tells that the answer was lost and the application found
	// afterwards; its secret was then rotated to get one that is known.
	Adopted bool
	// LostAnswer is the error of the attempt whose answer was lost; set whenever
	// Adopted is, and when a second request was made after a lost first one.
	LostAnswer error
	// Repeated tells that two requests were made, of which the first left no trace.
	// It may still be carried out, later than anybody waits for it.
	Repeated bool
	// MaybeStale is Rotation.MaybeStale of the rotation of an adopted application.
	MaybeStale bool
	// RotationError is why no secret could be had for an adopted application.
	RotationError error
	// Duplicates are applications of the same name that came into being meanwhile:
	// a request whose answer was lost may have made one beside this.
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

// CreateOutcomeUnknownError is a create of which nobody can say whether it was carried
// out. It is not repeated, since that could make a second application.
type CreateOutcomeUnknownError struct {
	Name       string
	Candidates []OAuthApplication // applications that the request may have made; may be empty. Their texts are scrubbed
	Err        error              // what happened to the request
	LookupErr  error              // why it could not be looked for; nil when it could
}

func (e *CreateOutcomeUnknownError) Error() string {
	return fmt.Sprintf("whether the application %q was created is not known: %s", e.Name, e.Err)
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
// request is not repeated. The application is looked for instead: by its exact
// name, made since the request began, not known before, with every field as
// sent. One match is adopted, and its secret rotated to one that is known; that
// costs nothing, as nobody can be using a secret that nobody received. If there
// is nothing that the request could have made, not even with a field that Clerk
// has changed, and if the request broke or failed rather than took too long, one
// more is sent, and doubles are looked for. Anything else is an
// CreateOutcomeUnknownError.
//
// Creates of one name wait for each other, so that the search cannot mistake one
// for another.
func (c *Client) CreateOAuthApplication(ctx context.Context, fields OAuthApplicationFields) (Creation, error) {
	name := *fields.Name
	unlock, err := c.names.lock(ctx, name)
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
	begun := time.Now()
	creation, err := c.postApplication(ctx, fields)
	var lost *outcomeUnknownError
	if !errors.As(err, &lost) {
		return creation, err
	}

	search := applicationSearch{fields: fields, since: begun}
	found, lookupErr := c.searchUntilFound(ctx, finishing, search)
	if len(found.exact) == 1 {
		return c.adopt(ctx, finishing, found.exact[0], lost.err), nil
	}
	if !found.none() || lookupErr != nil || !lost.mayBeSentAgain() || ctx.Err() != nil {
		return Creation{}, c.createOutcomeUnknown(name, found, lost.err, lookupErr)
	}
	return c.createAgain(ctx, finishing, search, lost.err)
}

// mayBeSentAgain tells whether a create that left no trace may be sent once more.
// One that took too long may still be under way; one that was answered with a
// success, however unreadable, was carried out.
func (e *outcomeUnknownError) mayBeSentAgain() bool {
	var transport *TransportError
	if errors.As(e.err, &transport) && transport.Timeout {
		return false
	}
	return e.outcome == outcomeLost || e.outcome == outcomeFailed
}

// createAgain sends the request a second time and then looks for a trace of the
// first.
func (c *Client) createAgain(ctx, finishing context.Context, search applicationSearch, firstErr error) (Creation, error) {
	creation, err := c.postApplication(ctx, search.fields)
	var lost *outcomeUnknownError
	switch {
	case errors.As(err, &lost):
		found, lookupErr := c.searchUntilFound(ctx, finishing, search)
		if len(found.exact) != 1 {
			return Creation{}, c.createOutcomeUnknown(*search.fields.Name, found, lost.err, lookupErr)
		}
		creation = c.adopt(ctx, finishing, found.exact[0], lost.err)
	case err != nil:
		return Creation{}, &CreateOutcomeUnknownError{Name: *search.fields.Name, Err: errors.Join(firstErr, err)}
	default:
		creation.LostAnswer = firstErr
	}

	creation.Repeated = true
	_ = sleep(ctx, duplicateLookDelay)
	// A double is named in a warning; not finding out is not worth an error. The
	// application itself is known by now and not found.
	found, _ := c.searchOnce(finishing, search)
	creation.Duplicates = found.all()
	return creation, nil
}

func (c *Client) createOutcomeUnknown(name string, found candidates, lost, lookupErr error) *CreateOutcomeUnknownError {
	candidates := found.all()
	for i := range candidates {
		candidates[i].ClientID = c.scrubber.clean(candidates[i].ClientID)
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

	var creation Creation
	err = c.do(ctx, sending, request{
		operation: opCreate, method: http.MethodPost, route: routeApplications,
		body: body, contentType: contentTypeJSON,
		accept: func(a answer) error {
			decoded, err := decodeApplication(a.body)
			if err != nil {
				return err
			}
			creation = Creation{Application: decoded.app, ClientSecret: decoded.secret, Problems: decoded.problems}
			return nil
		},
	})
	if err != nil {
		return Creation{}, err
	}
	c.scrubber.learn(creation.ClientSecret)
	c.local.made(creation.Application.ID, *fields.Name)
	return creation, nil
}

// adopt takes an application that was found for the one that was to be made.
func (c *Client) adopt(ctx, finishing context.Context, app OAuthApplication, lost error) Creation {
	c.local.made(app.ID, app.Name)
	creation := Creation{Application: app, Adopted: true, LostAnswer: lost}
	if app.Public {
		return creation
	}
	rotation, err := c.rotate(finishing, ctx, finishing, app.ID, app.UpdatedAt)
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

// applicationSearch describes an application that a create may have made.
type applicationSearch struct {
	fields OAuthApplicationFields
	since  time.Time // local clock
}

// candidates are applications of the name that was to be made, that came into being
// since then and that this process did not know.
type candidates struct {
	exact   []OAuthApplication // with every field as sent
	similar []OAuthApplication // with another value somewhere, which Clerk may have put there
}

func (s candidates) none() bool              { return len(s.exact)+len(s.similar) == 0 }
func (s candidates) all() []OAuthApplication { return slices.Concat(s.exact, s.similar) }

// searchUntilFound looks again and again, until a match is found. When ctx is over
// it looks once more and not again: what is left of the grace must do for the
// rotation too. Nothing was found only if the last look says so: an earlier
// one may have come before the application, or have seen a list that lags.
func (c *Client) searchUntilFound(ctx, finishing context.Context, search applicationSearch) (found candidates, err error) {
	for _, delay := range lookupDelays {
		interrupted := sleep(ctx, delay) != nil
		found, err = c.searchOnce(finishing, search)
		if len(found.exact) > 0 || interrupted {
			break
		}
	}
	return found, err
}

// searchOnce lists the applications of the name and keeps those that the request
// may have made.
func (c *Client) searchOnce(ctx context.Context, search applicationSearch) (found candidates, err error) {
	named, err := c.applicationsNamed(ctx, *search.fields.Name)
	if err != nil {
		return candidates{}, err
	}
	// The list's own answer has just told the server's time.
	since := c.serverTime(search.since).Add(-clockSlack)
	for _, app := range named {
		switch {
		case app.CreatedAt.Before(since), app.DynamicallyRegistered, c.local.knows(app.ID):
		case search.fields.asMade(app):
			found.exact = append(found.exact, app)
		default:
			found.similar = append(found.similar, app)
		}
	}
	return found, nil
}

// asMade tells whether an application is as a create with these fields makes it. A
// field that was not sent is compared where its default is certain.
func (f OAuthApplicationFields) asMade(app OAuthApplication) bool {
	if f.RedirectURIs == nil {
		f.RedirectURIs = &[]string{}
	}
	if f.Public == nil {
		f.Public = new(false)
	}
	return len(f.NotApplied(app)) == 0
}

// applicationsNamed lists the applications of exactly this name.
func (c *Client) applicationsNamed(ctx context.Context, name string) ([]OAuthApplication, error) {
	var named []OAuthApplication
	for app, err := range c.listAnew(ctx, listKey{nameQuery: name, orderBy: OrderByNewest}) {
		if err != nil {
			return nil, err
		}
		if app.Name == name {
			named = append(named, app)
		}
	}
	return named, nil
}

func (c *Client) checkDuplicateName(ctx context.Context, name string) error {
	named, err := c.applicationsNamed(ctx, name)
	if err != nil {
		return fmt.Errorf("whether an application of this name exists already could not be read: %w", err)
	}
	// Lists can lag behind what this process itself has done.
	ids := c.local.correct(name, idsOf(named))
	if len(ids) == 0 {
		return nil
	}
	return &DuplicateNameError{Name: name, IDs: ids}
}
