package clerk

import (
	"cmp"
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

// note adds what is known now of an application: a zero field changes nothing.
func (l *localChanges) note(id string, now localApplication) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil {
		l.known = make(map[string]localApplication)
	}
	known := l.known[id]
	l.known[id] = localApplication{
		clientID: cmp.Or(now.clientID, known.clientID),
		name:     cmp.Or(CanonicalName(now.name), known.name),
		deleted:  now.deleted || known.deleted,
	}
}

// knows reports whether this process has read or written the application.
func (l *localChanges) knows(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, known := l.known[id]
	return known
}

// changed reports whether this process created or renamed an application that it did not
// delete.
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

// withLocalChanges changes a list of the ids of a name (see SameName): without those that
// this process deleted or renamed, and with those that it created.
func (l *localChanges) withLocalChanges(name string, listed []string) []string {
	name = CanonicalName(name)
	l.mu.Lock()
	defer l.mu.Unlock()
	ids := slices.DeleteFunc(listed, func(id string) bool {
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
