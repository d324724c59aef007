package sharedreads

import (
	"fmt"
	"testing"
)

// BenchmarkSharedReads refreshes N objects of N through one Reader, from a source
// that takes no time. It measures the cost of sharing alone.
func BenchmarkSharedReads(b *testing.B) {
	for _, total := range []int{10, 1000, 5000} {
		b.Run(fmt.Sprintf("%d", total), func(b *testing.B) {
			s := newStore(total)
			source := s.source()
			ids := thingIDs(0, total)
			b.ReportAllocs()
			for b.Loop() {
				r := New(source)
				for _, id := range ids {
					if _, err := r.Read(b.Context(), id); err != nil {
						b.Fatal(err)
					}
				}
			}
			gets, pages := s.requests()
			b.ReportMetric(float64(gets+pages)/float64(b.N), "requests/op")
		})
	}
	b.Run("snapshot", func(b *testing.B) {
		r := New(newStore(1000).source())
		for _, err := range r.List(b.Context(), everything) {
			if err != nil {
				b.Fatal(err)
			}
		}
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := r.Read(b.Context(), thingID(500)); err != nil {
					b.Error(err)
				}
			}
		})
	})
}
