package provider_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// A stranger who registers an application chooses its name.
func TestListShowsNamesSafely(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		tf.clerk.Seed("\x1b[2Jweb\nPortal (oa_1)\u202e", func(a *clerktest.Application) { a.DynamicallyRegistered = true })
		p, _ := tf.process(t.Context())
		names, found, heard := p.list(values{"dynamically_registered": true}, 10)
		want := "<U+001B>[2Jweb<U+000A>Portal (oa_1)<U+202E>"
		if len(heard) > 0 || len(found) != 1 || !slices.Equal(names, []string{want}) {
			t.Errorf("got %q, %s", names, heard)
		}
	})
}

// An application that cannot be read is left out, and a warning names it.
func TestListsNameWhatTheyLeaveOut(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		readable, broken := tf.clerk.Seed("Portal"), tf.clerk.Seed("Broken")
		tf.clerk.Inject(clerktest.Changed(func(page map[string]any) {
			for _, item := range page["data"].([]any) {
				if app := item.(map[string]any); app["id"] == broken {
					app["public"] = "perhaps"
				}
			}
		}).OnList())
		p, _ := tf.process(t.Context())
		all, heard := p.data("clerk_oauth_applications", values{})
		apps, _ := all["oauth_applications"].([]any)
		names, _, more := p.list(values{}, 10)
		if len(apps) != 1 || apps[0].(values)["id"] != readable || !slices.Equal(names, []string{"Portal"}) {
			t.Errorf("found %v and %q", apps, names)
		}
		for _, text := range []string{heard.String(), more.String()} {
			if !strings.HasPrefix(text, "Warning: The list of OAuth applications is incomplete") || !strings.Contains(text, broken) {
				t.Errorf("got %s", text)
			}
		}
	})
}

// Data sources find what the same process has just created, although Clerk's reads lag.
func TestDataSourceReadsOwnWrites(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		tf.clerk.Set(clerktest.Switches{ReadLag: 2 * time.Second})
		p, _ := tf.process(t.Context())
		o := &object{kind: application}
		made, _ := p.plan(o, portal)
		if heard := p.apply(o, made); len(heard) > 0 {
			t.Fatal(heard)
		}
		for _, by := range []values{{"id": o.str("id")}, {"client_id": o.str("client_id")}, {"name": "Portal"}} {
			if found, heard := p.data(application, by); found["id"] != o.str("id") {
				t.Errorf("%v: got %v, %s", by, found, heard)
			}
		}
	})
}

// What a data source cannot find it says on the argument.
func TestDataSourceFindsNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		first, second := tf.clerk.Seed("Twin"), tf.clerk.Seed("Twin")
		p, _ := tf.process(t.Context())
		for _, test := range []struct {
			by    values
			wants []string
		}{
			{values{"id": "oa_none"}, []string{`has the id "oa_none"`}},
			{values{"client_id": "none"}, []string{`has the client_id "none"`}},
			{values{"name": "a\nb"}, []string{`has the name "a<U+000A>b"`}},
			{values{"name": "Twin"}, []string{`2 OAuth applications have the name "Twin"`, first, second}},
		} {
			_, heard := p.data(application, test.by)
			for _, want := range test.wants {
				if len(heard) != 1 || heard[0].Attribute == nil || !strings.Contains(heard.String(), want) {
					t.Errorf("%v: got %s", test.by, heard)
				}
			}
		}
	})
}

// A list that breaks off is an error, and no part of it is shown.
func TestListsBreakOff(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		tf.clerk.SeedMany(600, "App %d")
		tf.clerk.Inject(clerktest.HTML(403).OnList().Skipping(1))
		p, _ := tf.process(t.Context())
		if names, _, heard := p.list(values{}, 1000); len(names) > 0 || !heard.failed() {
			t.Errorf("shown are %d, %s", len(names), heard)
		}
		if all, heard := p.data("clerk_oauth_applications", values{}); all != nil || !heard.failed() {
			t.Errorf("got %v, %s", all, heard)
		}
	})
}
