package clerk

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// decodedApplication is an application as far as it could be read: app.Problems says
// what could not.
type decodedApplication struct {
	app    OAuthApplication
	secret Secret
	absent []FieldProblem // fields whose absence does no harm to a read
}

// complete returns an error if a field could not be read.
func (d decodedApplication) complete() error { return problemsError(d.app.Problems) }

// isOf returns an error if the answer is about another application than the given one.
// An answer to a write that lacks its id is about the application of the request.
func (d decodedApplication) isOf(id string) error {
	if d.app.ID != "" && d.app.ID != id {
		return otherApplication(d.app.ID)
	}
	return nil
}

// problemsError returns an error that names all problems, or nil.
func problemsError(problems []FieldProblem) error {
	if len(problems) == 0 {
		return nil
	}
	texts := make([]string, len(problems))
	for i, problem := range problems {
		texts[i] = problem.String()
	}
	return errors.New(strings.Join(texts, "; "))
}

// decodeApplication reads an application field by field: first what must not be lost (the
// secret, id and client_id), then the rest, where a surprise in one field is noted and
// costs that field only. It fails if the body is not an application at all.
//
// One Unmarshal into a struct was rejected. It reports the first field of another type
// only, where a warning must name all of them; it cannot tell a field that is missing from
// one that is zero; and it treats a key in other letters, such as CLIENT_SECRET, as the
// field. Decoder was rejected because it ignores what follows the first value.
func decodeApplication(body []byte) (decodedApplication, error) {
	var d decodedApplication
	raw, err := decodeObject(body)
	if err != nil {
		return d, err
	}
	f := fieldReader{raw: raw}

	// A secret that is not a string counts as missing. Only confidential clients must
	// have a secret, and the callers check that.
	var secret *string
	_ = json.Unmarshal(raw["client_secret"], &secret)
	if secret != nil {
		d.secret = NewSecret(*secret)
	}
	d.app.ID = needText(&f, "id")
	object := need[string](&f, "object")
	switch {
	case object == "" && d.app.ID == "", object != "" && object != "oauth_application":
		return d, fmt.Errorf("it is not an OAuth application (object is %q)", object)
	case d.app.ID != "" && !ValidID(d.app.ID):
		// The id is quoted as a whole: the scrubber would not know a piece of a secret.
		return d, fmt.Errorf("its id (%q) is not a valid Clerk id", d.app.ID)
	}
	d.app.ClientID = needText(&f, "client_id")
	d.app.InstanceID = need[string](&f, "instance_id")
	d.app.Name = need[string](&f, "name")
	d.app.Public = need[bool](&f, "public")
	d.app.PKCERequired = need[bool](&f, "pkce_required")
	d.app.ConsentScreenEnabled = need[bool](&f, "consent_screen_enabled")
	d.app.Scopes = ParseScopes(take[string](&f, "scopes"))
	d.app.RedirectURIs = take[[]string](&f, "redirect_uris")
	const deviceGrant = "device_authorization_grant_enabled" // newer than Clerk's document
	d.app.DeviceAuthorizationGrantEnabled = take[*bool](&f, deviceGrant)

	// What is only reported may be absent: Clerk can drop the deprecated callback_url, and
	// that must not stop every plan.
	d.app.DynamicallyRegistered = take[bool](&f, "dynamically_registered")
	d.app.ClientURI = take[*string](&f, "client_uri")
	d.app.ClientImageURL = take[*string](&f, "client_image_url")
	d.app.CallbackURL = take[string](&f, "callback_url")
	d.app.AuthorizeURL = take[string](&f, "authorize_url")
	d.app.TokenFetchURL = take[string](&f, "token_fetch_url")
	d.app.UserInfoURL = take[string](&f, "user_info_url")
	d.app.DiscoveryURL = take[string](&f, "discovery_url")
	d.app.TokenIntrospectionURL = take[string](&f, "token_introspection_url")
	d.app.CreatedAt = millisecondTime(&f, "created_at")
	d.app.UpdatedAt = millisecondTime(&f, "updated_at")

	d.app.Problems = f.problems
	for _, name := range []string{"scopes", "redirect_uris"} {
		if _, ok := raw[name]; !ok {
			d.absent = append(d.absent, FieldProblem{Field: name, Problem: isMissing})
		}
	}
	return d, nil
}

// written returns the application of an answer to a write, where absent fields are
// problems too: nothing must be concluded from them about what Clerk has applied.
func (d decodedApplication) written() OAuthApplication {
	app := d.app
	app.Problems = slices.Concat(app.Problems, d.absent)
	return app
}

// decodeWithSecret reads the answer to a create or a rotation. From here on the scrubber
// knows the secret. Whether the secret is kept is decided by the request and not by
// another field of this answer.
func (c *Client) decodeWithSecret(a answer) (decodedApplication, error) {
	decoded, err := decodeApplication(a.body)
	c.scrubber.learn(decoded.secret)
	return decoded, err
}

// decodeObject splits a JSON object into its fields. Unlike a struct's, a map's keys are
// compared exactly.
func decodeObject(body []byte) (map[string]json.RawMessage, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		if wrongType, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return nil, fmt.Errorf("it is a JSON %s, not an object", wrongType.Value)
		}
		return nil, err
	}
	if raw == nil {
		return nil, errors.New("it is null")
	}
	return raw, nil
}

// fieldReader reads the fields of an object and gathers what is wrong with them.
type fieldReader struct {
	raw      map[string]json.RawMessage
	problems []FieldProblem
}

const isMissing = "is missing"

func (f *fieldReader) note(field, problem string) {
	f.problems = append(f.problems, FieldProblem{Field: field, Problem: problem})
}

// take reads a field that may be absent or null; both give the zero value.
func take[T any](f *fieldReader, name string) T {
	var value T
	raw, ok := f.raw[name]
	if !ok {
		return value
	}
	if err := json.Unmarshal(raw, &value); err != nil {
		f.note(name, "has an unexpected type")
		var zero T
		return zero
	}
	return value
}

// need reads a field that must be there.
func need[T any](f *fieldReader, name string) T {
	if raw, ok := f.raw[name]; !ok || string(raw) == "null" {
		f.note(name, isMissing)
		var zero T
		return zero
	}
	return take[T](f, name)
}

// needText reads a text that must be there and not empty.
func needText(f *fieldReader, name string) string {
	noted := len(f.problems)
	text := need[string](f, name)
	if text == "" && len(f.problems) == noted {
		f.note(name, isMissing)
	}
	return text
}

// millisecondTime reads a Unix time in milliseconds. Clerk's document calls it an
// integer. A float of integral value is accepted too: to JSON the two are the same.
func millisecondTime(f *fieldReader, name string) time.Time {
	ms := take[*float64](f, name)
	if ms == nil {
		return time.Time{}
	}
	if *ms != math.Trunc(*ms) || math.Abs(*ms) > 1<<53 {
		f.note(name, "is not a time in milliseconds")
		return time.Time{}
	}
	return time.UnixMilli(int64(*ms)).UTC()
}

// clone returns a copy that shares nothing with app.
func (app OAuthApplication) clone() OAuthApplication {
	app.RedirectURIs = slices.Clone(app.RedirectURIs)
	app.Scopes = slices.Clone(app.Scopes)
	app.DeviceAuthorizationGrantEnabled = clonePointer(app.DeviceAuthorizationGrantEnabled)
	app.ClientURI = clonePointer(app.ClientURI)
	app.ClientImageURL = clonePointer(app.ClientImageURL)
	return app
}

func clonePointer[T any](pointer *T) *T {
	if pointer == nil {
		return nil
	}
	return new(*pointer)
}
