package clerktest_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// overBothNetworks runs a test over TCP, and over the memory network inside a bubble.
func overBothNetworks(t *testing.T, test func(s *clerktest.Server, c *client)) {
	t.Helper()
	t.Run("tcp", func(t *testing.T) {
		t.Parallel()
		s := clerktest.New(t)
		test(s, newClient(t, s))
	})
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := clerktest.NewInMemory(t)
			test(s, newMemoryClient(t, s))
		})
	})
}

func TestFaultsThatAnswer(t *testing.T) {
	t.Parallel()
	overBothNetworks(t, func(s *clerktest.Server, c *client) {
		t := c.t
		for name, test := range map[string]struct {
			fault clerktest.Fault
			want  string // status, content type, Retry-After, body
			made  int
		}{
			"429":              {clerktest.TooManyRequests("3"), "429 application/json [3] too_many_requests", 0},
			"429 bare":         {clerktest.TooManyRequests(), "429 application/json [] too_many_requests", 0},
			"429 two values":   {clerktest.TooManyRequests("soon", "-5"), "429 application/json [soon -5] too_many_requests", 0},
			"locked":           {clerktest.Locked(), "409 application/json [] resource_locked", 0},
			"500":              {clerktest.ClerkError(500, "internal_clerk_error"), "500 application/json [] internal_clerk_error", 0},
			"500 after work":   {clerktest.ClerkError(500, "internal_clerk_error").AfterWork(), "500 application/json [] internal_clerk_error", 1},
			"any code":         {clerktest.ClerkError(402, "pay"), "402 application/json [] pay", 0},
			"empty 500":        {clerktest.Raw(500, "", ""), "500  [] ", 0},
			"plain 404":        {clerktest.Raw(404, "text/plain", "404 page not found"), "404 text/plain [] 404 page not found", 0},
			"empty 200":        {clerktest.Raw(200, "", "").AfterWork(), "200  [] ", 1},
			"204":              {clerktest.Raw(204, "", "").AfterWork(), "204  [] ", 1},
			"null":             {clerktest.Raw(200, "application/json", "null").AfterWork(), "200 application/json [] null", 1},
			"no content type":  {clerktest.Raw(200, "", "{}"), "200  [] {}", 0},
			"temporary moving": {clerktest.Redirect(307, "http://127.0.0.1:1/"), "307  [] ", 0},
		} {
			before := len(s.Applications())
			injected := s.Inject(test.fault.On(http.MethodPost, clerktest.RouteApplications).Once())
			got := c.do(http.MethodPost, applications, object{"name": name})
			body := got.text
			if got.code() != "" {
				body = got.code()
			}
			equal(t, name, fmt.Sprintf("%d %s %v %s", got.status, got.header.Get("Content-Type"), got.header.Values("Retry-After"), body), test.want)
			equal(t, name+": applications made", len(s.Applications())-before, test.made)
			equal(t, name+": hits", injected.Hits(), 1)
			requests := s.Requests()
			last := requests[len(requests)-1]
			equal(t, name+": status in the log", last.Status, got.status)
			equal(t, name+": result in the log", last.Result, test.made*http.StatusOK)
			c.create(object{"name": "the fault is over"})
		}
		s.Inject(clerktest.Redirect(302, "https://elsewhere.example/x").Once())
		equal(t, "location", c.do(http.MethodGet, "/instance", nil).header.Get("Location"), "https://elsewhere.example/x")
		s.Inject(clerktest.HTML(502).Once())
		got := c.do(http.MethodGet, "/instance", nil)
		equal(t, "HTML", fmt.Sprint(got.status, got.header.Get("Content-Type"), strings.HasPrefix(got.text, "<!DOCTYPE html>")), "502text/html; charset=UTF-8true")
	})
}

