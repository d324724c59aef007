package sharedreads

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// readAll reads the ids with several readers at once, and fails for each unexpected result.
func readAll(t *testing.T, r *Reader[thing, query], ids []string, parallel int, expect func(id string, err error) bool) {
	t.Helper()
	queue := make(chan string)
	var wait sync.WaitGroup
	for range parallel {
		wait.Go(func() {
			for id := range queue {
				got, err := r.Read(t.Context(), id)
				if !expect(id, err) || err == nil && got.ID != id {
					t.Errorf("reading %s: %v, %v", id, got, err)
				}
			}
		})
	}
	for _, id := range ids {
		queue <- id
	}
	close(queue)
	wait.Wait()
}

func succeeds(_ string, err error) bool { return err == nil }

func TestReadsOfKnownSizesCost(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		reads, total int
		newest       bool // read the newest first, which are in the last page; otherwise in random order
		most         int  // requests
	}{
		{reads: 1, total: 20_000, most: 1},
		{reads: 2, total: 500, most: 2},
		{reads: 10, total: 10, most: 2},
		{reads: 500, total: 500, most: 2},
		{reads: 1000, total: 1000, most: 5},
		{reads: 5000, total: 5000, most: 21},
		{reads: 20, total: 20_020, most: 40},
		{reads: 2, total: 20_020, newest: true, most: 4},
		{reads: 20, total: 20_020, newest: true, most: 40},
		{reads: 1000, total: 20_020, newest: true, most: 83},
		{reads: 200, total: 50_000, most: 201},
	} {
		for _, parallel := range []int{1, 10, 50} {
			t.Run(fmt.Sprintf("%d of %d by %d newest %t", test.reads, test.total, parallel, test.newest), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := newStore(test.total)
					s.setLatency(50 * time.Millisecond)
					r := New(s.source())
					random := rand.New(rand.NewPCG(1, 2))
					ids := thingIDs(0, test.total)
					if test.newest {
						slices.Reverse(ids)
					} else {
						random.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
					}
					readAll(t, r, ids[:test.reads], parallel, succeeds)
					if gets, pages := s.requests(); gets+pages > test.most {
						t.Errorf("%d GETs and %d pages, want at most %d together", gets, pages, test.most)
					}
				})
			})
		}
	}
}

// The bound of the package comment holds for any order of reads, any number of readers,
// any latency, and while others create and delete between the pages. No existing object is
// reported as gone.
func TestReadsKeepTheirBound(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 3))
				pageSize := 10 + random.IntN(20)
				s := newStore(random.IntN(pageSize * 8))
				slowest := 1 + random.IntN(1000)
				s.latency = func() time.Duration { return time.Duration(random.IntN(slowest)) * time.Millisecond }
				r := newReader(s, pageSize)

				wanted := thingIDs(0, len(s.order))
				managed := make(map[string]bool)
				for range random.IntN(4) {
					wanted = append(wanted, fmt.Sprintf("never%d", len(wanted)))
				}
				random.Shuffle(len(wanted), func(i, j int) { wanted[i], wanted[j] = wanted[j], wanted[i] })
				if random.IntN(3) == 0 {
					slices.Sort(wanted)
				}
				wanted = wanted[:random.IntN(len(wanted)+1)]
				for _, id := range wanted {
					managed[id] = true
				}

				largest := len(s.order)
				if random.IntN(2) == 0 {
					s.beforePage = func(s *store) {
						for range random.IntN(3) {
							s.createLocked()
						}
						for range random.IntN(3) {
							// Managed objects stay, so they must be found.
							if len(s.order) > 0 {
								if id := s.order[random.IntN(len(s.order))]; !managed[id] {
									s.deleteLocked(id)
								}
							}
						}
						largest = max(largest, len(s.order))
					}
				}
				readAll(t, r, wanted, 1+random.IntN(30), func(id string, err error) bool {
					if id[0] == 'n' {
						return errors.Is(err, errNotFound)
					}
					return err == nil
				})

				inNoPage := 0
				for _, id := range wanted {
					if !s.served[id] {
						inNoPage++
					}
				}
				allPages := (largest + pageSize - 1) / pageSize
				bound := 2*min(len(wanted), allPages) + 1 + inNoPage
				if gets, pages := s.requests(); gets+pages > bound {
					t.Errorf("%d reads of %d things cost %d GETs and %d pages; with %d in no page the bound is %d",
						len(wanted), largest, gets, pages, inNoPage, bound)
				}
			})
		})
	}
}

