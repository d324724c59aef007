package sharedreads

import (
	"testing"
	"testing/synctest"
	"time"
)

// Known returns what Read would return at once, and makes no request.
func TestKnown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(600)
		r := New(s.source())
		check := func(when, id string, want bool) {
			t.Helper()
			gets, pages := s.requests()
			got, known := r.Known(id)
			if known != want || known && got.ID != id {
				t.Errorf("%s: %v, %v, want %v", when, got, known, want)
			}
			if moreGets, morePages := s.requests(); moreGets != gets || morePages != pages {
				t.Errorf("%s: a request was made", when)
			}
		}
		check("before any request", thingID(0), false)
		readAll(t, r, thingIDs(0, 2), 1, succeeds)
		check("read by a GET", thingID(0), true)
		check("in the page", thingID(499), true)
		check("in another page", thingID(599), false)

		r.BeginWrite(thingID(1))()
		check("after a write", thingID(1), false)

		known, _ := r.Known(thingID(2))
		known.Tags[0] = "changed"
		if again, _ := r.Known(thingID(2)); again.Tags[0] == "changed" {
			t.Error("a caller changed what others are given")
		}
		time.Sleep(Lifetime)
		check("after its lifetime", thingID(2), false)
	})
}