func TestFaultsThatBreakTheConnection(t *testing.T) {
	t.Parallel()
	overBothNetworks(t, func(s *clerktest.Server, c *client) {
		t := c.t
		for name, test := range map[string]struct {
			fault clerktest.Fault
			want  error // when there is an answer: of the body
			made  int
			sent  int
		}{
			"reset before":       {clerktest.ResetBeforeWork(), syscall.ECONNRESET, 0, 0},
			"reset after":        {clerktest.ResetAfterWork(), syscall.ECONNRESET, 1, 0},
			"close before":       {clerktest.CloseBeforeWork(), io.EOF, 0, 0},
			"close after":        {clerktest.CloseAfterWork(), io.EOF, 1, 0},
			"short":              {clerktest.Truncated(clerktest.DeliverShort), io.ErrUnexpectedEOF, 1, 200},
			"cut chunks":         {clerktest.Truncated(clerktest.DeliverCutChunks), io.ErrUnexpectedEOF, 1, 200},
			"cut gzip":           {clerktest.Truncated(clerktest.DeliverCutGzip), io.ErrUnexpectedEOF, 1, 200},
			"short error answer": {clerktest.Fault{Work: clerktest.WorkSkipped, Reply: &clerktest.Reply{Status: 503, Code: "service_unavailable"}, Delivery: clerktest.DeliverShort}, io.ErrUnexpectedEOF, 0, 503},
		} {
			before := len(s.Applications())
			s.Inject(test.fault.On(http.MethodPost, "").Once())
			got, err := c.try(http.MethodPost, applications, object{"name": "x"})
			if !errors.Is(err, test.want) {
				t.Errorf("%s: got %v, want %v", name, err, test.want)
			}
			equal(t, name+": status", got.status, test.sent)
			equal(t, name+": applications made", len(s.Applications())-before, test.made)
		}
		// The end of the connection ends the body, so there is no error. It has no gzip, which would report the cut.
		c.extra = http.Header{"Accept-Encoding": {"identity"}}
		s.Inject(clerktest.Truncated(clerktest.DeliverCutUndeclared).Once())
		got := c.do(http.MethodPost, applications, object{"name": "x"})
		if got.text == "" || json.Valid([]byte(got.text)) {
			t.Errorf("half an answer is %q", got.text)
		}
	})
}

func TestSlowFaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := clerktest.NewInMemory(t)
		c := newMemoryClient(t, s)
		took := func(f clerktest.Fault) time.Duration {
			s.Inject(f.Once())
			begin := time.Now()
			c.must(http.MethodGet, "/instance", nil)
			return time.Since(begin)
		}
		equal(t, "slow", took(clerktest.Slow(30*time.Second)), 30*time.Second)
		equal(t, "slow answer", took(clerktest.SlowAnswer(time.Hour)), time.Hour)
		if drip := took(clerktest.Drip(time.Second)); drip < 90*time.Second {
			t.Errorf("an answer in drips took %v", drip)
		}
	})
}

func TestClientLeaves(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault func(*clerktest.Hold) clerktest.Fault
		made  int
	}{
		"before the work":    {func(*clerktest.Hold) clerktest.Fault { return clerktest.Slow(time.Minute) }, 0},
		"after the work":     {func(*clerktest.Hold) clerktest.Fault { return clerktest.SlowAnswer(time.Minute) }, 1},
		"no answer":          {func(*clerktest.Hold) clerktest.Fault { return clerktest.NeverAnswers() }, 0},
		"no answer, done":    {func(*clerktest.Hold) clerktest.Fault { return clerktest.NeverAnswers().AfterWork() }, 1},
		"held":               {clerktest.Held, 0},
		"held after":         {clerktest.HeldAfter, 1},
		"in drips":           {func(*clerktest.Hold) clerktest.Fault { return clerktest.Drip(time.Second) }, 1},
		"no answer but done": {func(*clerktest.Hold) clerktest.Fault { return clerktest.NeverAnswers().Late(5 * time.Second) }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := clerktest.NewInMemory(t)
				s.Inject(test.fault(clerktest.NewHold()))
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				begin := time.Now()
				request, _ := http.NewRequestWithContext(ctx, http.MethodPost, s.URL()+applications, strings.NewReader(`{"name":"x"}`))
				request.Header.Set("Authorization", "Bearer "+s.Key())
				request.Header.Set("Content-Type", "application/json")
				_, err := newMemoryClient(t, s).send(request)
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Fatalf("got %v", err)
				}
				equal(t, "gave up after", time.Since(begin), 2*time.Second)
				synctest.Wait()
				s.WaitForLateWork()
				equal(t, "applications made", len(s.Applications()), test.made)
			})
		})
	}
}

