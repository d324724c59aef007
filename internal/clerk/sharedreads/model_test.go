package sharedreads

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// model runs a script of reads, lists and changes, many of them at once, and
// compares every answer with what the store's history allows.
type model struct {
	*testing.T
	store   *store
	reader  *Reader[thing, query]
	slowest time.Duration // the longest latency in each direction

	// Guarded by store.mu.
	floor     map[string]int // by id: how many states an answer must have seen
	lastWrite time.Time      // when the latest own write ended
}

// since is the state of the model when an operation begins.
type since struct {
	begun     time.Time
	floor     map[string]int
	lastWrite time.Time
}

func (m *model) begin() since {
	m.store.mu.Lock()
	defer m.store.mu.Unlock()
	return since{begun: time.Now(), floor: maps.Clone(m.floor), lastWrite: m.lastWrite}
}

// checkState fails unless the answer is a state that the object had at some time
// less than age before the operation began, or later, and no earlier one than the
// latest own write left behind. The caller holds store.mu.
func (m *model) checkState(what string, s since, got thing, age time.Duration) {
	m.Helper()
	states := m.store.history[got.ID]
	i := slices.IndexFunc(states, func(s state) bool { return s.version == got.Version && s.exists })
	switch {
	case i < 0:
		m.Errorf("%s brought %v, which never was", what, got)
	case i < s.floor[got.ID]-1:
		m.Errorf("%s brought %v, which was before an own write", what, got)
	case i+1 < len(states) && states[i+1].from.Before(s.begun.Add(-age)):
		m.Errorf("%s brought %v, which ended %s before", what, got, s.begun.Sub(states[i+1].from))
	}
}

// checkGone fails if the object existed since before any request began that the
// operation can have waited for. The caller holds store.mu.
func (m *model) checkGone(what string, s since, id string) {
	m.Helper()
	states := m.store.history[id]
	if m.store.exists(id) && states[0].from.Before(s.begun.Add(-2*m.slowest)) {
		m.Errorf("%s says that %s is gone, which it is not", what, id)
	}
}

func (m *model) read(ctx context.Context, id string, read func(context.Context, string) (thing, error), what string, age time.Duration) {
	s := m.begin()
	got, err := read(ctx, id)
	m.store.mu.Lock()
	defer m.store.mu.Unlock()
	switch {
	case err == nil && got.ID != id:
		m.Errorf("%s of %s brought %v", what, id, got)
	case err == nil:
		m.checkState(what, s, got, age)
	case errors.Is(err, errNotFound):
		m.checkGone(what, s, id)
	case ctx.Err() == nil:
		m.Errorf("%s of %s: %v", what, id, err)
	}
}

func (m *model) list(ctx context.Context, q query) {
	s := m.begin()
	listed := make(map[string]bool)
	var ids []string
	for item, err := range m.reader.List(ctx, q) {
		if err != nil {
			if !errors.Is(err, errNoPages) && ctx.Err() == nil {
				m.Errorf("list: %v", err)
			}
			return
		}
		m.store.mu.Lock()
		m.checkState("list", s, item, Lifetime)
		m.store.mu.Unlock()
		if listed[item.ID] {
			m.Errorf("%s is listed twice", item.ID)
		}
		listed[item.ID] = true
		ids = append(ids, item.ID)
	}
	if q != newestFirst && !slices.IsSorted(ids) {
		m.Errorf("listed in the order %v", ids)
	}

	// An object that has existed since the earliest possible beginning of the listing
	// must be in it.
	earliest := s.begun.Add(-Lifetime)
	if s.lastWrite.After(earliest) {
		earliest = s.lastWrite
	}
	m.store.mu.Lock()
	defer m.store.mu.Unlock()
	for _, id := range m.store.order {
		states := m.store.history[id]
		if created := states[0].from; !created.After(earliest) && !listed[id] && (q != evenOnly || isEven(id)) {
			m.Errorf("%s is not in the list: %v", id, ids)
		}
	}
}

