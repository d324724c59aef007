package clerk

import (
	"slices"
	"sync"
)

// localChanges is what this process knows of applications by its own doing: the
// zero value knows nothing. Clerk's lists can lag behind it.
type localChanges struct {
	mu      sync.Mutex
	names   map[string]string // by id; empty where it was only read
	deleted map[string]bool
}

// read notes an application that was read.
func (o *localChanges) read(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.names == nil {
		o.names = make(map[string]string)
	}
	if _, known := o.names[id]; !known {
		o.names[id] = ""
	}
}

// made notes an application that was created, or renamed.
func (o *localChanges) made(id, name string) {
	o.read(id)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.names[id] = name
}

// gone notes an application that was deleted.
func (o *localChanges) gone(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.deleted == nil {
		o.deleted = make(map[string]bool)
	}
	o.deleted[id] = true
	delete(o.names, id)
}

// knows reports whether the application was read, made or deleted by this process.
func (o *localChanges) knows(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, known := o.names[id]
	return known || o.deleted[id]
}

// correct takes the ids that a list has of applications of a name, and returns them
// without those that were deleted or renamed, and with those that were made.
func (o *localChanges) correct(name string, listed []string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	ids := slices.DeleteFunc(slices.Clone(listed), func(id string) bool {
		own := o.names[id]
		return o.deleted[id] || own != "" && own != name
	})
	for id, own := range o.names {
		if own == name && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