func TestReadsOfTheSameObjectShareAGet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(30)
		s.setLatency(time.Second)
		r := newReader(s, 10)
		readAll(t, r, slices.Repeat([]string{thingID(25)}, 50), 50, succeeds)
		s.expectRequests(t, 1, 0)
		mustRead(t, r, thingID(25))
		s.expectRequests(t, 1, 0)
	})
}

func TestReadAnswersAreAtMostALifetimeOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(5)
		r := newReader(s, 10)
		mustRead(t, r, thingID(0)) // by GET
		mustRead(t, r, thingID(1)) // with all the others, by page
		before := s.version(thingID(2))
		s.update(thingID(2))

		time.Sleep(Lifetime - time.Nanosecond)
		if got := mustRead(t, r, thingID(2)); got.Version != before {
			t.Errorf("just below a Lifetime the snapshot does not answer")
		}
		s.expectRequests(t, 1, 1)
		time.Sleep(time.Nanosecond)
		if got := mustRead(t, r, thingID(2)); got.Version != s.version(thingID(2)) {
			t.Errorf("the answer is a Lifetime old")
		}
		s.expectRequests(t, 2, 1) // and the bound begins again
		mustRead(t, r, thingID(3))
		s.expectRequests(t, 2, 2)
	})
}

// The answer of a slow request may be as old as the beginning of the request.
func TestReadCountsAgeFromTheBeginningOfTheRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(5)
		r := newReader(s, 10)
		mustRead(t, r, thingID(0))
		s.setLatency(20 * time.Second)
		mustRead(t, r, thingID(1))
		s.setLatency(0)
		s.expectRequests(t, 1, 1)
		time.Sleep(Lifetime - 40*time.Second)
		mustRead(t, r, thingID(2))
		s.expectRequests(t, 2, 1)
	})
}

func TestAbsenceFromPagesIsNotBelieved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(20)
		r := newReader(s, 50)
		mustRead(t, r, thingID(0))
		mustRead(t, r, thingID(1))
		s.expectRequests(t, 1, 1)

		created := s.create()
		mustRead(t, r, created)
		s.expectRequests(t, 2, 1)

		for range 2 {
			if _, err := r.Read(t.Context(), "never"); !errors.Is(err, errNotFound) {
				t.Errorf("error is %v", err)
			}
		}
		s.expectRequests(t, 4, 1)
	})
}

func TestFreshIsAlwaysAGet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(5)
		r := newReader(s, 10)
		mustList(t, r, everything)
		s.update(thingID(1))
		if got, err := r.Fresh(t.Context(), thingID(1)); err != nil || got.Version != s.version(thingID(1)) {
			t.Errorf("brought %v, %v", got, err)
		}
		s.expectRequests(t, 1, 1)
		// Its result is shared.
		if got := mustRead(t, r, thingID(1)); got.Version != s.version(thingID(1)) {
			t.Error("a read later brings an older state")
		}
		s.expectRequests(t, 1, 1)
	})
}

func TestFreshJoinsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(5)
		s.setLatency(time.Second)
		r := newReader(s, 10)
		var wait sync.WaitGroup
		wait.Go(func() { mustRead(t, r, thingID(1)) })
		time.Sleep(1500 * time.Millisecond) // the answer is on its way back
		s.update(thingID(1))
		if got, err := r.Fresh(t.Context(), thingID(1)); err != nil || got.Version != s.version(thingID(1)) {
			t.Errorf("brought %v, %v", got, err)
		}
		wait.Wait()
		// The older answer of the GET does not come back either.
		if got := mustRead(t, r, thingID(1)); got.Version != s.version(thingID(1)) {
			t.Error("a read later brings an older state")
		}
	})
}

