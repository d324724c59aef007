package sharedreads

import "time"

// entry is an object as one request brought it. It is never changed.
type entry[T any] struct {
	id    string
	value T
	asOf  time.Time // when the request began
}

// listing is one passage through the pages of a query. The Reader's mutex guards it.
type listing[T any, Q comparable] struct {
	query  Q
	began  time.Time
	writes int // Reader.writes when it began

	entries  []*entry[T]     // in the order of the list; only ever appended to
	seen     map[string]bool // ids of entries
	offset   int             // of the next page
	complete bool            // there is no next page
	pages    int             // requested so far, by reads and lists
	flight   *flight[struct{}]

	// bought and gets are what reads have paid so far, in pages and in GETs.
	bought, gets int

	// whole is set once a List depends on this listing: from then on it leaves
	// nothing out. gap says that something may have been left out before.
	whole, gap bool
}

// add takes in the page that begins at l.offset, and finds where the next begins.
func (l *listing[T, Q]) add(page []*entry[T], total, pageSize int) {
	if l.offset > 0 && !l.overlaps(page) {
		if l.whole {
			l.offset = max(0, l.offset-pageSize/2)
			return
		}
		// Reads confirm what they miss by a GET. To go back for them would cost
		// more pages than they have paid for.
		l.gap = true
	}

	known := len(l.entries)
	for _, e := range page {
		if !l.seen[e.id] {
			l.seen[e.id] = true
			l.entries = append(l.entries, e)
		}
	}

	end := l.offset + len(page)
	switch {
	case len(page) == 0, end == total:
		l.complete = true
	default:
		// A page may be shorter than asked for, and the total may be wrong: the list goes
		// on as long as a page has something new.
		l.complete = len(l.entries) == known
	}
	l.offset = max(0, end-1)
}

// overlaps reports whether something of the page was seen before. Everything up to
// that was seen too, because pages are contiguous.
func (l *listing[T, Q]) overlaps(page []*entry[T]) bool {
	for _, e := range page {
		if l.seen[e.id] {
			return true
		}
	}
	return false
}
