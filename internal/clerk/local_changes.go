package clerk

import (
	"slices"
	"sync"
)

// localChanges is what this process knows of applications because it read or wrote them
// itself. Clerk's reads can lag behind it. The zero value knows nothing.
type localChanges struct {
	mu    sync.Mutex
	known map[string]localApplication // by id
}

type localApplication struct {
	clientID string // if this process created it
	name     string // as CanonicalName, if this process created or renamed it
	deleted  bool
}

// KnowApplication tells the client that an application existed before anything that the
// client will create, so that no search for a lost create adopts it.
func (c *Client) KnowApplication(id string) { c.local.read(id) }

func (l *localChanges) note(id string, change func(*localApplication)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil {
		l.known = make(map[string]localApplication)
	}
	app := l.known[id]
	change(&app)
	l.known[id] = app
}

// read notes an application that was read.
func (l *localChanges) read(id string) { l.note(id, func(*localApplication) {}) }

// created notes an application that was created under a name.
func (l *localChanges) created(app OAuthApplication, name string) {
	l.note(app.ID, func(known *localApplication) {
		known.clientID, known.name = app.ClientID, CanonicalName(name)
	})
}

// renamed notes the new name of an application.
func (l *localChanges) renamed(id, name string) {
	l.note(id, func(known *localApplication) { known.name = CanonicalName(name) })
}

// deleted notes an application that was deleted.
func (l *localChanges) deleted(id string) {
	l.note(id, func(known *localApplication) { known.deleted = true })
}

// knows reports whether this process has read, created or deleted the application.
func (l *localChanges) knows(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, known := l.known[id]
	return known
}

// changed reports whether this process created or renamed an application, and did not
// delete it.
func (l *localChanges) changed(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known[id].name != "" && !l.known[id].deleted
}

// createdAs returns the id of the application with a client_id that this process created
// and did not delete, or "".
func (l *localChanges) createdAs(clientID string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, app := range l.known {
		if app.clientID == clientID && !app.deleted {
			return id
		}
	}
	return ""
}

// withLocalChanges takes the ids that a list has of applications of a name (see
// SameName). It returns them without those that this process deleted or renamed, and with
// those that it created.
func (l *localChanges) withLocalChanges(name string, listed []string) []string {
	name = CanonicalName(name)
	l.mu.Lock()
	defer l.mu.Unlock()
	ids := slices.DeleteFunc(slices.Clone(listed), func(id string) bool {
		app := l.known[id]
		return app.deleted || app.name != "" && app.name != name
	})
	for id, app := range l.known {
		if app.name == name && !app.deleted && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
