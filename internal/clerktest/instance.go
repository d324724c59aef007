package clerktest

import (
	"cmp"
	"slices"
	"time"
)

// Environments of an instance, which decide the prefix of its secret key.
const (
	Development = "development"
	Production  = "production"
)

const (
	developmentPrefix = "sk_test_"
	productionPrefix  = "sk_live_"
)

// instance is the state of one Clerk instance. The server's lock guards it. Applications in it are never changed in
// place: a write stores a new value, so that what was read under the lock may be encoded outside it.
type instance struct {
	id, key, environment, workspaceID string

	frontendURL  string // origin of the frontend API, which serves the URLs of the applications
	customScopes map[string]bool

	entries    map[string]*entry
	order      []*entry // by creation; deleted ones stay as long as lagging reads may see them
	tombstones int
	byName     nameOrder
	generation int // of entries

	settings history[Settings]

	laggedUntil time.Time // until then some read may differ from the truth
	lastMillis  int64

	admitted []time.Time // the requests in the rate limit's window
}

// entry is the life of one application: nil once deleted.
type entry struct {
	sequence int64
	history[*Application]
}

// nameOrder is what the instance held at one generation, sorted by name.
type nameOrder struct {
	generation   int
	applications []*Application
}

// history keeps the past values that lagging reads still see. The last value is the truth.
type history[T any] struct {
	versions []version[T]
}

type version[T any] struct {
	visible time.Time
	value   T
}

func (h *history[T]) truth() T { return h.versions[len(h.versions)-1].value }

// seen gives what a read at the given time answers, and false when it sees nothing yet.
func (h *history[T]) seen(now time.Time) (T, bool) {
	for _, version := range slices.Backward(h.versions) {
		if !version.visible.After(now) {
			return version.value, true
		}
	}
	var none T
	return none, false
}

func (h *history[T]) put(value T, now time.Time, lag time.Duration) {
	if lag == 0 {
		h.versions = h.versions[:0]
	}
	h.versions = append(h.versions, version[T]{visible: now.Add(lag), value: value})
}

func newInstance(environment, key, frontendURL string, now time.Time) *instance {
	prefix := developmentPrefix
	if environment == Production {
		prefix = productionPrefix
	}
	if key == "" {
		key = prefix + randomText(42)
	}
	in := &instance{
		id:           newID("ins_", now),
		key:          key,
		environment:  environment,
		workspaceID:  newID("org_", now),
		frontendURL:  frontendURL,
		customScopes: map[string]bool{},
		entries:      map[string]*entry{},
	}
	in.settings.put(defaultSettings(), now, 0)
	return in
}

// tick gives the present time in milliseconds, and never the same twice: what happened later has a larger number, as
// tests of orders and windows need.
func (in *instance) tick(now time.Time) int64 {
	in.lastMillis = max(in.lastMillis+1, now.UnixMilli())
	return in.lastMillis
}

// live gives an application as it is, whatever reads see.
func (in *instance) live(id string) (*Application, bool) {
	entry, found := in.entries[id]
	if !found || entry.truth() == nil {
		return nil, false
	}
	return entry.truth(), true
}

// put stores a new or changed application, or a deletion when application is nil.
func (in *instance) put(id string, application *Application, now time.Time, lag time.Duration) {
	in.purge(now)
	in.generation++
	if lag > 0 {
		in.laggedUntil = now.Add(lag)
	}
	known, found := in.entries[id]
	if !found {
		known = &entry{sequence: in.lastMillis}
		in.entries[id] = known
		in.order = append(in.order, known)
	}
	known.put(application, now, lag)
	if application == nil {
		in.tombstones++
		if lag == 0 {
			in.bury(id, known)
		}
	}
}

// bury forgets one deleted application.
func (in *instance) bury(id string, dead *entry) {
	delete(in.entries, id)
	index, found := slices.BinarySearchFunc(in.order, dead.sequence, func(e *entry, sequence int64) int {
		return int(e.sequence - sequence)
	})
	if found {
		in.order = slices.Delete(in.order, index, index+1)
	}
	in.tombstones--
}

// purge forgets every deleted application once no read lags behind.
func (in *instance) purge(now time.Time) {
	if in.tombstones == 0 || now.Before(in.laggedUntil) {
		return
	}
	for id, entry := range in.entries {
		if entry.truth() == nil {
			in.bury(id, entry)
		}
	}
}

// visible gives what a list at the given time holds, oldest first.
func (in *instance) visible(now time.Time) []*Application {
	in.purge(now)
	applications := make([]*Application, 0, len(in.order))
	for _, entry := range in.order {
		if application, found := entry.seen(now); found && application != nil {
			applications = append(applications, application)
		}
	}
	// Only what a test seeded or edited can be out of order.
	byCreation := func(a, b *Application) int { return cmp.Compare(a.CreatedAt, b.CreatedAt) }
	if !slices.IsSortedFunc(applications, byCreation) {
		slices.SortStableFunc(applications, byCreation)
	}
	return applications
}