func TestHold(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t)
	c := newClient(t, s)
	hold := clerktest.NewHold()
	s.Inject(clerktest.Held(hold).On(http.MethodPost, clerktest.RouteApplications))
	var waiting sync.WaitGroup
	for range 3 {
		waiting.Go(func() { c.create(object{"name": "x"}) })
	}
	<-hold.Arrived()
	equal(t, "applications while held", len(s.Applications()), 0)
	c.must(http.MethodGet, "/instance", nil) // others pass
	hold.Release()
	waiting.Wait()
	equal(t, "applications after", len(s.Applications()), 3)
}

func TestServerClosesWhileRequestsWait(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]clerktest.Fault{
		"slow": clerktest.Slow(time.Hour), "never": clerktest.NeverAnswers(), "held": clerktest.Held(clerktest.NewHold()),
		"late": clerktest.NeverAnswers().Late(time.Hour), "endless": clerktest.Endless(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			arrived := make(chan struct{})
			failed := make(chan error, 1)
			t.Run("server", func(t *testing.T) {
				s := clerktest.New(t)
				s.Inject(fault.When(func(clerktest.Request) bool { close(arrived); return true }))
				c := newClient(t, s)
				request, _ := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, s.URL()+"/instance", nil)
				go func() {
					_, err := c.send(request)
					failed <- err
				}()
				<-arrived
			})
			if err := <-failed; err == nil {
				t.Error("the request was answered")
			}
		})
	}
}

func TestLateCommit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := clerktest.NewInMemory(t)
		c := newMemoryClient(t, s)
		s.Inject(clerktest.LateCommit(20*time.Second).On(http.MethodPost, clerktest.RouteApplications).Once())
		if _, err := c.try(http.MethodPost, applications, object{"name": "late"}); !errors.Is(err, syscall.ECONNRESET) {
			t.Fatalf("got %v", err)
		}
		time.Sleep(20*time.Second - time.Nanosecond)
		equal(t, "before", len(s.Applications()), 0)
		time.Sleep(time.Nanosecond)
		s.WaitForLateWork()
		late, found := s.Find("late")
		equal(t, "after", found, true)
		equal(t, "result in the log", s.Requests()[0].Result, http.StatusOK)

		s.Inject(clerktest.LateCommit(time.Second).On(http.MethodPost, clerktest.RouteRotateSecret).Once())
		rotate := applications + "/" + late.ID + "/rotate_secret"
		if _, err := c.try(http.MethodPost, rotate, nil); err == nil {
			t.Fatal("the rotation was answered")
		}
		second := c.must(http.MethodPost, rotate, nil)
		equal(t, "the second rotation", secretOf(s, second), "the current secret")
		s.WaitForLateWork()
		equal(t, "after the late first one", secretOf(s, second), "another secret")
		if now := c.get(late.ID); now.json["updated_at"].(float64) <= second.json["updated_at"].(float64) {
			t.Error("the late rotation did not move updated_at")
		}
	})
}

func TestLateCommitOverTCP(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t)
	s.Inject(clerktest.LateCommit(10 * time.Millisecond).Once())
	if _, err := newClient(t, s).try(http.MethodPost, applications, object{"name": "late"}); !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("got %v", err)
	}
	s.WaitForLateWork()
	equal(t, "after", len(s.Applications()), 1)
}

