package sharedreads

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func expectIDs(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("listed %v\nwant   %v", got, want)
	}
}

func TestListIsWholeAtEverySize(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ total, pages int }{
		{0, 1}, {1, 1}, {9, 1}, {10, 1}, {11, 2}, {19, 2}, {20, 3}, {28, 3}, {29, 4}, {100, 11},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newStore(test.total)
			r := newReader(s, 10)
			expectIDs(t, mustList(t, r, everything), thingIDs(0, test.total))
			s.expectRequests(t, 0, test.pages)
		})
	}
}

func TestListsAndReadsShareTheirPages(t *testing.T) {
	t.Parallel()

	t.Run("two lists one after the other cost one", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := newStore(25)
			r := newReader(s, 10)
			for range 2 {
				expectIDs(t, mustList(t, r, everything), thingIDs(0, 25))
			}
			s.expectRequests(t, 0, 3)
			time.Sleep(Lifetime)
			mustList(t, r, everything)
			s.expectRequests(t, 0, 6)
		})
	})
	t.Run("lists at once cost one", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := newStore(25)
			s.setLatency(time.Second)
			r := newReader(s, 10)
			var wait sync.WaitGroup
			for range 20 {
				wait.Go(func() { expectIDs(t, mustList(t, r, everything), thingIDs(0, 25)) })
			}
			wait.Wait()
			s.expectRequests(t, 0, 3)
		})
	})
	t.Run("reads find what a list brought", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := newStore(25)
			r := newReader(s, 10)
			mustList(t, r, everything)
			readAll(t, r, thingIDs(0, 25), 5, succeeds)
			s.expectRequests(t, 0, 3)
		})
	})
	t.Run("a list continues where reads have come to", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := newStore(25)
			r := newReader(s, 10)
			mustRead(t, r, thingID(0))
			mustRead(t, r, thingID(1))
			s.expectRequests(t, 1, 1)
			expectIDs(t, mustList(t, r, everything), thingIDs(0, 25))
			s.expectRequests(t, 1, 3)
		})
	})
	t.Run("other queries have their own", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := newStore(6)
			r := newReader(s, 10)
			even := []string{thingID(0), thingID(2), thingID(4)}
			expectIDs(t, mustList(t, r, evenOnly), even)
			expectIDs(t, mustList(t, r, everything), thingIDs(0, 6))
			expectIDs(t, mustList(t, r, evenOnly), even)
			s.expectRequests(t, 0, 2)
		})
	})
}

func TestListInAnOrderInWhichNewObjectsComeFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(35)
		r := newReader(s, 10)
		s.beforePage = func(s *store) {
			if s.pages > 1 { // the pages shift back, once by more than a page
				for range 36 - 12*s.pages {
					s.createLocked()
				}
				s.deleteLocked(thingID(30 + s.pages))
			}
		}
		want := thingIDs(0, 35)
		slices.Reverse(want)
		// The place of objects that were created meanwhile is undefined.
		got := slices.DeleteFunc(mustList(t, r, newestFirst), func(id string) bool { return id >= thingID(35) })
		expectIDs(t, got, want)
	})
}

func TestListRequestsOnlyWhatIsLookedAt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(100)
		r := newReader(s, 10)
		first := func(n int) (ids []string) {
			for item, err := range r.List(t.Context(), everything) {
				if err != nil {
					t.Fatal(err)
				}
				if ids = append(ids, item.ID); len(ids) == n {
					break
				}
			}
			return ids
		}
		expectIDs(t, first(10), thingIDs(0, 10))
		s.expectRequests(t, 0, 1)
		expectIDs(t, first(11), thingIDs(0, 11))
		s.expectRequests(t, 0, 2)
	})
}

