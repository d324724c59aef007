package clerktest

import (
	"context"
	"sync"
)

// Hold stops requests at a point until a test releases them, and tells the test that one has arrived there.
type Hold struct {
	arrived, released chan struct{}
	arrive, release   sync.Once
}

// NewHold gives a hold that is closed. In a testing/synctest bubble it must be made inside the bubble.
func NewHold() *Hold {
	return &Hold{arrived: make(chan struct{}), released: make(chan struct{})}
}

// Arrived is closed when the first request has arrived.
func (h *Hold) Arrived() <-chan struct{} { return h.arrived }

// Release lets go every request, those to come too.
func (h *Hold) Release() { h.release.Do(func() { close(h.released) }) }

// hold waits for the release, and says false when the client left or the server closed before it.
func (s *Server) hold(ctx context.Context, h *Hold) bool {
	if h == nil {
		return true
	}
	h.arrive.Do(func() { close(h.arrived) })
	select {
	case <-h.released:
		return true
	case <-ctx.Done():
	case <-s.closed:
	}
	return false
}
