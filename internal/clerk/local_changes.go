package clerk

import (
	"slices"
	"sync"
)

// localChanges is what this process knows of applications because it read or wrote them
// itself. Clerk's reads can lag behind it. The zero value knows nothing.
type localChanges struct {
	mu      sync.Mutex
	names   map[string]string // by id, as canonicalName; empty where it was only read
	created map[string]string // ids by client_id
	deleted map[string]bool
}

// KnowApplication tells the client that an application existed before anything that the
// client will create.
func (c *Client) KnowApplication(id string) { c.local.read(id) }

// read notes an application that was read.
func (l *localChanges) read(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.names == nil {
		l.names = make(map[string]string)
	}
	if _, known := l.names[id]; !known {
		l.names[id] = ""
	}
}

// add notes an application that was created under a name.
func (l *localChanges) add(app OAuthApplication, name string) {
	l.named(app.ID, name)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.created == nil {
		l.created = make(map[string]string)
	}
	l.created[app.ClientID] = app.ID
}

// createdAs returns the id of the application with a client_id that was created, or "".
func (l *localChanges) createdAs(clientID string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.created[clientID]
}

// named notes the name of an application that was renamed.
func (l *localChanges) named(id, name string) {
	l.read(id)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.names[id] = canonicalName(name)
}

// gone notes an application that was deleted.
func (l *localChanges) gone(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.deleted == nil {
		l.deleted = make(map[string]bool)
	}
	l.deleted[id] = true
	delete(l.names, id)
}

// knows reports whether the application was read, created or deleted by this process.
func (l *localChanges) knows(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, known := l.names[id]
	return known || l.deleted[id]
}

// changed reports whether this process created or renamed an application.
func (l *localChanges) changed(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.names[id] != ""
}

// withLocalChanges takes the ids that a list has of applications of a name (see
// SameName). It returns them without those that this process deleted or renamed, and with
// those that it created.
func (l *localChanges) withLocalChanges(name string, listed []string) []string {
	name = canonicalName(name)
	l.mu.Lock()
	defer l.mu.Unlock()
	ids := slices.DeleteFunc(slices.Clone(listed), func(id string) bool {
		known := l.names[id]
		return l.deleted[id] || known != "" && known != name
	})
	for id, known := range l.names {
		if known == name && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