// A page that began before a GET and ends after it must not replace its answer.
func TestSnapshotKeepsTheNewerAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(5)
		r := newReader(s, 10)
		mustRead(t, r, thingID(0))
		s.setLatency(time.Second)
		var wait sync.WaitGroup
		wait.Go(func() { mustRead(t, r, thingID(1)) }) // requests the page
		time.Sleep(1500 * time.Millisecond)
		s.setLatency(0)
		s.update(thingID(2))
		if _, err := r.Fresh(t.Context(), thingID(2)); err != nil {
			t.Fatal(err)
		}
		wait.Wait()
		if got := mustRead(t, r, thingID(2)); got.Version != s.version(thingID(2)) {
			t.Error("the page has replaced a newer answer")
		}
		s.expectRequests(t, 2, 1)
	})
}

func TestAnObjectThatCannotBeReadLeavesTheSnapshot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(5)
		r := newReader(s, 10)
		mustList(t, r, everything)
		s.delete(thingID(1))
		if _, err := r.Fresh(t.Context(), thingID(1)); !errors.Is(err, errNotFound) {
			t.Fatalf("error is %v", err)
		}
		if got, err := r.Read(t.Context(), thingID(1)); !errors.Is(err, errNotFound) {
			t.Errorf("brought %v, %v after a GET had called it gone", got, err)
		}
	})
}

func TestOwnWrites(t *testing.T) {
	t.Parallel()
	const id = "thing00003"
	isCurrent := func(t *testing.T, s *store, r *Reader[thing, query]) {
		t.Helper()
		if got := mustRead(t, r, id); got.Version != s.version(id) {
			t.Error("a read brings the state before the own write")
		}
	}
	filled := func(t *testing.T) (*store, *Reader[thing, query]) {
		t.Helper()
		s := newStore(5)
		r := newReader(s, 10)
		mustRead(t, r, thingID(0))
		mustRead(t, r, thingID(1))
		return s, r
	}

	t.Run("take the object out of the snapshot", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, r := filled(t)
			end := r.BeginWrite(id)
			isCurrent(t, s, r)
			s.expectRequests(t, 2, 1)
			s.update(id)
			isCurrent(t, s, r) // nothing is kept while a write is under way
			s.expectRequests(t, 3, 1)
			end()
			isCurrent(t, s, r)
			s.expectRequests(t, 4, 1)
			isCurrent(t, s, r)
			s.expectRequests(t, 4, 1)
			// The others are still kept.
			mustRead(t, r, thingID(2))
			s.expectRequests(t, 4, 1)
		})
	})
	t.Run("a page that began before the end does not put it back", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := newStore(5)
			r := newReader(s, 10)
			mustRead(t, r, thingID(0))
			s.setLatency(time.Second)
			var wait sync.WaitGroup
			wait.Go(func() { mustRead(t, r, thingID(1)) })
			time.Sleep(1500 * time.Millisecond) // the page is on its way back
			s.setLatency(0)
			end := r.BeginWrite(id)
			s.update(id)
			end()
			wait.Wait()
			isCurrent(t, s, r)
			s.expectRequests(t, 2, 1)
			mustRead(t, r, thingID(2)) // the other objects of the page are kept
			s.expectRequests(t, 2, 1)
		})
	})
	t.Run("a GET that began before the end is neither joined nor kept", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := newStore(5)
			s.setLatency(time.Second)
			r := newReader(s, 10)
			var wait sync.WaitGroup
			wait.Go(func() { mustRead(t, r, id) })
			time.Sleep(1500 * time.Millisecond)
			end := r.BeginWrite(id)
			s.update(id)
			end()
			isCurrent(t, s, r)
			wait.Wait()
			isCurrent(t, s, r)
		})
	})
	t.Run("two at once count until both have ended", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, r := filled(t)
			endFirst, endSecond := r.BeginWrite(id), r.BeginWrite(id)
			endFirst()
			endFirst() // calling it twice does no harm
			isCurrent(t, s, r)
			s.update(id)
			isCurrent(t, s, r)
			endSecond()
			isCurrent(t, s, r)
		})
	})
	t.Run("reads of what was written share pages again", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, r := filled(t)
			for range 100 {
				end := r.BeginWrite("")
				created := s.create()
				end()
				r.BeginWrite(created)()
			}
			readAll(t, r, thingIDs(5, 105), 10, succeeds)
			gets, pages := s.requests()
			if most := 2 + 2*12 + 1; gets+pages > most {
				t.Errorf("%d GETs and %d pages, want at most %d together", gets, pages, most)
			}
		})
	})
}

func TestWithoutPagesGetsAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(100)
		s.pageError = errNoPages
		r := newReader(s, 10)
		readAll(t, r, thingIDs(0, 50), 10, succeeds)
		s.expectRequests(t, 50, 1)

		time.Sleep(Lifetime)
		s.pageError = nil
		mustRead(t, r, thingID(0))
		mustRead(t, r, thingID(1))
		s.expectRequests(t, 51, 2)
	})
}

// An object that is unreadable in pages does not affect others: its reads are GETs, and a list has it in its place.
func TestBrokenItemsHideNoOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(50)
		// The last object of a page shows that the next page follows.
		s.broken = map[string]bool{thingID(3): true, thingID(9): true}
		r := newReader(s, 10)
		for i := range 10 {
			if got := mustRead(t, r, thingID(i)); got.Broken {
				t.Errorf("a read was answered by %v", got)
			}
		}
		s.expectRequests(t, 3, 3) // the first read, and for each broken object a page and a GET
		for range 2 {
			mustRead(t, r, thingID(3)) // known by then
		}
		s.expectRequests(t, 3, 3)

		var ids []string
		var at []int
		for item, err := range r.List(t.Context(), everything) {
			if err != nil {
				t.Fatal(err)
			}
			if item.Broken {
				at = append(at, len(ids))
			}
			ids = append(ids, item.ID)
		}
		expectIDs(t, ids, thingIDs(0, 50))
		if !slices.Equal(at, []int{3, 9}) {
			t.Errorf("the items that are not whole are at %v", at)
		}
		s.expectRequests(t, 3, 6)
	})
}

func TestCallersCannotChangeWhatOthersRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(5)
		r := newReader(s, 10)
		check := func(got thing, err error) {
			t.Helper()
			if err != nil || !slices.Equal(got.Tags, []string{"a", "b"}) {
				t.Errorf("brought %v, %v", got, err)
			}
			got.Tags[0] = "changed"
		}
		check(r.Read(t.Context(), thingID(0))) // a GET
		check(r.Read(t.Context(), thingID(0))) // from its answer
		check(r.Read(t.Context(), thingID(0)))
		check(r.Read(t.Context(), thingID(1))) // a page
		check(r.Read(t.Context(), thingID(1)))
		check(r.Fresh(t.Context(), thingID(2)))
		check(r.Read(t.Context(), thingID(2)))
		for range 2 {
			for item, err := range r.List(t.Context(), everything) {
				check(item, err)
			}
		}
	})
}

func TestWithoutCloneValuesAreHandedOutAsTheyAre(t *testing.T) {
	t.Parallel()
	source := newStore(1).source()
	source.Clone = nil
	r := New(source)
	if got, err := r.Read(t.Context(), thingID(0)); err != nil || got.ID != thingID(0) {
		t.Errorf("brought %v, %v", got, err)
	}
}

