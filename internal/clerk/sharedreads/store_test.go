package sharedreads

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

// thing is what the store of the tests holds.
type thing struct {
	ID      string
	Version int // different for every state of every thing
	Tags    []string
	Broken  bool // incomplete
}

type query string

const (
	everything  query = "" // oldest first, so that new things come last
	newestFirst query = "newest"
	evenOnly    query = "even"
)

var (
	errNotFound = errors.New("not found")
	errNoPages  = errors.New("no pages today")
)

// state is a thing from a point in time.
type state struct {
	from    time.Time
	version int
	exists  bool
}

// store is a server in memory. It serves GETs and pages in order of creation,
// counts them, and keeps the whole history.
type store struct {
	mu       sync.Mutex
	order    []string           // ids that exist, oldest first
	history  map[string][]state // by id
	versions int

	gets, pages int
	served      map[string]bool // ids that were in a page

	// latency is called before and after the work of each request.
	latency    func() time.Duration
	beforePage func(s *store) // with the mutex held
	pageError  error
	broken     map[string]bool // by id: incomplete in pages
}

func newStore(things int) *store {
	s := &store{history: make(map[string][]state), served: make(map[string]bool)}
	for range things {
		s.create()
	}
	return s
}

func thingID(i int) string { return fmt.Sprintf("thing%05d", i) }

// create and the next two are called by someone other than the Reader's user.
func (s *store) create() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.createLocked()
}

func (s *store) createLocked() string {
	id := thingID(len(s.history))
	s.order = append(s.order, id)
	s.record(id, true)
	return id
}

func (s *store) update(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.exists(id) {
		s.record(id, true)
	}
}

func (s *store) delete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deleteLocked(id)
}

func (s *store) deleteLocked(id string) {
	if s.exists(id) {
		s.order = slices.DeleteFunc(s.order, func(other string) bool { return other == id })
		s.record(id, false)
	}
}

func (s *store) exists(id string) bool {
	states := s.history[id]
	return len(states) > 0 && states[len(states)-1].exists
}

func (s *store) record(id string, exists bool) {
	s.versions++
	s.history[id] = append(s.history[id], state{from: time.Now(), version: s.versions, exists: exists})
}

func (s *store) read(id string) thing {
	states := s.history[id]
	return thing{ID: id, Version: states[len(states)-1].version, Tags: []string{"a", "b"}}
}

func (s *store) version(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.read(id).Version
}

func (s *store) requests() (gets, pages int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gets, s.pages
}

// expectRequests fails unless exactly this many requests have arrived.
func (s *store) expectRequests(t *testing.T, gets, pages int) {
	t.Helper()
	if g, p := s.requests(); g != gets || p != pages {
		t.Errorf("%d GETs and %d pages so far, want %d and %d", g, p, gets, pages)
	}
}

// setLatency sets the time that each request takes in each direction.
func (s *store) setLatency(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latency = func() time.Duration { return d }
}

// travel waits for the latency of a request.
func (s *store) travel(ctx context.Context) error {
	var d time.Duration
	s.mu.Lock()
	if s.latency != nil {
		d = s.latency()
	}
	s.mu.Unlock()
	select {
	case <-time.After(d):
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *store) get(ctx context.Context, id string) (thing, error) {
	s.mu.Lock()
	s.gets++
	s.mu.Unlock()
	if err := s.travel(ctx); err != nil {
		return thing{}, err
	}
	s.mu.Lock()
	found := s.exists(id)
	var result thing
	if found {
		result = s.read(id)
	}
	s.mu.Unlock()
	if err := s.travel(ctx); err != nil {
		return thing{}, err
	}
	if !found {
		return thing{}, errNotFound
	}
	return result, nil
}

func (s *store) page(ctx context.Context, q query, offset, limit int) ([]thing, int, error) {
	s.mu.Lock()
	s.pages++
	s.mu.Unlock()
	if err := s.travel(ctx); err != nil {
		return nil, 0, err
	}
	items, total, err := s.pageNow(q, offset, limit)
	if err := s.travel(ctx); err != nil {
		return nil, 0, err
	}
	return items, total, err
}

func (s *store) pageNow(q query, offset, limit int) ([]thing, int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.beforePage != nil {
		s.beforePage(s)
	}
	if s.pageError != nil {
		return nil, 0, s.pageError
	}
	selected := slices.Clone(s.order)
	switch q {
	case newestFirst:
		slices.Reverse(selected)
	case evenOnly:
		selected = slices.DeleteFunc(selected, func(id string) bool { return !isEven(id) })
	}
	var items []thing
	for _, id := range selected[min(offset, len(selected)):min(offset+limit, len(selected))] {
		s.served[id] = true
		item := s.read(id)
		item.Broken = s.broken[id]
		items = append(items, item)
	}
	return items, len(selected), nil
}

func isEven(id string) bool { return (id[len(id)-1]-'0')%2 == 0 }

func (s *store) source() Source[thing, query] {
	return Source[thing, query]{
		Get:  s.get,
		Page: s.page,
		ID:   func(t thing) string { return t.ID },
		Clone: func(t thing) thing {
			t.Tags = slices.Clone(t.Tags)
			return t
		},
		Whole: func(t thing) bool { return !t.Broken },
	}
}

// newReader returns a Reader with smaller pages than usual.
func newReader(s *store, pageSize int) *Reader[thing, query] {
	r := New(s.source())
	r.pageSize = pageSize
	return r
}

func mustRead(t *testing.T, r *Reader[thing, query], id string) thing {
	t.Helper()
	got, err := r.Read(t.Context(), id)
	if err != nil {
		t.Fatalf("reading %s: %v", id, err)
	}
	if got.ID != id {
		t.Fatalf("reading %s brought %s", id, got.ID)
	}
	return got
}

func mustList(t *testing.T, r *Reader[thing, query], q query) []string {
	t.Helper()
	var ids []string
	for item, err := range r.List(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, item.ID)
	}
	return ids
}

// thingIDs are the ids of the things from first up to before end.
func thingIDs(first, end int) []string {
	var ids []string
	for i := first; i < end; i++ {
		ids = append(ids, thingID(i))
	}
	return ids
}
