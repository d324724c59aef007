package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// A refresh of many applications needs few requests.
func TestProtocolScale(t *testing.T) {
	for _, c := range []struct{ managed, all, requests int }{
		{1, 1, 1},
		{1, 20_020, 1},
		{2, 2, 2},
		{20, 20, 2},
		{100, 1500, 7},
		{1000, 1000, 6},
		{20, 20_020, 45},
	} {
		t.Run(fmt.Sprintf("%d of %d", c.managed, c.all), func(t *testing.T) {
			inBubble(t, func(t *testing.T, tf *terraform) {
				tf.traces = false
				ids := tf.clerk.SeedMany(c.all, "app %d")
				p, _ := tf.process(t.Context())
				for i := range c.managed {
					n := i * (c.all / c.managed)
					o := &object{kind: application}
					state := fmt.Sprintf(`{"id":%q,"name":"app %d"}`, ids[n], n+1)
					if heard := p.upgrade(o, 1, state); len(heard) > 0 {
						t.Fatal(heard)
					}
					if heard := p.read(o); len(heard) > 0 {
						t.Fatal(heard)
					}
				}
				if sent := len(tf.clerk.Requests()); sent > c.requests {
					t.Errorf("%d requests, want at most %d", sent, c.requests)
				}
			})
		})
	}
}

// Clerk's limit is never met, and the waits cost no more than they must.
func TestProtocolScaleCreates(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		tf.traces = false
		tf.clerk.SetRateLimit(clerktest.RateLimit{Requests: 100, Per: 10 * time.Second})
		p, _ := tf.process(t.Context())
		begun := time.Now()
		for i := range 110 {
			o := &object{kind: application}
			made, _ := p.plan(o, values{"name": fmt.Sprint("app ", i)})
			if heard := p.apply(o, made); len(heard) > 0 {
				t.Fatal(heard)
			}
		}
		isRefused := func(r clerktest.Request) bool { return r.Status == 429 }
		refused := slices.ContainsFunc(tf.clerk.Requests(), isRefused)
		if took := time.Since(begun); refused || took < 10*time.Second || took > 15*time.Second {
			t.Errorf("110 creates took %s, and Clerk refused some of them: %t", took, refused)
		}
	})
}

// The list resource finds what a plan without changes can adopt, and shows no control
// characters of names that others have chosen.
func TestProtocolList(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		names := []string{"Portal", "tab\there", "\x1b[31mred", "right\u202eleft"}
		for _, name := range names {
			tf.clerk.Seed(name)
		}
		tf.clerk.RegisterDynamically("someone")
		p, _ := tf.process(t.Context())
		shown, found, heard := p.list(values{"order_by": "+created_at"}, 100)
		if len(heard) > 0 || len(found) != len(names) || shown[0] != "Portal" {
			t.Fatalf("found %q\n%s", shown, heard)
		}
		for i, state := range found {
			if state["name"] != names[i] || state["client_secret"] != nil {
				t.Errorf("found %v", state)
			}
			if strings.ContainsAny(shown[i], "\t\x1b\u202e") {
				t.Errorf("%q is shown as it is", shown[i])
			}
			o := &object{kind: application}
			p.importBy(o, "", values{"id": state["id"]})
			config := values{"name": names[i], "scopes": texts(state["scopes"]), "redirect_uris": []string{}}
			if made, heard := p.plan(o, config); made == nil || len(made.changes) > 0 {
				t.Errorf("the adopted %q plans %v\n%s", names[i], made, heard)
			}
		}
		if shown, _, _ := p.list(values{"name_query": "portal"}, 100); len(shown) != 1 {
			t.Errorf("by name: %q", shown)
		}
		if shown, _, _ := p.list(values{}, 2); len(shown) != 2 {
			t.Errorf("two at most: %q", shown)
		}
	})
}

func texts(elements any) (all []string) {
	for _, element := range elements.([]any) {
		all = append(all, element.(string))
	}
	return all
}
