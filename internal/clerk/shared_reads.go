package clerk

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	// pageSize is how many applications are asked for at once: the most that Clerk gives.
	pageSize = 500
	// maxPages is how many pages of a list are read at most. Clerk may give smaller ones.
	maxPages = 1000
	// lifetime is how old a shared answer may be. A change that someone else makes
	// meanwhile shows in the next run, as if this run had been a minute earlier.
	lifetime = 60 * time.Second
)

var errTooManyPages = fmt.Errorf("the list is longer than %d pages", maxPages)

// sharedReads answers many reads of single applications with few requests, by sharing
// pages of a list that holds the same applications.
//
// Terraform reads every application by its id and does not say how many will follow. A
// page holds 500 applications, but perhaps none of those that are wanted. So reads buy
// pages only as they have paid: the first read is a GET. A later read that misses the
// snapshot waits for the page that is on its way, buys the next page if no more pages
// were bought than GETs made, or else makes a GET. N reads of T applications take at most
// 2·min(N, ⌈T/500⌉) + 2 requests, and one GET for each application that is in no page.
//
// An application is not found only if a GET says so. No answer is older than lifetime, or
// than the latest own write of the application. If a page cannot be read, reads are GETs
// for a lifetime. Callers that wait for one request share it: it ends when the last of
// them has gone.
type sharedReads struct {
	get     func(ctx context.Context, id string) (listItem, error)
	page    func(ctx context.Context, list listKey, offset, limit int) (page, error)
	flights singleflight.Group

	mu            sync.Mutex
	callers       map[string]*callers     // by key of flights
	snapshot      map[string]snapshotItem // by id
	listings      map[listKey]*listing
	noPagesBefore time.Time // set if a page could not be read

	// Begins and ends of own writes are the clock by which requests and writes are
	// ordered: time itself may stand still between two of them.
	writes  int
	written map[string]int // by id: the value of writes at the latest begin or end
}

// snapshotItem is an application as one request brought it.
type snapshotItem struct {
	listItem

	asOf time.Time // when the request began
}

// callers wait for one shared request. Its context ends with the last of them.
type callers struct {
	count  int
	ctx    context.Context
	cancel context.CancelFunc
}

// listing is one passage through the pages of a list. Its items are only appended to.
type listing struct {
	key      listKey
	began    time.Time
	writes   int // sharedReads.writes when it began
	items    []listItem
	seen     map[string]bool // keys of items
	offset   int             // of the next page
	pages    int             // that have ended
	complete bool            // there is no next page
	bought   int             // pages that reads have asked for
	gets     int             // GETs that reads have made meanwhile
}

// read returns an application that is at most a lifetime old, or the error of a GET.
func (s *sharedReads) read(ctx context.Context, id string) (listItem, error) {
	for ctx.Err() == nil {
		s.mu.Lock()
		if item, ok := s.snapshot[id]; ok && !expired(item.asOf) {
			s.mu.Unlock()
			return item.clone(), nil
		}
		l := s.listingSince(s.written[id], listKey{})
		mayBuy := l.bought <= l.gets && l.pages < maxPages && time.Now().After(s.noPagesBefore)
		onItsWay := s.callers[l.nextKey()] != nil
		// A GET that began before the latest own write is not joined.
		key := fmt.Sprintf("get %d %s", s.written[id], id)
		if s.callers[key] == nil && l.gets > 0 && !l.complete && (onItsWay || mayBuy) {
			if !onItsWay {
				l.bought++
			}
			wait := s.nextPage(ctx, l)
			s.mu.Unlock()
			_, _ = wait() // whatever became of the page, the next look decides
			continue
		}
		l.gets++
		wait := s.share(ctx, key, func(ctx context.Context) (listItem, error) { return s.fresh(ctx, id) })
		s.mu.Unlock()
		item, err := wait()
		return item.clone(), err
	}
	return listItem{}, ctx.Err()
}

// fresh returns an application by a GET of its own, which begins after the call.
func (s *sharedReads) fresh(ctx context.Context, id string) (listItem, error) {
	s.mu.Lock()
	writes, asOf := s.writes, time.Now()
	s.mu.Unlock()
	item, err := recovered(func() (listItem, error) { return s.get(ctx, id) })

	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		delete(s.snapshot, id) // what is there may be out of date
		return item, err
	}
	s.keep(id, snapshotItem{item.clone(), asOf}, writes)
	return item, nil
}

// list goes through all items of a list, in its order, and asks for pages only as far as
// the caller goes. It ends with the first error. The pages are at most a lifetime old when
// it begins, and younger than every own write that began before.
func (s *sharedReads) list(ctx context.Context, key listKey) iter.Seq2[listItem, error] {
	return func(yield func(listItem, error) bool) {
		s.mu.Lock()
		l := s.listingSince(s.writes, key)
		s.mu.Unlock()
		for next := 0; ; {
			s.mu.Lock()
			arrived, complete := l.items[next:], l.complete
			wait := func() (listItem, error) { return listItem{}, errTooManyPages }
			if len(arrived) == 0 && !complete && l.pages < maxPages {
				wait = s.nextPage(ctx, l)
			}
			s.mu.Unlock()

			for _, item := range arrived {
				if !yield(item.clone(), nil) {
					return
				}
			}
			if next += len(arrived); len(arrived) > 0 {
				continue
			}
			if complete {
				return
			}
			if _, err := wait(); err != nil {
				yield(listItem{}, err)
				return
			}
		}
	}
}

