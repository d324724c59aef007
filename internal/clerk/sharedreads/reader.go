package sharedreads

import (
	"context"
	"errors"
	"iter"
	"maps"
	"sync"
	"time"
)

const (
	// PageSize is how many objects are asked for at once: the most that Clerk gives.
	PageSize = 500

	// Lifetime is how old a shared answer may be. A change that someone else makes
	// meanwhile shows in the next run, as if this one had been a minute earlier.
	Lifetime = 60 * time.Second

	// MaxPages is how many pages one listing may have, and how many the finished
	// ones may have together when another begins. It bounds the memory.
	MaxPages = 200
)

// ErrTooManyPages ends a List of more than 200 pages.
var ErrTooManyPages = errors.New("the list is longer than 200 pages")

// Source is where objects of type T come from. Q is what distinguishes one list
// from another; its zero value stands for the list of all objects.
type Source[T any, Q comparable] struct {
	// Get reads one object by its id.
	Get func(ctx context.Context, id string) (T, error)

	// Page reads one page, of at most limit objects, and returns how many objects the
	// query has in all. The order must not change between requests; it should be
	// one in which new objects come last.
	Page func(ctx context.Context, query Q, offset, limit int) (items []T, total int, err error)

	// ID is the id by which Get finds the object. An item that is not whole has one too,
	// by which the next page or the next list knows it again.
	ID func(T) string

	// Clone copies an object so deeply that a caller who changes it changes no
	// other's. It may be nil when a plain copy does.
	Clone func(T) T

	// Whole reports whether an item of a page is the object as Get would return it. One
	// that is not keeps its place in the list, and reads never see it: a GET decides. It
	// may be nil when all items are whole.
	Whole func(T) bool
}

// Reader reads objects of one source. The package comment says how. It is safe for
// concurrent use.
type Reader[T any, Q comparable] struct {
	source   Source[T, Q]
	pageSize int

	mu       sync.Mutex
	snapshot map[string]*entry[T]
	listings map[Q]*listing[T, Q]
	getting  map[string]*flight[T]

	noPagesBefore time.Time // set when a page could not be read

	// The number of own writes that have ended serves as the clock by which requests
	// and writes are ordered: time itself may stand still between two of them.
	writes  int
	written map[string]int // by id: the value of writes when its last write ended
	writing map[string]int // by id: writes under way
}

// New returns a Reader without a snapshot.
func New[T any, Q comparable](source Source[T, Q]) *Reader[T, Q] {
	if source.Clone == nil {
		source.Clone = func(value T) T { return value }
	}
	if source.Whole == nil {
		source.Whole = func(T) bool { return true }
	}
	return &Reader[T, Q]{
		source:   source,
		pageSize: PageSize,
		snapshot: make(map[string]*entry[T]),
		listings: make(map[Q]*listing[T, Q]),
		getting:  make(map[string]*flight[T]),
		written:  make(map[string]int),
		writing:  make(map[string]int),
	}
}

// Read returns an object that is at most a Lifetime old, or the error of a GET.
func (r *Reader[T, Q]) Read(ctx context.Context, id string) (T, error) {
	for ctx.Err() == nil {
		r.mu.Lock()
		if e := r.known(id); e != nil {
			r.mu.Unlock()
			return r.source.Clone(e.value), nil
		}
		get, page := r.choose(ctx, id)
		r.mu.Unlock()

		if get == nil {
			// Whatever became of the page, the next look decides.
			_, _ = page.wait(ctx)
			continue
		}
		value, err := get.wait(ctx)
		if err != nil {
			return value, err
		}
		return r.source.Clone(value), nil
	}
	var none T
	return none, ctx.Err()
}

// Known returns what Read would return at once, if it is there: it neither begins a
// request nor waits for one.
func (r *Reader[T, Q]) Known(id string) (value T, known bool) {
	r.mu.Lock()
	e := r.known(id)
	r.mu.Unlock()
	if e == nil {
		return value, false
	}
	return r.source.Clone(e.value), true
}

// known returns what the snapshot has of an object, or nil. The caller holds the
// mutex.
func (r *Reader[T, Q]) known(id string) *entry[T] {
	if e := r.snapshot[id]; e != nil && !expired(e.asOf) {
		return e
	}
	return nil
}

// choose returns the request that answers a cache miss: a GET or a page, under way
// or begun here. The caller holds the mutex.
func (r *Reader[T, Q]) choose(ctx context.Context, id string) (get *flight[T], page *flight[struct{}]) {
	if f := r.getting[id]; f.join() {
		return f, nil
	}
	l := r.listingForRead(id)
	if l.gets > 0 { // not the first read
		if l.flight.join() {
			return nil, l.flight
		}
		if l.bought <= l.gets && !l.complete && l.pages < MaxPages && !time.Now().Before(r.noPagesBefore) {
			l.bought++
			return nil, r.launchPage(ctx, l)
		}
	}
	l.gets++
	return r.launchGet(ctx, id), nil
}

// Fresh returns an object by a GET that begins after the call. It joins no GET that
// is under way: that one may have seen the object before a change which the caller
// knows of.
func (r *Reader[T, Q]) Fresh(ctx context.Context, id string) (T, error) {
	value, err := r.get(ctx, id)
	if err != nil {
		return value, err
	}
	return r.source.Clone(value), nil
}

