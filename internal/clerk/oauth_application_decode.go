package clerk

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

const isMissing = "is missing"

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

// decodedApplication is an application as far as it could be read: app.Problems says
// what could not.
type decodedApplication struct {
	app    OAuthApplication
	secret Secret
	absent []FieldProblem // fields whose absence does no harm to a read
}

// written returns the application of an answer to a write, where absent fields are
// problems too: nothing must be concluded from them about what Clerk has applied.
func (d decodedApplication) written() OAuthApplication {
	d.app.Problems = slices.Concat(d.app.Problems, d.absent)
	return d.app
}

// decodeApplicationOf reads an answer about the application with an id. An answer without
// an id is about it.
func decodeApplicationOf(id string, body []byte) (decodedApplication, error) {
	d, err := decodeApplication(body)
	if err == nil && d.app.ID != "" && d.app.ID != id {
		err = fmt.Errorf("it is about another application (%q)", d.app.ID)
	}
	return d, err
}

// decodeApplication reads an application field by field: first what must not be lost (the
// secret, id and client_id), then the rest, where a surprise in one field is noted and
// costs that field only. It fails if the body is not an application at all.
//
// One Unmarshal into a struct was rejected. It reports the first field of another type
// only, where a warning must name all of them; it cannot tell a field that is missing from
// one that is zero; and it treats a key in other letters, such as CLIENT_SECRET, as the
// field. Decoder was rejected because it ignores what follows the first value.
func decodeApplication(body []byte) (d decodedApplication, err error) {
	f, err := newFieldReader(body)
	if err != nil {
		return d, err
	}
	// A secret that is not a string counts as missing. Only confidential clients must
	// have a secret, and the callers check that.
	var secret string
	if json.Unmarshal(f.raw["client_secret"], &secret) == nil {
		d.secret = NewSecret(secret)
	}
	d.app.ID = needText(f, "id")
	object := need[string](f, "object")
	switch {
	case object == "" && d.app.ID == "", object != "" && object != "oauth_application":
		return d, fmt.Errorf("it is not an OAuth application (object is %q)", object)
	case d.app.ID != "" && !ValidID(d.app.ID):
		// The id is quoted as a whole: the scrubber would not know a piece of a secret.
		return d, fmt.Errorf("its id (%q) is not a valid Clerk id", d.app.ID)
	}
	d.app.ClientID = needText(f, "client_id")
	d.app.InstanceID = need[string](f, "instance_id")
	d.app.Name = need[string](f, "name")
	d.app.Public = need[bool](f, "public")
	d.app.PKCERequired = need[bool](f, "pkce_required")
	d.app.ConsentScreenEnabled = need[bool](f, "consent_screen_enabled")
	d.app.Scopes = ParseScopes(take[string](f, "scopes"))
	d.app.RedirectURIs = take[[]string](f, "redirect_uris")
	const deviceGrant = "device_authorization_grant_enabled" // newer than Clerk's document
	d.app.DeviceAuthorizationGrantEnabled = take[*bool](f, deviceGrant)

	// What is only reported may be absent: Clerk can drop the deprecated callback_url, and
	// that must not stop every plan.
	d.app.DynamicallyRegistered = take[bool](f, "dynamically_registered")
	d.app.ClientURI = take[*string](f, "client_uri")
	d.app.ClientImageURL = take[*string](f, "client_image_url")
	d.app.CallbackURL = take[string](f, "callback_url")
	d.app.AuthorizeURL = take[string](f, "authorize_url")
	d.app.TokenFetchURL = take[string](f, "token_fetch_url")
	d.app.UserInfoURL = take[string](f, "user_info_url")
	d.app.DiscoveryURL = take[string](f, "discovery_url")
	d.app.TokenIntrospectionURL = take[string](f, "token_introspection_url")
	d.app.CreatedAt = millisecondTime(f, "created_at")
	d.app.UpdatedAt = millisecondTime(f, "updated_at")

	d.app.Problems = f.problems
	for _, name := range []string{"scopes", "redirect_uris"} {
		if _, ok := f.raw[name]; !ok {
			d.absent = append(d.absent, FieldProblem{Field: name, Problem: isMissing})
		}
	}
	return d, nil
}

func (c *Client) decodePage(a answer) (page, error) {
	f, err := newFieldReader(a.body)
	if err != nil {
		return page{}, err
	}
	data := need[[]json.RawMessage](f, "data")
	result := page{total: need[int](f, "total_count")}
	if err := problemsError(f.problems); err != nil {
		return page{}, err
	}
	result.items = make([]listItem, 0, len(data))
	for _, raw := range data {
		decoded, err := decodeApplication(raw)
		item := listItem{OAuthApplication: decoded.app, key: decoded.app.ID}
		if !ValidID(item.key) {
			item.ID, item.key = "", string(raw)
		}
		if err = cmp.Or(err, problemsError(decoded.app.Problems)); err != nil {
			problem := c.scrubber.clean(err.Error())
			item.unreadable = &UnreadableApplicationError{item.OAuthApplication, problem}
		}
		result.items = append(result.items, item)
	}
	return result, nil
}

// fieldReader reads the fields of a JSON object and gathers what is wrong with them.
// Unlike a struct's, a map's keys are compared exactly.
type fieldReader struct {
	raw      map[string]json.RawMessage
	problems []FieldProblem
}

// newFieldReader fails if the body is not an object. The reader works even then, on an
// object without fields.
func newFieldReader(body []byte) (*fieldReader, error) {
	f := &fieldReader{}
	err := json.Unmarshal(body, &f.raw)
	if wrongType, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		err = fmt.Errorf("it is a JSON %s, not an object", wrongType.Value)
	}
	if err == nil && f.raw == nil {
		err = errors.New("it is null")
	}
	return f, err
}

func (f *fieldReader) note(field, problem string) {
	f.problems = append(f.problems, FieldProblem{Field: field, Problem: problem})
}

// take reads a field that may be absent or null; both give the zero value.
func take[T any](f *fieldReader, name string) T {
	var value T
	if raw, ok := f.raw[name]; ok && json.Unmarshal(raw, &value) != nil {
		f.note(name, "has an unexpected type")
		return *new(T)
	}
	return value
}

// need reads a field that must be there.
func need[T any](f *fieldReader, name string) T {
	if raw, ok := f.raw[name]; !ok || string(raw) == "null" {
		f.note(name, isMissing)
	}
	return take[T](f, name)
}

// needText reads a text that must be there and not empty.
func needText(f *fieldReader, name string) string {
	if string(f.raw[name]) == `""` {
		f.note(name, isMissing)
	}
	return need[string](f, name)
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
