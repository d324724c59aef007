package clerk

import (
	"context"
	"slices"
	"time"
)

const (
	// clockSlack is how far the start of a create is put back when its application is
	// looked for by age: HTTP dates have whole seconds only.
	clockSlack = 5 * time.Second
	// maxClockSkew is how far the clock of the Date header may be ahead of the clock that
	// writes created_at.
	maxClockSkew = time.Hour
)

// lookupDelays are the waits before each look for an application whose create had no
// answer. It may become visible, or come into being, some time after.
var lookupDelays = []time.Duration{
	500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second,
}

// applicationSearch describes an application that a request may have created.
type applicationSearch struct {
	fields OAuthApplicationFields
	since  time.Time // when the request began, by the local clock
	id     string    // of an application in an answer that was not usable; may be empty
}

// candidates are applications that the request may have created, and that this process
// did not know.
type candidates struct {
	exact []OAuthApplication // created since the request began, with every field as sent
	// others have a field with another value, which Clerk may have put there, or a time of
	// creation that fits only if the clocks of Date and created_at differ.
	others     []OAuthApplication
	unreadable []*UnreadableApplicationError
}

// all returns the candidates that have an id.
func (s candidates) all() []OAuthApplication {
	all := slices.Concat(s.exact, s.others)
	for _, item := range s.unreadable {
		if item.Application.ID != "" {
			all = append(all, item.Application)
		}
	}
	return all
}

// only returns the exact candidate if there is exactly one, and no unreadable one that may
// be the application as well.
func (s candidates) only() (app OAuthApplication, ok bool) {
	if len(s.exact) != 1 || len(s.unreadable) > 0 {
		return OAuthApplication{}, false
	}
	return s.exact[0], true
}

// searchUntilFound searches until a match is found. After an interrupt, it searches once
// more and stops: the rest of the grace period is needed for the rotation. Only the last
// search decides that nothing was found. An earlier one may have come before the
// application, or have seen a list that lags.
func (c *Client) searchUntilFound(
	op opContext, search applicationSearch,
) (found candidates, err error) {
	for _, delay := range lookupDelays {
		interrupted := sleep(op.wait, delay) != nil
		found, err = c.searchOnce(op.send, search)
		if len(found.exact) > 0 || interrupted {
			break
		}
	}
	return found, err
}

// searchOnce reads the application that an answer named, if it did, or lists the
// applications of the name and keeps those that the request may have created.
func (c *Client) searchOnce(
	ctx context.Context, search applicationSearch,
) (found candidates, err error) {
	name := *search.fields.Name
	if search.id != "" && !c.local.knows(search.id) {
		app, err := c.getApplication(ctx, search.id)
		if err == nil && SameName(app.Name, name) {
			return candidates{exact: []OAuthApplication{app}}, nil
		}
	}
	named, unreadable, err := c.applicationsNamed(ctx, c.reads.listAgain, name)
	if err != nil {
		return candidates{}, err
	}
	// The list's own answer has just told the server's time.
	since := c.serverTime(search.since).Add(-clockSlack)
	now := c.ServerNow().Add(clockSlack)
	// An application that is younger than the answer that lists it shows that the clocks
	// differ. Then no time of creation says which application is new.
	clocksDiffer := slices.ContainsFunc(named, func(app OAuthApplication) bool {
		return app.CreatedAt.After(now)
	})
	for _, app := range named {
		switch {
		case !clocksDiffer && c.mayBeCreatedSince(since, app) && search.fields.asCreated(app):
			found.exact = append(found.exact, app)
		case c.mayBeCreatedSince(since.Add(-maxClockSkew), app):
			found.others = append(found.others, app)
		}
	}
	for _, item := range unreadable {
		if c.mayBeCreatedSince(since, item.Application) {
			found.unreadable = append(found.unreadable, item)
		}
	}
	return found, nil
}

// mayBeCreatedSince reports whether an application may have been created by this process
// since a time of the server, as far as its fields could be read.
func (c *Client) mayBeCreatedSince(since time.Time, app OAuthApplication) bool {
	older := !app.CreatedAt.IsZero() && app.CreatedAt.Before(since)
	return !older && !app.DynamicallyRegistered && !c.local.knows(app.ID)
}

// asCreated reports whether an application is as a create with these fields makes it. A
// field that was not sent is compared if its default is certain.
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
