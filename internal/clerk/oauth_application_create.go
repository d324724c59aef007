package clerk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"
)

// Creation is an application that was created.
type Creation struct {
	// Application may have Problems. Its ID and ClientID are always known.
	Application OAuthApplication
	// ClientSecret is empty if a public client was asked for, whatever Clerk answers, if
	// the answer had none, and if RotationError is set.
	ClientSecret Secret

	// Adopted: the answer was lost and the application found afterwards. Its secret was
	// then rotated to get one that is known.
	Adopted       bool
	MaybeStale    bool  // as Rotation.MaybeStale, of that rotation
	RotationError error // why an adopted application has no known secret

	// Repeated: two requests were sent, and the first left no trace. Clerk may still
	// process the first request later.
	Repeated   bool
	LostAnswer error // of the attempt that was lost, if Adopted or Repeated
	// Duplicates are applications of the same name that appeared meanwhile: a request
	// whose answer was lost may have created them.
	Duplicates []OAuthApplication
}

// DuplicateNameError refuses to create a second application of one name; only with
// Config.PreventDuplicateNames.
type DuplicateNameError struct {
	Name string
	IDs  []string // of the applications that have the name
}

func (e *DuplicateNameError) Error() string {
	ids := strings.Join(e.IDs, ", ")
	return fmt.Sprintf("an application named %q exists already: %s", e.Name, ids)
}

// CreateOutcomeUnknownError is a create that Clerk may or may not have processed, or that
// it processed without a readable answer. It is not repeated, because that could create a
// second application.
type CreateOutcomeUnknownError struct {
	Name string
	// Created: Clerk did create it, and its answer was not usable.
	Created bool
	// Candidates are the applications that the request may have created; may be empty.
	// Fields that could not be read are zero, except the ID. The ClientIDs are scrubbed,
	// the other texts are as Clerk sent them.
	Candidates []OAuthApplication
	Err        error // what happened to the request
	LookupErr  error // why the search failed, or a candidate could not be read; may be nil
}

func (e *CreateOutcomeUnknownError) Error() string {
	if e.Created {
		return fmt.Sprintf("the application %q was created, and not found: %s", e.Name, e.Err)
	}
	return fmt.Sprintf("it is not known whether the application %q was created: %s", e.Name, e.Err)
}

func (e *CreateOutcomeUnknownError) Unwrap() error { return e.Err }

// duplicateLookDelay is the time after which a trace of the first of two creates is looked
// for: lists can lag a little behind.
const duplicateLookDelay = 2 * time.Second

// CreateOAuthApplication creates an application. Name must be set.
//
// Once the request has begun it runs to its end, even if ctx ends: its answer holds a secret that
// is shown once. An answer with the id and client_id is a success, whatever else it lacks. Without
// a usable answer the request is not repeated. Instead the application is looked for: by its name
// (see SameName), created since the request began, not known before, with every field as sent. A
// single match is adopted, and its secret rotated to get one that is known. The rotation does no
// harm, because no one can be using a secret that no one received. The request is sent once more,
// and duplicates are looked for, if there is nothing that it could have created, not even with a
// field that Clerk has changed or that cannot be read, and if the request broke or failed rather
// than took too long. Anything else is a CreateOutcomeUnknownError.
//
// Creates of one name wait for each other, so that the search cannot mistake one for another.
func (c *Client) CreateOAuthApplication(
	ctx context.Context, fields OAuthApplicationFields,
) (Creation, error) {
	name := *fields.Name
	lock, _ := c.names.LoadOrStore(CanonicalName(name), semaphore.NewWeighted(1))
	if err := lock.(*semaphore.Weighted).Acquire(ctx, 1); err != nil {
		return Creation{}, err
	}
	defer lock.(*semaphore.Weighted).Release(1)
	if c.config.PreventDuplicateNames {
		if err := c.checkDuplicateName(ctx, name); err != nil {
			return Creation{}, err
		}
	}

	op, cancel := withGrace(ctx, fullGrace)
	defer cancel()
	search := applicationSearch{fields: fields, since: time.Now()}
	creation, err := c.createOnce(op, search)
	unknown, ok := errors.AsType[*CreateOutcomeUnknownError](err)
	if !ok || !unknown.mayBeSentAgain() || ctx.Err() != nil {
		return creation, err
	}
	creation, err = c.createOnce(op, search)
	switch {
	case isError[*CreateOutcomeUnknownError](err):
		return Creation{}, err
	case err != nil:
		// The second request did nothing. The first may have come through meanwhile.
		found, lookupErr := c.searchOnce(op.send, search)
		err = errors.Join(unknown.Err, err)
		return Creation{}, c.createOutcomeUnknown(search, found, err, lookupErr)
	case !creation.Adopted:
		creation.LostAnswer = unknown.Err
	}
	creation.Repeated = true
	_ = sleep(op.wait, duplicateLookDelay)
	// A failed search for duplicates is not worth an error. The application itself is
	// known by now, so the search leaves it out.
	found, _ := c.searchOnce(op.send, search)
	creation.Duplicates = found.all()
	return creation, nil
}

// mayBeSentAgain reports whether a create left no trace and may be sent once more. One
// that took too long may still be under way. One that was answered with a success,
// however unreadable, was processed.
func (e *CreateOutcomeUnknownError) mayBeSentAgain() bool {
	transport, ok := errors.AsType[*TransportError](e.Err)
	if ok && transport.Timeout || len(e.Candidates) > 0 || e.LookupErr != nil {
		return false
	}
	lost, ok := errors.AsType[*outcomeUnknownError](e.Err)
	return ok && (lost.outcome == outcomeLost || lost.outcome == outcomeFailed)
}