// List goes through all objects of a query, in its order, and requests pages only
// as far as the caller goes. It serves items that are not whole too, and ends with the
// first error. The pages are at most a Lifetime old when it begins, and younger than
// every own write that ended before.
// The package comment says what is guaranteed when objects come and go meanwhile;
// one that came in may stand out of order, unless new objects come last.
func (r *Reader[T, Q]) List(ctx context.Context, query Q) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		l := r.listingForList(query)
		next := 0
		for {
			arrived, page, err := r.advance(ctx, l, next)
			if page != nil {
				_, err = page.wait(ctx)
			}
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			if page == nil && len(arrived) == 0 {
				return
			}
			for _, e := range arrived {
				if !yield(r.source.Clone(e.value), nil) {
					return
				}
			}
			next += len(arrived)
		}
	}
}

// advance returns the entries from next on, or, when there are none yet, the
// request that may bring them; neither when the list is at its end.
func (r *Reader[T, Q]) advance(ctx context.Context, l *listing[T, Q], next int) ([]*entry[T], *flight[struct{}], error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return nil, nil, ctx.Err()
	case next < len(l.entries) || l.complete:
		return l.entries[next:], nil, nil
	case l.flight.join():
		return nil, l.flight, nil
	case l.pages >= MaxPages:
		return nil, nil, ErrTooManyPages
	}
	return nil, r.launchPage(ctx, l), nil
}

// BeginWrite announces a request that changes or deletes the object. end must be called
// when that request has ended, with or without success. From the beginning on
// the object is not in the snapshot; no request that began before the end puts it
// back or is joined after, and no list that began before the end serves one that
// begins after. A create, whose id is not known yet, is a write of the id "".
func (r *Reader[T, Q]) BeginWrite(id string) (end func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writing[id]++
	delete(r.snapshot, id)

	return sync.OnceFunc(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.writes++
		r.written[id] = r.writes
		if r.writing[id]--; r.writing[id] == 0 {
			delete(r.writing, id)
		}
		delete(r.getting, id)
	})
}

// get makes a GET and keeps its answer.
func (r *Reader[T, Q]) get(ctx context.Context, id string) (T, error) {
	r.mu.Lock()
	writes := r.writes
	r.mu.Unlock()
	asOf := time.Now()

	value, err := r.source.Get(ctx, id)

	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		// The entry in the snapshot may be out of date.
		delete(r.snapshot, id)
		return value, err
	}
	r.keep(&entry[T]{id: id, value: value, asOf: asOf}, writes)
	return value, nil
}

// launchGet begins a GET that reads of the same object share. The caller holds the
// mutex.
func (r *Reader[T, Q]) launchGet(ctx context.Context, id string) *flight[T] {
	var f *flight[T]
	f = launch(ctx, func(ctx context.Context) (T, error) {
		defer func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.getting[id] == f {
				delete(r.getting, id)
			}
		}()
		return r.get(ctx, id)
	})
	r.getting[id] = f
	return f
}

// launchPage begins the request of the next page. The caller holds the mutex.
func (r *Reader[T, Q]) launchPage(ctx context.Context, l *listing[T, Q]) *flight[struct{}] {
	l.pages++
	offset, writes, asOf := l.offset, r.writes, time.Now()

	var f *flight[struct{}]
	f = launch(ctx, func(ctx context.Context) (struct{}, error) {
		var page []*entry[T]
		items, total, err := r.source.Page(ctx, l.query, offset, r.pageSize)
		for _, item := range items {
			page = append(page, &entry[T]{id: r.source.ID(item), value: item, asOf: asOf})
		}

		r.mu.Lock()
		defer r.mu.Unlock()
		switch {
		case l.flight != f:
			// All waiters left before the page came, and another flight has replaced
			// this one.
		case err == nil:
			for _, e := range page {
				r.keep(e, writes)
			}
			l.add(page, total, r.pageSize)
		case ctx.Err() == nil:
			r.noPagesBefore = time.Now().Add(Lifetime)
		}
		return struct{}{}, err
	})
	l.flight = f
	return f
}

// keep puts an entry into the snapshot, unless the entry is not whole, the snapshot has a
// newer one, or the object was written since the entry's request began. writes is the
// value of r.writes at that time. The caller holds the mutex.
func (r *Reader[T, Q]) keep(e *entry[T], writes int) {
	if !r.source.Whole(e.value) || r.writing[e.id] > 0 || writes < r.written[e.id] {
		return
	}
	if known := r.snapshot[e.id]; known != nil && known.asOf.After(e.asOf) {
		return
	}
	r.snapshot[e.id] = e
}

// listingForRead returns the listing that reads buy pages of. One that began before
// the object was written last cannot serve it, and makes way. The caller holds the
// mutex.
func (r *Reader[T, Q]) listingForRead(id string) *listing[T, Q] {
	var all Q
	l := r.listings[all]
	if l == nil || expired(l.began) || l.writes < r.written[id] {
		l = r.beginListing(all)
	}
	return l
}

// listingForList returns a listing that a List which begins now may rely on.
func (r *Reader[T, Q]) listingForList(query Q) *listing[T, Q] {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.listings[query]
	if l == nil || expired(l.began) || l.writes < r.writes || l.gap {
		l = r.beginListing(query)
	}
	l.whole = true
	return l
}

// beginListing begins a listing, and forgets what has expired. The caller holds the
// mutex.
func (r *Reader[T, Q]) beginListing(query Q) *listing[T, Q] {
	maps.DeleteFunc(r.snapshot, func(_ string, e *entry[T]) bool { return expired(e.asOf) })
	maps.DeleteFunc(r.listings, func(_ Q, l *listing[T, Q]) bool { return expired(l.began) })
	held := 0
	for _, l := range r.listings {
		held += l.pages
	}
	if held >= MaxPages {
		clear(r.snapshot)
		clear(r.listings)
	}

	l := &listing[T, Q]{query: query, began: time.Now(), writes: r.writes, seen: make(map[string]bool)}
	r.listings[query] = l
	return l
}

func expired(asOf time.Time) bool { return time.Since(asOf) >= Lifetime }