// While a page is under way, a read that is cancelled does not affect the others. They get
// their objects without another request.
func TestCancellingOneReadHarmsNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(100)
		r := newReader(s, 200)
		mustRead(t, r, thingID(0))
		s.setLatency(10 * time.Second)
		begun := time.Now()
		var wait sync.WaitGroup
		for i := 1; i < 50; i++ {
			wait.Go(func() {
				ctx := t.Context()
				if i%2 == 1 { // also the first, which requested the page
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, time.Second)
					defer cancel()
				}
				_, err := r.Read(ctx, thingID(i))
				switch took := time.Since(begun); {
				case i%2 == 1 && (!errors.Is(err, context.DeadlineExceeded) || took != time.Second):
					t.Errorf("the cancelled read %d returned %v after %s", i, err, took)
				case i%2 == 0 && (err != nil || took != 20*time.Second):
					t.Errorf("the other read %d returned %v after %s", i, err, took)
				}
			})
			synctest.Wait()
		}
		wait.Wait()
		s.expectRequests(t, 1, 1)
	})
}

func TestCancellingAllReadsCancelsTheirRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(100)
		s.setLatency(time.Hour)
		r := newReader(s, 200)
		ctx, cancel := context.WithCancel(t.Context())
		begun := time.Now()
		var wait sync.WaitGroup
		for i := range 10 {
			wait.Go(func() {
				if _, err := r.Read(ctx, thingID(i)); !errors.Is(err, context.Canceled) {
					t.Errorf("error is %v", err)
				}
			})
		}
		synctest.Wait()
		s.expectRequests(t, 1, 1)
		cancel()
		wait.Wait()
		synctest.Wait() // a request that continues would keep the test from ending
		if took := time.Since(begun); took != 0 {
			t.Errorf("it took %s", took)
		}

		if _, err := r.Read(ctx, thingID(1)); !errors.Is(err, context.Canceled) {
			t.Errorf("a read that begins cancelled returns %v", err)
		}
		s.expectRequests(t, 1, 1)

		// A cancelled page is not an answer, and later pages are still used.
		s.setLatency(0)
		readAll(t, r, thingIDs(0, 100), 10, succeeds)
		if gets, pages := s.requests(); gets+pages > 4 {
			t.Errorf("%d GETs and %d pages", gets, pages)
		}
	})
}

// An abandoned request may still be answered, if it ignores its context. It must not affect
// the request that replaced it.
func TestAnAbandonedRequestThatIsAnsweredLate(t *testing.T) {
	t.Parallel()
	late := func(t *testing.T, s *store) (*Reader[thing, query], context.Context, context.CancelFunc) {
		t.Helper()
		source := s.source()
		var delayed atomic.Bool
		delay := func() {
			if !delayed.Swap(true) {
				time.Sleep(20 * time.Second)
			}
		}
		source.Get = func(ctx context.Context, id string) (thing, error) {
			delay()
			return s.get(context.WithoutCancel(ctx), id)
		}
		source.Page = func(ctx context.Context, q query, offset, limit int) ([]thing, int, error) {
			delay()
			return s.page(context.WithoutCancel(ctx), q, offset, limit)
		}
		s.setLatency(2 * time.Second)
		r := New(source)
		r.pageSize = 10
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		return r, ctx, cancel
	}

	t.Run("a page", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := newStore(100)
			r, ctx, cancel := late(t, s)
			defer cancel()
			for _, err := range r.List(ctx, everything) {
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error is %v", err)
				}
			}
			// These pages are under way until 45 s, that one comes after 24 s.
			if got := mustList(t, r, everything); !slices.Equal(got, thingIDs(0, 100)) {
				t.Errorf("listed %v", got)
			}
			s.expectRequests(t, 0, 1+11)
		})
	})
	t.Run("a GET", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := newStore(1)
			r, ctx, cancel := late(t, s)
			defer cancel()
			if _, err := r.Read(ctx, thingID(0)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error is %v", err)
			}
			time.Sleep(22 * time.Second) // to 23 s, just before its answer
			r.BeginWrite(thingID(0))()   // so that its answer is not kept
			var wait sync.WaitGroup
			wait.Go(func() { mustRead(t, r, thingID(0)) })
			time.Sleep(2 * time.Second)
			mustRead(t, r, thingID(0)) // joins the other request
			wait.Wait()
			s.expectRequests(t, 2, 0)
		})
	})
}
