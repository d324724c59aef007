package clerktest_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func TestHandlerBehindTLS(t *testing.T) {
	t.Parallel()
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := clerktest.NewServer()
			t.Cleanup(s.Close)
			server := httptest.NewUnstartedServer(s.Handler())
			server.EnableHTTP2 = http2
			server.StartTLS()
			t.Cleanup(server.Close)
			c := &client{t: t, http: server.Client(), url: server.URL + "/v1", key: s.Key()}
			c.create(object{"name": "x"})
			s.Inject(clerktest.ResetAfterWork().Once())
			_, err := c.try(http.MethodPost, applications, object{"name": "x"})
			if err == nil || !http2 && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("got %v", err)
			}
			equal(t, "applications", len(s.Applications()), 2)
		})
	}
}

func TestManyClientsInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := clerktest.NewInMemory(t, clerktest.WithLatency(time.Second))
		c := newMemoryClient(t, s)
		begin := time.Now()
		var clients sync.WaitGroup
		for range 50 {
			clients.Go(func() {
				c.get(c.create(object{"name": "x"}).field("id"))
			})
		}
		clients.Wait()
		equal(t, "two answers each, all at the same time", time.Since(begin), 2*time.Second)
		equal(t, "applications", len(s.Applications()), 50)
	})
}

func TestClosedServerRefusesConnections(t *testing.T) {
	t.Parallel()
	for name, used := range map[string]bool{"used": true, "never used": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := clerktest.NewInMemory(t)
			c := newMemoryClient(t, s)
			if used {
				c.must(http.MethodGet, "/instance", nil)
			}
			s.Close()
			if _, err := c.try(http.MethodGet, "/instance", nil); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("got %v", err)
			}
		})
	}
}
