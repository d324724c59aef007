package clerktest_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// TestFaults sends one create under each fault and looks at the answer and at what was done.
func TestFaults(t *testing.T) {
	t.Parallel()
	rename := func(answer map[string]any) { answer["name"] = "changed" }
	for name, test := range map[string]struct {
		fault   clerktest.Fault
		want    string // start of the answer, or of the error
		created int
		took    time.Duration
	}{
		"none":             {clerktest.Fault{}, "200 ", 1, 0},
		"error":            {clerktest.ClerkError(503, "service_unavailable"), "503 service_unavailable", 0, 0},
		"error after work": {clerktest.ClerkError(500, "internal_clerk_error").AfterWork(), "500 internal", 1, 0},
		"late work":        {clerktest.HTML(502).Late(time.Minute), "502 <!DOCTYPE", 0, 0},
		"429":              {clerktest.TooManyRequests("7"), "429 too_many_requests", 0, 0},
		"locked":           {clerktest.Locked(), "409 resource_locked", 0, 0},
		"raw":              {clerktest.Raw(418, "text/plain", "tea"), "418 tea", 0, 0},
		"redirect":         {clerktest.Redirect(302, "https://a.example"), "302 ", 0, 0},
		"reset before":     {clerktest.ResetBeforeWork(), "reset", 0, 0},
		"reset after":      {clerktest.ResetAfterWork(), "reset", 1, 0},
		"late commit":      {clerktest.ResetBeforeWork().Late(time.Minute), "reset", 0, 0},
		"short":            {clerktest.Fault{Delivery: clerktest.DeliverShort}, "cut", 1, 0},
		"cut chunks":       {clerktest.Fault{Delivery: clerktest.DeliverCutChunks}, "cut", 1, 0},
		"cut undeclared":   {clerktest.Fault{Delivery: clerktest.DeliverCutUndeclared}, "200 {", 1, 0},
		"cut gzip":         {clerktest.Fault{Delivery: clerktest.DeliverCutGzip}, "200 \x1f", 1, 0},
		"slow":             {clerktest.Slow(time.Second), "200 ", 1, time.Second},
		"slow answer":      {clerktest.SlowAnswer(time.Second), "200 ", 1, time.Second},
		"changed":          {clerktest.Changed(rename), `200 {"authorize_url"`, 1, 0},
		"another request":  {clerktest.Locked().OnRotate(), "200 ", 1, 0},
		"skipping":         {clerktest.Locked().Skipping(1), "200 ", 1, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := clerktest.NewInMemory(t, clerktest.Options{})
			begin := time.Now()
			s.Inject(test.fault)
			got, err := over(t, s).try("POST /oauth_applications", `{"name":"x"}`, "Accept-Encoding", "identity")
			text := got.String()
			switch {
			case errors.Is(err, syscall.ECONNRESET):
				text = "reset"
			case errors.Is(err, io.ErrUnexpectedEOF):
				text = "cut"
			}
			if !strings.HasPrefix(text, test.want) {
				t.Errorf("%s: got %s, want %s", name, text, test.want)
			}
			equal(t, name, len(s.Applications()), test.created)
			equal(t, name, time.Since(begin), test.took)
			if name == "changed" && got.json["name"] != "changed" {
				t.Errorf("not changed: %s", got)
			}
			late := name == "late commit" || name == "late work"
			if s.WaitForLateWork(); late {
				equal(t, name, len(s.Applications()), 1)
				equal(t, name, time.Since(begin), time.Minute)
			}
		})
	}
}

// A server that closes ends requests that wait, and abandons late work.
func TestCloseEndsWaits(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]clerktest.Fault{
		"never answers": clerktest.NeverAnswers(), "slow": clerktest.Slow(time.Hour),
		"late": clerktest.ResetBeforeWork().Late(time.Hour),
	} {
		s := clerktest.New(t)
		s.Inject(fault)
		c := client{t, &http.Transport{}, s.URL(), s.Key()}
		failed := make(chan error)
		go func() {
			_, err := c.try("POST /oauth_applications", `{"name":"x"}`)
			failed <- err
		}()
		for s.CountRequests("", "") == 0 {
			time.Sleep(time.Millisecond)
		}
		s.Close()
		if err := <-failed; err == nil || len(s.Applications()) > 0 {
			t.Errorf("%s: %v, %d applications", name, err, len(s.Applications()))
		}
	}
}
