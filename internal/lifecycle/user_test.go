package lifecycle

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"
	"github.com/hashicorp/terraform-plugin-log/tfsdklogtest"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// A user runs Terraform in this process: sees what Terraform prints, may keep a log at
// TRACE, and may interrupt.
type user struct {
	ctx    context.Context // of the current run of Terraform
	cancel context.CancelFunc
	logs   bool

	mu          sync.Mutex
	interrupted time.Time // when interrupt was called first in the current run
	log         bytes.Buffer
	said        []string
}

// begin begins a run of Terraform that nobody has interrupted yet.
func (u *user) begin(t testing.TB) {
	t.Helper()
	ctx := t.Context()
	if u.logs {
		ctx = tflogtest.RootLogger(tfsdklogtest.RootLogger(ctx, u), u)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.cancel != nil {
		u.cancel()
	}
	u.ctx, u.cancel = context.WithCancel(ctx)
	u.interrupted = time.Time{}
}

// Write takes a line of the log.
func (u *user) Write(line []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.log.Write(line)
}

// interrupt is Ctrl-C.
func (u *user) interrupt() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.interrupted.IsZero() {
		u.interrupted = time.Now()
	}
	u.cancel()
}

// sinceInterrupt is how long ago the user interrupted the current run; false if that
// did not happen.
func (u *user) sinceInterrupt() (time.Duration, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return time.Since(u.interrupted), !u.interrupted.IsZero()
}

// say keeps the messages that the user has seen.
func (u *user) say(ds prototest.Diagnostics) prototest.Diagnostics {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(ds) > 0 {
		u.said = append(u.said, ds.String())
	}
	return ds
}

// show keeps a plan that the user has seen; nil is none.
func (u *user) show(plan *prototest.Plan) {
	if plan == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.said = append(u.said, plan.String())
}

// checkNoSecrets ends the last run, and searches messages, log and requests for secrets of
// the simulator.
func (u *user) checkNoSecrets(t testing.TB, server *clerktest.Server) {
	t.Helper()
	u.cancel()
	u.mu.Lock()
	texts, logged := slices.Clone(u.said), u.log.String()
	u.mu.Unlock()
	requests := server.Requests()
	for _, request := range requests { // without the Authorization header, which has the key
		texts = append(texts, fmt.Sprint(request.Method, request.Path, request.Query, request.Header, string(request.Body)))
	}
	searchForSecrets(t, server, append(texts, logged)...)
	if u.logs && logged == "" && len(requests) > 0 {
		t.Error("there were requests, but the log is empty: the search for secrets in it proves nothing")
	}
}