func TestListShowsOwnWritesThatEndedBefore(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(s *store, r *Reader[thing, query]){
		"create": func(s *store, r *Reader[thing, query]) { defer r.BeginWrite("")(); s.create() },
		"update": func(s *store, r *Reader[thing, query]) { defer r.BeginWrite(thingID(1))(); s.update(thingID(1)) },
		"delete": func(s *store, r *Reader[thing, query]) { defer r.BeginWrite(thingID(1))(); s.delete(thingID(1)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStore(15)
				r := newReader(s, 10)
				mustList(t, r, everything)
				write(s, r)
				var got, want []thing
				for item, err := range r.List(t.Context(), everything) {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, item)
				}
				for _, id := range s.order {
					want = append(want, s.read(id))
				}
				if !slices.EqualFunc(got, want, func(a, b thing) bool { return a.ID == b.ID && a.Version == b.Version }) {
					t.Errorf("listed %v\nwant   %v", got, want)
				}
			})
		})
	}
}

// Someone deletes between two pages, and an application moves over the boundary.
func TestListMissesNothingWhenPagesShift(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		deleted []int // between the first page and the second
		created int
	}{
		"one before the boundary":            {deleted: []int{3}},
		"the last of the page":               {deleted: []int{9}},
		"the first of the next":              {deleted: []int{10}},
		"two around the boundary":            {deleted: []int{9, 10}},
		"one, while another comes in":        {deleted: []int{3}, created: 1},
		"many, while as many come in":        {deleted: []int{0, 1, 2, 3}, created: 4},
		"more than a step back makes up for": {deleted: []int{0, 1, 2, 3, 4, 5, 6, 7, 8}},
		"the whole page":                     {deleted: []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
		"the whole page and more":            {deleted: []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const total = 35
				s := newStore(total)
				r := newReader(s, 10)
				s.beforePage = func(s *store) {
					if s.pages != 2 {
						return
					}
					for _, i := range test.deleted {
						s.deleteLocked(thingID(i))
					}
					for range test.created {
						s.createLocked()
					}
				}
				// Objects of the first page are listed, deleted or not.
				var want []string
				for i := range total + test.created {
					if i < 10 || !slices.Contains(test.deleted, i) {
						want = append(want, thingID(i))
					}
				}
				expectIDs(t, mustList(t, r, everything), want)
				// Four pages without any shift. A step back repairs a shift of up to five, and
				// costs one page, and at most one more at the end.
				if most := 4 + 2*(1+len(test.deleted)/5); s.pages > most {
					t.Errorf("%d pages, want at most %d", s.pages, most)
				}
			})
		})
	}
}

// Reads do not go back for an object that they miss, because that would exceed their
// bound. A later list must then not use their pages.
func TestListDoesNotContinueWhatReadsLeftWithAGap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(25)
		r := newReader(s, 10)
		s.beforePage = func(s *store) {
			if s.pages == 2 {
				s.deleteLocked(thingID(3))
			}
		}
		mustRead(t, r, thingID(0))
		mustRead(t, r, thingID(15)) // needs two pages; between them an object is deleted
		s.expectRequests(t, 1, 2)
		mustRead(t, r, thingID(10)) // moved over the boundary
		expectIDs(t, mustList(t, r, everything), slices.Concat(thingIDs(0, 3), thingIDs(4, 25)))
	})
}

func TestListPassesErrorsOnAndCanBeRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(25)
		r := newReader(s, 10)
		s.beforePage = func(s *store) {
			s.pageError = nil
			if s.pages == 2 {
				s.pageError = errNoPages
			}
		}
		var ids []string
		var last error
		for item, err := range r.List(t.Context(), everything) {
			if last = err; err == nil {
				ids = append(ids, item.ID)
			}
		}
		if !errors.Is(last, errNoPages) {
			t.Errorf("error is %v", last)
		}
		expectIDs(t, ids, thingIDs(0, 10))
		expectIDs(t, mustList(t, r, everything), thingIDs(0, 25))
	})
}

func TestListEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(25)
		s.setLatency(time.Hour)
		r := newReader(s, 10)
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for item, err := range r.List(ctx, everything) {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("listed %v, %v", item, err)
			}
		}
		if took := time.Since(begun); took != time.Second {
			t.Errorf("it took %s", took)
		}
		s.setLatency(0)
		expectIDs(t, mustList(t, r, everything), thingIDs(0, 25))
		for _, err := range r.List(ctx, everything) {
			if err == nil {
				t.Error("a list on a context that is over brings something")
			}
		}
	})
}