// write changes the store through an own write, which takes as long as requests do.
func (m *model) write(ctx context.Context, id string, change func() string) {
	end := m.reader.BeginWrite(id)
	_ = m.store.travel(ctx)
	m.store.mu.Lock()
	changed := change()
	states := len(m.store.history[changed])
	m.store.mu.Unlock()
	_ = m.store.travel(ctx)
	end()
	m.store.mu.Lock()
	defer m.store.mu.Unlock()
	m.floor[changed] = max(m.floor[changed], states)
	m.lastWrite = time.Now()
}

// run reads two bytes of the script for each step: the operation and the object.
func (m *model) run(script []byte) {
	ctx := m.Context()
	s := m.store
	var wait sync.WaitGroup
	for ; len(script) >= 2; script = script[2:] {
		what, which := script[0], int(script[1])
		s.mu.Lock()
		known := len(s.history)
		s.mu.Unlock()
		id := thingID(which % (known + 2))
		q := []query{everything, everything, newestFirst, evenOnly}[which%4]
		switch what % 16 {
		case 0, 1, 2, 3:
			wait.Go(func() { m.read(ctx, id, m.reader.Read, "read", Lifetime) })
		case 4: // many at once
			for i := range 8 {
				wait.Go(func() { m.read(ctx, thingID((which+i)%(known+2)), m.reader.Read, "read", Lifetime) })
			}
		case 5: // a read that is cancelled
			wait.Go(func() {
				ctx, cancel := context.WithTimeout(ctx, time.Duration(which)*50*time.Millisecond)
				defer cancel()
				m.read(ctx, id, m.reader.Read, "read", Lifetime)
			})
		case 6:
			wait.Go(func() { m.read(ctx, id, m.reader.Fresh, "fresh read", 0) })
		case 7:
			wait.Go(func() { m.list(ctx, q) })
		case 8:
			wait.Go(func() {
				ctx, cancel := context.WithTimeout(ctx, time.Duration(which)*50*time.Millisecond)
				defer cancel()
				m.list(ctx, q)
			})
		case 9:
			s.create()
		case 10:
			s.update(id)
		case 11:
			s.delete(id)
		case 12:
			wait.Go(func() {
				m.write(ctx, id, func() string {
					if s.exists(id) {
						s.record(id, true)
					}
					return id
				})
			})
		case 13:
			wait.Go(func() {
				if which%2 == 0 {
					m.write(ctx, "", s.createLocked)
				} else {
					m.write(ctx, id, func() string { s.deleteLocked(id); return id })
				}
			})
		case 14:
			s.mu.Lock()
			s.pageError = nil
			if which%8 == 0 {
				s.pageError = errNoPages
			}
			s.mu.Unlock()
		case 15:
			// From nothing to most of a Lifetime; short times are more likely.
			time.Sleep(time.Duration(which*which) * time.Millisecond)
		}
	}
	wait.Wait()
}

func runScript(t *testing.T, seed uint64, script []byte) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(seed, 4))
		s := newStore(random.IntN(40))
		slowest := time.Duration(1+random.IntN(5000)) * time.Millisecond
		s.latency = func() time.Duration { return time.Duration(random.Int64N(int64(slowest))) }
		if seed%2 == 0 {
			s.beforePage = func(s *store) {
				if len(s.order) > 0 && random.IntN(2) == 0 {
					s.deleteLocked(s.order[random.IntN(len(s.order))])
				}
				if random.IntN(4) == 0 {
					s.createLocked()
				}
			}
		}
		m := &model{T: t, store: s, reader: newReader(s, 8+random.IntN(8)), slowest: slowest, floor: make(map[string]int)}
		m.run(script)
	})
}

func randomScript(random *rand.Rand) []byte {
	script := make([]byte, random.IntN(400))
	for i := range script {
		script[i] = byte(random.Uint32())
	}
	return script
}

func TestReaderAgreesWithModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			runScript(t, seed, randomScript(rand.New(rand.NewPCG(seed, 5))))
		})
	}
}

func FuzzSharedReads(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, randomScript(rand.New(rand.NewPCG(seed, 6))))
	}
	f.Fuzz(func(t *testing.T, seed uint64, script []byte) {
		runScript(t, seed, script[:min(len(script), 1000)])
	})
}
