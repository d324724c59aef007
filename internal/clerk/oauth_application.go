package clerk

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"slices"
	"time"
)

const (
	routeApplications = "/oauth_applications"
	routeApplication  = "/oauth_applications/{id}"
	routeRotateSecret = "/oauth_applications/{id}/rotate_secret" //nolint:gosec // a path
	routeLogo         = "/oauth_applications/{id}/logo"
)

// ReadOption changes what GetOAuthApplication and FindOAuthApplication do. ReadYourWrites
// is the only one.
type ReadOption struct{ created time.Time }

// ReadYourWrites makes a read wait for writes that Clerk's reads may not show yet. An
// application that this client created or renamed, or that was created less than a minute
// ago, is looked for again for some seconds before it is not found. created is the time of
// its creation by Clerk's clock, or zero if the caller does not know it.
func ReadYourWrites(created time.Time) ReadOption { return ReadOption{created} }

// How often an application that is younger than recentAge is looked for again: after one
// second, two and three. That is longer in all than any lag of Clerk's reads that was seen.
const (
	recentAge   = time.Minute
	recentLooks = 3
)

// GetOAuthApplication reads one application. It may be answered from a list page that this client
// read less than a minute ago and that no write of its own has made stale. IsNotFound reports
// whether no application has this id: a request of its own has then said so.
func (c *Client) GetOAuthApplication(
	ctx context.Context, id string, options ...ReadOption,
) (OAuthApplication, error) {
	if !ValidID(id) {
		return OAuthApplication{}, &IDError{ID: id}
	}
	app, err := c.reads.read(ctx, id)
	app, err = c.lookAgain(ctx, id, app, err, func(_ OAuthApplication, err error) bool {
		return IsNotFound(err) && slices.ContainsFunc(options, func(o ReadOption) bool {
			return c.local.changed(id) || c.ServerNow().Sub(o.created) < recentAge
		})
	})
	if err == nil {
		c.KnowApplication(id)
	}
	return app, err
}

func (c *Client) getApplication(ctx context.Context, id string) (OAuthApplication, error) {
	return send(c, singleContext(ctx), request{
		method: http.MethodGet, route: routeApplication, id: id,
	}, func(a answer) (OAuthApplication, error) {
		decoded, err := decodeApplicationOf(id, a.body)
		return decoded.app, cmp.Or(err, problemsError(decoded.app.Problems))
	})
}

// lookAgain reads an application again as long as Clerk's reads may lag behind, and
// returns the result of the latest read.
func (c *Client) lookAgain(
	ctx context.Context, id string, app OAuthApplication, err error,
	mayLag func(OAuthApplication, error) bool,
) (OAuthApplication, error) {
	for look := 1; look <= recentLooks && mayLag(app, err); look++ {
		wait := time.Duration(look) * time.Second
		if deadline, limited := ctx.Deadline(); limited && time.Until(deadline) < 2*wait {
			break // a caller who gives a read so little time wants an answer soon
		}
		if err := sleep(ctx, wait); err != nil {
			return OAuthApplication{}, err
		}
		app, err = c.reads.fresh(ctx, id)
	}
	return app, err
}

// KnowApplication tells the client that an application existed before anything that the
// client will create, so that no search for a lost create adopts it.
func (c *Client) KnowApplication(id string) { c.local.note(id, localApplication{}) }

// UpdateOAuthApplication changes the given fields and leaves the others as they are. The answer is
// returned unchanged: OAuthApplicationFields.NotApplied returns the fields that Clerk did not
// apply. After an attempt that Clerk may have applied, every error is a ChangeOutcomeUnknownError.
//
// Scopes are sent with offline_access among them, whether they hold it or not: Clerk
// rejects a change of scopes that lacks one of its built-in scopes.
func (c *Client) UpdateOAuthApplication(
	ctx context.Context, id string, fields OAuthApplicationFields,
) (OAuthApplication, error) {
	if fields.Scopes != nil {
		fields.Scopes = new(withOfflineAccess(*fields.Scopes))
	}
	app, err := c.update(ctx, request{
		method: http.MethodPatch, route: routeApplication, id: id,
	}.withJSON(fields))
	if err == nil && fields.Name != nil {
		c.local.note(id, localApplication{name: cmp.Or(app.Name, *fields.Name)})
	}
	return app, err
}

// update sends a change of an application. Fields of the answer that cannot be read are
// Problems and no error: the change was made.
func (c *Client) update(ctx context.Context, r request) (OAuthApplication, error) {
	defer c.reads.beginWrite(r.id)()
	return send(c, singleContext(ctx), r, func(a answer) (OAuthApplication, error) {
		decoded, err := decodeApplicationOf(r.id, a.body)
		return decoded.written(), err
	})
}

// DeleteOAuthApplication deletes an application permanently. IsNotFound reports whether
// there was none. A repeated delete, whose first answer was lost, ends so too. Any other
// error after an attempt that Clerk may have applied is a ChangeOutcomeUnknownError.
func (c *Client) DeleteOAuthApplication(ctx context.Context, id string) error {
	defer c.reads.beginWrite(id)()
	_, err := send(c, singleContext(ctx), request{
		method: http.MethodDelete, route: routeApplication, id: id,
	}, decodeDeleted)
	if err == nil || IsNotFound(err) {
		c.local.note(id, localApplication{deleted: true})
	}
	return err
}

// decodeDeleted returns an error unless the answer says that the deletion was done. 204
// without a body says so too.
func decodeDeleted(a answer) (deleted bool, err error) {
	if a.status == http.StatusNoContent && len(a.body) == 0 {
		return true, nil
	}
	f, err := newFieldReader(a.body)
	if deleted = take[bool](f, "deleted"); err == nil && !deleted {
		err = errors.New("it does not say that the application was deleted")
	}
	return deleted, err
}

// MaxLogoBytes is the largest logo that Clerk accepts.
const MaxLogoBytes = 10 << 20

// LogoType recognises the type of an image by its first bytes. ok is false if Clerk does
// not accept it.
func LogoType(image []byte) (contentType string, ok bool) {
	contentType = http.DetectContentType(image)
	accepted := []string{"image/jpeg", "image/png", "image/gif", "image/webp"}
	return contentType, slices.Contains(accepted, contentType)
}

// UploadOAuthApplicationLogo sets or replaces the logo. Clerk has no request that removes
// a logo. The caller checks the type of the image by LogoType. The errors are those of
// UpdateOAuthApplication.
func (c *Client) UploadOAuthApplicationLogo(
	ctx context.Context, id, fileName string, image []byte,
) (OAuthApplication, error) {
	contentType, _ := LogoType(image)
	// Writes to a bytes.Buffer do not fail.
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, _ := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition("file", fileName)},
		"Content-Type":        {contentType},
	})
	_, _ = part.Write(image)
	_ = form.Close()
	return c.update(ctx, request{
		method: http.MethodPut, route: routeLogo, id: id,
		body: body.Bytes(), contentType: form.FormDataContentType(),
	})
}