// beginWrite announces a request that changes or deletes an application; end must be
// called when it has ended, with or without success. A request that began before cannot
// put the application back into the snapshot. A create is a write of the id "".
func (s *sharedReads) beginWrite(id string) (end func()) {
	mark := func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.writes++
		s.written[id] = s.writes
		delete(s.snapshot, id)
	}
	mark()
	return mark
}

// The callers of the functions below hold the mutex.

// listingSince returns a listing that has not expired and that began after the given
// number of own writes.
func (s *sharedReads) listingSince(writes int, key listKey) *listing {
	if l := s.listings[key]; l != nil && !expired(l.began) && l.writes >= writes {
		return l
	}
	maps.DeleteFunc(s.snapshot, func(_ string, i snapshotItem) bool { return expired(i.asOf) })
	maps.DeleteFunc(s.listings, func(_ listKey, l *listing) bool { return expired(l.began) })
	l := newListing(key)
	l.writes = s.writes
	s.listings[key] = l
	return l
}

func newListing(key listKey) *listing {
	return &listing{key: key, began: time.Now(), seen: make(map[string]bool)}
}

// keep puts an item into the snapshot, unless it could not be read, or the snapshot has a
// newer one, or the application was written since the request began at s.writes == writes.
func (s *sharedReads) keep(id string, item snapshotItem, writes int) {
	newer := s.snapshot[id].asOf.After(item.asOf)
	if item.unreadable == nil && !newer && writes >= s.written[id] {
		s.snapshot[id] = item
	}
}

// nextPage asks for the next page of a listing, or joins the request that is on its way.
func (s *sharedReads) nextPage(ctx context.Context, l *listing) (wait func() (listItem, error)) {
	offset, writes, asOf := l.offset, s.writes, time.Now()
	return s.share(ctx, l.nextKey(), func(ctx context.Context) (listItem, error) {
		page, err := recovered(func() (page, error) { return s.page(ctx, l.key, offset, pageSize) })
		s.mu.Lock()
		defer s.mu.Unlock()
		if ctx.Err() != nil {
			return listItem{}, ctx.Err() // all have gone, and another request may be on its way
		}
		l.pages++
		if err != nil {
			s.noPagesBefore = time.Now().Add(lifetime)
			return listItem{}, err
		}
		for _, item := range page.items {
			s.keep(item.key(), snapshotItem{item, asOf}, writes)
		}
		l.add(page)
		return listItem{}, nil
	})
}

// nextKey is the key of the request for the next page.
func (l *listing) nextKey() string { return fmt.Sprintf("page %d of %p", l.pages, l) }

// share calls do once for all callers of a key. wait, which must be called, returns its
// result, or the error of ctx as soon as ctx ends.
func (s *sharedReads) share(
	ctx context.Context, key string, do func(context.Context) (listItem, error),
) (wait func() (listItem, error)) {
	all := s.callers[key]
	if all == nil {
		all = &callers{}
		all.ctx, all.cancel = context.WithCancel(context.WithoutCancel(ctx))
		s.callers[key] = all
	}
	all.count++
	flight := s.flights.DoChan(key, func() (any, error) { return do(all.ctx) })
	return func() (listItem, error) {
		defer s.leave(key, all)
		select {
		case result := <-flight:
			return result.Val.(listItem), result.Err
		case <-ctx.Done():
			return listItem{}, ctx.Err()
		}
	}
}

func (s *sharedReads) leave(key string, all *callers) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if all.count--; all.count == 0 {
		all.cancel()
		delete(s.callers, key)
		s.flights.Forget(key)
	}
}

// recovered calls a function that sends a request. A panic in a goroutine of singleflight
// would end the process, so it becomes an error. The error names the type of the value
// only: the value may be a secret.
func recovered[T any](send func() (T, error)) (result T, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic of type %T in a shared request\n%s", value, debug.Stack())
		}
	}()
	return send()
}

// add takes in the page at l.offset, and finds where the next page begins. A deletion
// between two pages moves the rest forward, and hides an application that steps over the
// boundary. So pages overlap by one: if a page has an item that was seen, nothing was
// missed. Otherwise the listing steps back. A page may be shorter than asked for, and the
// total may be wrong: the listing goes on as long as a page has something new.
func (l *listing) add(p page) {
	overlaps, known := l.offset == 0, len(l.items)
	for _, item := range p.items {
		overlaps = overlaps || l.seen[item.key()]
	}
	if !overlaps {
		l.offset = max(0, l.offset-pageSize/2)
		return
	}
	for _, item := range p.items {
		if !l.seen[item.key()] {
			l.seen[item.key()] = true
			l.items = append(l.items, item)
		}
	}
	end := l.offset + len(p.items)
	l.complete = end == p.total || len(l.items) == known
	l.offset = max(0, end-1)
}

func expired(asOf time.Time) bool { return time.Since(asOf) >= lifetime }