func TestFloods(t *testing.T) {
	t.Parallel()
	overBothNetworks(t, func(s *clerktest.Server, c *client) {
		t := c.t
		open := func(f clerktest.Fault, encoding string) *http.Response {
			s.Inject(f.Once())
			request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+"/instance", nil)
			request.Header.Set("Authorization", "Bearer "+c.key)
			request.Header.Set("Accept-Encoding", encoding)
			answered, err := c.http.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			return answered
		}
		endless := open(clerktest.Endless(), "identity")
		if n, err := io.CopyN(io.Discard, endless.Body, 17<<20); err != nil {
			t.Errorf("the endless body ended after %d bytes: %v", n, err)
		}
		endless.Body.Close()

		const size = 20<<20 + 7
		bomb := open(clerktest.GzipBomb(size), "gzip")
		counted := &countingReader{reader: bomb.Body}
		unpacked, err := gzip.NewReader(counted)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, unpacked)
		if err != nil || n != size || counted.n > size/100 {
			t.Errorf("the bomb of %d bytes unpacks to %d (%v), want %d", counted.n, n, err, size)
		}
		bomb.Body.Close()
	})
}

type countingReader struct {
	reader io.Reader
	n      int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.reader.Read(p)
	c.n += int64(n)
	return n, err
}

func TestChangedAnswers(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t)
	c := newClient(t, s)
	s.Inject(clerktest.Changed(func(answer map[string]any) {
		answer["id"] = "../users"
		answer["created_at"] = fmt.Sprint(answer["created_at"])
		delete(answer, "client_id")
	}).On(http.MethodPost, clerktest.RouteApplications).Once())
	got := c.create(object{"name": "x"})
	made := s.Applications()[0]
	equal(t, "id", got.field("id"), "../users")
	equal(t, "created_at", got.field("created_at"), fmt.Sprint(made.CreatedAt))
	_, sent := got.json["client_id"]
	equal(t, "client_id sent", sent, false)
	equal(t, "the state", c.get(made.ID).field("client_id"), made.ClientID)
}

func TestAnotherActor(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t)
	c := newClient(t, s)
	id := s.Seed("web")
	path := applications + "/" + id
	s.Inject(clerktest.Meanwhile(func(r clerktest.Request) { s.Delete(r.ID) }).On(http.MethodPatch, "").Once())
	equal(t, "deleted before", c.do(http.MethodPatch, path, object{"name": "y"}).status, http.StatusNotFound)

	id = s.Seed("shop")
	path = applications + "/" + id
	s.Inject(clerktest.Fault{After: func(r clerktest.Request) {
		s.Edit(r.ID, func(a *clerktest.Application) { a.Name = r.JSON["name"].(string) + ", no, z" })
	}}.On(http.MethodPatch, "").Once())
	equal(t, "edited after", c.must(http.MethodPatch, path, object{"name": "y"}).field("name"), "y")
	equal(t, "read", c.get(id).field("name"), "y, no, z")
}

func TestRulesApplyInOrder(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t)
	c := newClient(t, s)
	first := s.Inject(clerktest.TooManyRequests("1").On(http.MethodGet, clerktest.RouteInstance).Skipping(1).Repeat(2))
	s.Inject(clerktest.Locked().When(func(r clerktest.Request) bool { return r.Route == clerktest.RouteInstance }).Once())
	s.Inject(clerktest.HTML(502).On(http.MethodDelete, ""))
	var statuses []int
	for range 5 {
		statuses = append(statuses, c.do(http.MethodGet, "/instance", nil).status)
	}
	equal(t, "statuses", fmt.Sprint(statuses), "[409 429 429 200 200]")
	equal(t, "hits", first.Hits(), 2)
	for range 3 {
		equal(t, "forever", c.do(http.MethodDelete, applications+"/x", nil).status, http.StatusBadGateway)
	}
	s.ClearFaults()
	equal(t, "cleared", c.do(http.MethodDelete, applications+"/x", nil).status, http.StatusNotFound)
}

func TestFaultWithoutReplyIsRefused(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a fault that can answer nothing was taken")
		}
	}()
	clerktest.NewServer().Inject(clerktest.Fault{Work: clerktest.WorkSkipped})
}