// createOnce sends the create, and searches for the application if the outcome is unknown.
func (c *Client) createOnce(op opContext, search applicationSearch) (Creation, error) {
	creation, err := c.postApplication(op.wait, search.fields)
	lost, ok := errors.AsType[*outcomeUnknownError](err)
	if !ok {
		return creation, err
	}
	search.id = lost.id
	found, lookupErr := c.searchUntilFound(op, search)
	if app, only := found.only(); only {
		return c.adopt(op, search, app, lost.err), nil
	}
	return Creation{}, c.createOutcomeUnknown(search, found, lost, lookupErr)
}

// createOutcomeUnknown returns the error of a create that may have created what was found,
// or the application that an unusable answer named.
func (c *Client) createOutcomeUnknown(
	search applicationSearch, found candidates, lost, lookupErr error,
) *CreateOutcomeUnknownError {
	candidates := found.all()
	isNamed := func(app OAuthApplication) bool { return app.ID == search.id }
	if search.id != "" && !slices.ContainsFunc(candidates, isNamed) {
		candidates = append(candidates, OAuthApplication{ID: search.id})
	}
	for i := range candidates {
		candidates[i].ClientID = c.scrubber.clean(candidates[i].ClientID)
	}
	for _, item := range found.unreadable {
		lookupErr = errors.Join(lookupErr, item)
	}
	unknown, ok := errors.AsType[*outcomeUnknownError](lost)
	return &CreateOutcomeUnknownError{
		Name: *search.fields.Name, Created: ok && unknown.outcome.applied() == appliedYes,
		Candidates: candidates, Err: lost, LookupErr: lookupErr,
	}
}

// postApplication sends the create. An outcomeUnknownError says that Clerk may have carried it out.
func (c *Client) postApplication(
	ctx context.Context, fields OAuthApplicationFields,
) (Creation, error) {
	defer c.reads.beginWrite("")()
	op, cancel := withGrace(ctx, postGrace)
	defer cancel()

	var id string // of an answer that is not usable
	creation, err := send(c, op, request{
		method: http.MethodPost, route: routeApplications,
	}.withJSON(fields), func(a answer) (Creation, error) {
		decoded, err := decodeApplication(a.body)
		c.scrubber.learn(decoded.secret)
		if ValidID(decoded.app.ID) {
			id = decoded.app.ID
		}
		switch {
		case err != nil:
			return Creation{}, err
		case decoded.app.ID == "":
			return Creation{}, &unreadableError{"it has no id"}
		case decoded.app.ClientID == "":
			return Creation{}, &unreadableError{"application " + id + " has no client_id"}
		}
		if asksForPublic(fields) {
			// Clerk sends a secret for a public client too, contrary to its document. No
			// one needs it, and a stored secret only invites use.
			decoded.secret = Secret{}
		}
		return Creation{Application: decoded.written(), ClientSecret: decoded.secret}, nil
	})
	if lost, ok := errors.AsType[*outcomeUnknownError](err); ok {
		lost.id = id
	}
	if err == nil {
		app := creation.Application
		c.local.note(app.ID, localApplication{clientID: app.ClientID, name: *fields.Name})
	}
	return creation, err
}

// asksForPublic reports whether a create asks for a public client. The request decides
// what becomes of the secret, and not a field of the answer, which may be wrong.
func asksForPublic(fields OAuthApplicationFields) bool {
	return fields.Public != nil && *fields.Public
}

// adopt treats an application that a search found as the result of the create.
func (c *Client) adopt(
	op opContext, search applicationSearch, app OAuthApplication, lost error,
) Creation {
	c.local.note(app.ID, localApplication{clientID: app.ClientID, name: app.Name})
	creation := Creation{Application: app, Adopted: true, LostAnswer: lost}
	if asksForPublic(search.fields) {
		return creation
	}
	rotation, err := c.rotate(op.send, op, app.ID, app.UpdatedAt)
	if err != nil {
		creation.RotationError = err
		return creation
	}
	if rotation.Application.ClientID != "" {
		creation.Application = rotation.Application
	}
	creation.ClientSecret = rotation.ClientSecret
	creation.MaybeStale = rotation.MaybeStale
	return creation
}

const nameSearchFailed = "the search for an application of this name failed: %w"

func (c *Client) checkDuplicateName(ctx context.Context, name string) error {
	named, unreadable, err := c.applicationsNamed(ctx, c.reads.listAgain, name)
	if err != nil {
		return fmt.Errorf(nameSearchFailed, err)
	}
	ids := idsOf(named)
	for _, item := range unreadable {
		if item.Application.Name == "" || item.Application.ID == "" {
			return fmt.Errorf(nameSearchFailed, item)
		}
		ids = append(ids, item.Application.ID)
	}
	// Lists can lag behind what this process itself has done.
	return duplicateName(name, c.local.withLocalChanges(name, ids))
}

func duplicateName(name string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	return &DuplicateNameError{Name: name, IDs: ids}
}

// CheckPlannedName returns a DuplicateNameError if Config.PreventDuplicateNames forbids to
// create an application of a name (see SameName). It is for a plan, in which everything may
// still change: applications that this client has read or been told of do not count,
// because their names may be free by the time of the create, which decides. All calls share
// one list. Without Config.PreventDuplicateNames nothing is sent.
func (c *Client) CheckPlannedName(ctx context.Context, name string) error {
	if !c.config.PreventDuplicateNames {
		return nil
	}
	apps, _, err := c.ListOAuthApplications(ctx, ListQuery{})
	if err != nil {
		return fmt.Errorf(nameSearchFailed, err)
	}
	return duplicateName(name, idsOf(slices.DeleteFunc(apps, func(app OAuthApplication) bool {
		return !SameName(app.Name, name) || c.local.knows(app.ID)
	})))
}