func TestListsHaveAtMost200Pages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(500)
		r := newReader(s, 3) // two new objects on each page
		var last error
		listed := 0
		for _, err := range r.List(t.Context(), everything) {
			last = err
			listed++
		}
		if !errors.Is(last, ErrTooManyPages) {
			t.Errorf("error is %v", last)
		}
		s.expectRequests(t, 0, MaxPages)
		if want := 2*MaxPages + 1; listed-1 != want {
			t.Errorf("listed %d things, want %d", listed-1, want)
		}
		// Reads succeed, by GETs if necessary.
		for _, i := range []int{0, 450, 490} {
			mustRead(t, r, thingID(i))
		}
		s.expectRequests(t, 2, MaxPages)
	})
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(3 * MaxPages / 2)
		r := newReader(s, 3)
		for _, q := range []query{everything, newestFirst, "a third", "a fourth", "a fifth"} {
			mustList(t, r, q)
			held := 0
			for _, l := range r.listings {
				held += l.pages
			}
			if held >= 2*MaxPages {
				t.Errorf("%d pages are held", held)
			}
		}
		time.Sleep(Lifetime)
		mustRead(t, r, thingID(0))
		if len(r.snapshot) != 1 || len(r.listings) != 1 {
			t.Errorf("%d objects and %d listings are held though they expired", len(r.snapshot), len(r.listings))
		}
	})
}

// Servers with unexpected counts.
func TestListWithPeculiarServers(t *testing.T) {
	t.Parallel()
	type pageFunc func(ctx context.Context, q query, offset, limit int) ([]thing, int, error)
	for name, peculiar := range map[string]func(pageFunc) pageFunc{
		"without a total": func(page pageFunc) pageFunc {
			return func(ctx context.Context, q query, offset, limit int) ([]thing, int, error) {
				items, _, err := page(ctx, q, offset, limit)
				return items, 0, err
			}
		},
		"with a total that is too large": func(page pageFunc) pageFunc {
			return func(ctx context.Context, q query, offset, limit int) ([]thing, int, error) {
				items, total, err := page(ctx, q, offset, limit)
				return items, total + 5, err
			}
		},
		"with a total that is too small by one": func(page pageFunc) pageFunc {
			return func(ctx context.Context, q query, offset, limit int) ([]thing, int, error) {
				items, total, err := page(ctx, q, offset, limit)
				return items, total - 1, err
			}
		},
		"with smaller pages": func(page pageFunc) pageFunc {
			return func(ctx context.Context, q query, offset, limit int) ([]thing, int, error) {
				return page(ctx, q, offset, min(limit, 4))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, total := range []int{0, 1, 5, 10, 19, 25, 28, 50} {
				synctest.Test(t, func(t *testing.T) {
					s := newStore(total)
					source := s.source()
					source.Page = peculiar(s.page)
					r := New(source)
					r.pageSize = 10
					expectIDs(t, mustList(t, r, everything), thingIDs(0, total))
				})
			}
		})
	}
}

// A panic in the source must not end the process, and must not affect later reads.
func TestPanicsBecomeErrors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(25)
		source := s.source()
		broken := true
		source.Page = func(ctx context.Context, q query, offset, limit int) ([]thing, int, error) {
			if broken {
				panic("page")
			}
			return s.page(ctx, q, offset, limit)
		}
		source.Get = func(ctx context.Context, id string) (thing, error) {
			if broken && id == thingID(1) {
				panic("get")
			}
			return s.get(ctx, id)
		}
		r := New(source)
		for range 3 {
			if _, err := r.Read(t.Context(), thingID(1)); err == nil {
				t.Error("no error")
			}
			mustRead(t, r, thingID(2))
			for _, err := range r.List(t.Context(), everything) {
				if err == nil {
					t.Error("no error")
				}
			}
		}
		broken = false
		mustRead(t, r, thingID(1))
		expectIDs(t, mustList(t, r, everything), thingIDs(0, 25))
	})
}
