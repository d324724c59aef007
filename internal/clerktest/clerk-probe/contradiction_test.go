package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// TestClerkThatContradictsItself turns one switch in the middle of a run. If the switch turns between two tries of its
// question, the probe must report that and name no value. Wherever it turns, the probe may see either value or both. It must
// never name a third, or report a contradiction if nothing changed.
func TestClerkThatContradictsItself(t *testing.T) {
	t.Parallel()
	for _, setting := range clerktest.AllSwitches()[1:] {
		t.Run(setting.Name, func(t *testing.T) {
			t.Parallel()
			set, value, _ := strings.Cut(setting.Name, "=")
			check := func(made trial, when string) {
				made.assertNothingLeft(t)
				for _, name := range switchNames() {
					found := made.found(t, name)
					isContradiction := strings.HasPrefix(found.CannotBeTold, "contradictory: saw ")
					switch {
					case isContradiction && (name != set || found.Value != ""):
						t.Errorf("turned %s: %+v", when, found)
					case found.Value == "" || name == set && found.Value == value || isDefault(t, name, found.Value):
					default:
						t.Errorf("turned %s: the probe names %s=%s", when, name, found.Value)
					}
				}
			}
			between := tryTurning(t, setting.Switches, func(_ int, p *probe) bool { return tries(p, set) == 1 })
			check(between, "between two tries")
			if found := between.found(t, set); !strings.HasPrefix(found.CannotBeTold, "contradictory: saw ") {
				t.Errorf("turned between two tries: %+v", found)
			}
			for after := 2; after < maxRequests; after += 13 {
				check(tryTurning(t, setting.Switches, func(seen int, _ *probe) bool { return seen == after }), fmt.Sprintf("after %d requests", after))
			}
		})
	}
}

// tries is how often the question of a switch was asked so far.
func tries(p *probe, switchName string) int {
	for _, q := range p.questions {
		if q.switchName == switchName {
			return len(q.observations)
		}
	}
	return 0
}

// tryTurning is try with a simulator that turns its switches before it looks at the first request for which now holds,
// given the requests before it. The probe waits for an answer meanwhile, so that now may look at it.
func tryTurning(t *testing.T, switches clerktest.Switches, now func(seen int, p *probe) bool) trial {
	t.Helper()
	var server *clerktest.Server
	var asking *probe
	seen, turned := 0, false
	turning := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !turned && now(seen, asking) {
				turned = true
				server.Set(switches)
			}
			seen++
			next.ServeHTTP(w, r)
		})
	}
	return try(t, func(s *clerktest.Server, p *probe) { server, asking = s, p }, clerktest.WithMiddleware(turning))
}

func TestContradictionIsSaid(t *testing.T) {
	t.Parallel()
	q := question{switchName: "x", observations: []observation{told("one", "1"), untold("lost", "-"), told("two", "2"), told("one", "1")}}
	found := q.finding()
	if found.Value != "" || found.CannotBeTold != "contradictory: saw one then two" || found.Seen != "1; then -; then 2" {
		t.Errorf("got %+v", found)
	}
	if got, want := found.verdict(), "x contradictory: saw one then two"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}
