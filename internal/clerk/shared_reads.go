package clerk

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"sync"
	"time"
)

// lifetime is how old a shared answer may be: as if the run had begun a minute earlier.
const lifetime = 60 * time.Second

// sharedReads answers many reads of single applications with few requests, by sharing
// pages of a list that holds the same applications.
//
// Terraform reads every application by its id and does not say how many will follow. A
// page holds 500 applications, but perhaps none of those that are wanted. So the first
// read is a GET. A later read that misses the snapshot gets the next page if no more pages
// were read than GETs made, and otherwise is a GET too. N reads of T applications take at
// most 2·min(N, ⌈T/500⌉) + 2 requests, and one GET for each application in no page.
//
// Only a GET says that there is no application. No answer is older than lifetime, or than the
// latest own write of the application. If a page cannot be read, reads are GETs for a lifetime.
// Callers take turns at the pages: one request for all of them (singleflight) was rejected, because
// it runs on the context of one caller, and in a goroutine, where a panic ends the process.
type sharedReads struct {
	client *Client

	mu            sync.Mutex
	snapshot      map[string]snapshotItem // by id
	listings      map[listKey]*listing
	noPagesBefore time.Time // set if a page could not be read

	// Own writes order what happens: time itself may stand still between two events.
	writes  int            // begins and ends of writes
	written map[string]int // by id: the value of writes at the latest of them
}

type snapshotItem struct {
	app  OAuthApplication
	asOf time.Time // when the request that brought it began
}

func newSharedReads(c *Client) *sharedReads {
	return &sharedReads{
		client: c, snapshot: make(map[string]snapshotItem),
		listings: make(map[listKey]*listing), written: make(map[string]int),
	}
}

// read returns an application that is at most a lifetime old, or the error of a GET.
func (s *sharedReads) read(ctx context.Context, id string) (OAuthApplication, error) {
	for ctx.Err() == nil {
		s.mu.Lock()
		if item := s.snapshot[id]; !expired(item.asOf) {
			s.mu.Unlock()
			return item.app.clone(), nil
		}
		l := s.listingSince(s.written[id], sharedList)
		pages := l.pages
		buys := l.gets > 0 && pages <= l.gets && pages < maxPages && !l.complete
		if !buys || !time.Now().After(s.noPagesBefore) {
			l.gets++
			s.mu.Unlock()
			return s.fresh(ctx, id)
		}
		s.mu.Unlock()
		_ = s.nextPage(ctx, l, pages) // whatever became of the page, the next look decides
	}
	return OAuthApplication{}, ctx.Err()
}

// fresh returns an application by a GET of its own.
func (s *sharedReads) fresh(ctx context.Context, id string) (OAuthApplication, error) {
	s.mu.Lock()
	writes, asOf := s.writes, time.Now()
	s.mu.Unlock()
	app, err := s.client.getApplication(ctx, id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.keep(app.clone(), asOf, writes)
	}
	return app, err
}

// list goes through the items of a list, in its order, and asks for pages as far as the
// caller goes. It ends with the first error. The pages are younger than every own write.
func (s *sharedReads) list(ctx context.Context, key listKey) iter.Seq2[listItem, error] {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.items(ctx, s.listingSince(s.writes, key))
}

// listAgain is list with pages of its own, which show what has just been created.
func (s *sharedReads) listAgain(ctx context.Context, key listKey) iter.Seq2[listItem, error] {
	return s.items(ctx, newListing(key, 0))
}

func (s *sharedReads) items(ctx context.Context, l *listing) iter.Seq2[listItem, error] {
	return func(yield func(listItem, error) bool) {
		for next := 0; ; {
			s.mu.Lock()
			arrived, pages, complete := l.items[next:], l.pages, l.complete
			s.mu.Unlock()
			for _, item := range arrived {
				item.OAuthApplication = item.clone()
				if !yield(item, nil) {
					return
				}
			}
			if next += len(arrived); complete {
				return
			}
			if err := s.nextPage(ctx, l, pages); err != nil {
				yield(listItem{}, err)
				return
			}
		}
	}
}

// nextPage reads the page after so many pages, or waits until another caller has read it.
func (s *sharedReads) nextPage(ctx context.Context, l *listing, pages int) error {
	if pages >= maxPages {
		return fmt.Errorf("the list is longer than %d pages", maxPages)
	}
	if err := l.turn.Acquire(ctx, 1); err != nil {
		return err
	}
	defer l.turn.Release(1)
	s.mu.Lock()
	writes, asOf := s.writes, time.Now()
	offset, ended, failed := l.offset, l.pages > pages, l.failed
	s.mu.Unlock()
	if ended {
		return failed
	}
	page, err := s.client.getPage(ctx, l.key, offset)

	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err() // which says nothing about the page
	}
	l.pages, l.failed = l.pages+1, err
	if err != nil {
		s.noPagesBefore = time.Now().Add(lifetime)
		return err
	}
	l.add(page)
	for _, item := range page.items {
		if item.unreadable == nil {
			s.keep(item.OAuthApplication, asOf, writes)
		}
	}
	return nil
}

// beginWrite announces a request that changes an application; end must be called when it
// has ended, with or without success. A request that began before does not put the
// application back into the snapshot. A create is a write of the id "".
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

// keep puts an application into the snapshot, unless it was written since the request for it
// began, when s.writes was writes. The caller holds the mutex.
func (s *sharedReads) keep(app OAuthApplication, asOf time.Time, writes int) {
	if writes >= s.written[app.ID] {
		s.snapshot[app.ID] = snapshotItem{app, asOf}
	}
}

// listingSince returns a listing that has not expired and that began after so many own
// writes. The caller holds the mutex.
func (s *sharedReads) listingSince(writes int, key listKey) *listing {
	if l := s.listings[key]; l != nil && !expired(l.began) && l.writes >= writes {
		return l
	}
	maps.DeleteFunc(s.snapshot, func(_ string, i snapshotItem) bool { return expired(i.asOf) })
	maps.DeleteFunc(s.listings, func(_ listKey, l *listing) bool { return expired(l.began) })
	s.listings[key] = newListing(key, s.writes)
	return s.listings[key]
}

func expired(asOf time.Time) bool { return time.Since(asOf) >= lifetime }
