package clerk

import (
	"fmt"
	"regexp"
)

// Ids become parts of a path. Escaping alone does not protect one: url.PathEscape
// leaves ".." as it is, and an empty id turns a get into a list. Clerk's ids are
// a prefix and a KSUID (oa_2O4BCh3zUONvWlZHtBXv6s6tm7u); the form checked here is
// wider, because Clerk documents none.
var idForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// ValidID reports whether id has a form that may become part of a request's path.
func ValidID(id string) bool {
	return idForm.MatchString(id)
}

// IDError is an id that is refused before any request is made with it.
type IDError struct {
	ID string
}

func (e *IDError) Error() string {
	return fmt.Sprintf("%.80q is not a valid Clerk id: letters, digits, _ and - only, at most 128", e.ID)
}

func checkID(id string) error {
	if !ValidID(id) {
		return &IDError{ID: id}
	}
	return nil
}
