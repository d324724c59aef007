package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// data reads a data source.
func (p *process) data(kind string, config values) (values, messages) {
	encoded := encode(schemas.DataSourceSchemas[kind], config)
	response := must(p.ReadDataSource(p.ctx, &tfprotov6.ReadDataSourceRequest{TypeName: kind, Config: encoded}))
	return decode(response.State), p.hear(response.Diagnostics)
}

// list reads the list resource: the names shown, and the resources.
func (p *process) list(config values, limit int64) (names []string, found []object, heard messages) {
	//nolint:staticcheck // the marker interface is deprecated: see provider.server
	lists, _ := p.ProviderServer.(tfprotov6.ProviderServerWithListResource)
	stream := must(lists.ListResource(p.ctx, &tfprotov6.ListResourceRequest{
		TypeName: application, Config: encode(schemas.ListResourceSchemas[application], config), Limit: limit, IncludeResource: true,
	}))
	for result := range stream.Results {
		heard += p.hear(result.Diagnostics)
		if result.Resource != nil {
			names = append(names, result.DisplayName)
			found = append(found, object{application, decode(result.Resource), nil, result.Identity})
		}
	}
	return names, found, heard
}

// The list resource finds what a plan without changes can adopt, and shows no control characters
// of names that others have chosen. After the import, the version of a new secret is greater than
// that of any other application which the address had before.
func TestProtocolList(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		names := []string{"Portal", "tab\there", "\x1b[31mred", "right\u202eleft"}
		for _, name := range names {
			tf.clerk.Seed(name)
		}
		tf.clerk.RegisterDynamically("\x1b[2Jweb\n")
		time.Sleep(time.Minute)
		p := tf.process(t.Context())
		shown, found, heard := p.list(values{"order_by": "+created_at"}, 100)
		if want := "[Portal tab<U+0009>here <U+001B>[31mred right<U+202E>left]"; heard != "" || fmt.Sprint(shown) != want {
			t.Fatalf("found %q\n%s", shown, heard)
		}
		for i, listed := range found {
			if listed.str("name") != names[i] || listed.state["client_secret"] != nil {
				t.Errorf("found %v", listed.state)
			}
			p.importBy(&listed, "")
			config := values{"name": names[i], "scopes": listed.state["scopes"], "redirect_uris": []string{}}
			made, _ := p.plan(&listed, config)
			rotation, _ := p.plan(&listed, config.with("rotate_secret_trigger", "once"))
			version, _ := rotation.planned["client_secret_version"].(uint64)
			if len(made.changes) > 0 || version < uint64(time.Now().UnixMilli()) {
				t.Errorf("the adopted %q plans %v, and a rotation version %d", names[i], made.changes, version)
			}
		}
		for want, config := range map[string]values{
			"[Portal]":                 {"name_query": "portal"},
			"[<U+001B>[2Jweb<U+000A>]": {"dynamically_registered": true},
		} {
			if shown, _, heard := p.list(config, 100); fmt.Sprint(shown) != want {
				t.Errorf("%v: %q\n%s", config, shown, heard)
			}
		}
		if shown, _, _ := p.list(values{}, 2); len(shown) != 2 {
			t.Errorf("two at most: %q", shown)
		}
	})
}

// An application that cannot be read is left out, and a warning names it.
func TestProtocolListsNameWhatTheyLeaveOut(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		readable, broken := tf.clerk.Seed("Portal"), tf.clerk.Seed("Broken")
		tf.clerk.Inject(clerktest.Changed(func(page map[string]any) {
			for _, item := range page["data"].([]any) {
				if app := item.(map[string]any); app["id"] == broken {
					app["public"] = "perhaps"
				}
			}
		}).OnList())
		p := tf.process(t.Context())
		all, heard := p.data(application+"s", values{})
		apps, _ := all["oauth_applications"].([]any)
		names, _, more := p.list(values{}, 10)
		if len(apps) != 1 || apps[0].(map[string]any)["id"] != readable || !slices.Equal(names, []string{"Portal"}) {
			t.Errorf("found %v and %q", apps, names)
		}
		said := string(heard + more)
		if heard.failed() || more.failed() || strings.Count(said, "applications is incomplete") != 2 || strings.Count(said, broken) != 2 {
			t.Errorf("it says:\n%s", said)
		}
	})
}

// A list that breaks off is an error, and no part of it is shown.
func TestProtocolListsBreakOff(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		tf.clerk.SeedMany(600, "App %d")
		tf.clerk.Inject(clerktest.HTML(403).OnList().Skipping(1))
		p := tf.process(t.Context())
		if names, _, heard := p.list(values{}, 1000); len(names) > 0 || !heard.failed() {
			t.Errorf("shown are %d, %s", len(names), heard)
		}
		if all, heard := p.data(application+"s", values{}); len(all) > 0 || !heard.failed() {
			t.Errorf("got %v, %s", all, heard)
		}
	})
}

// Data sources find what the same process has just created, although Clerk's reads lag.
// What they cannot find they say on the argument.
func TestProtocolDataSource(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		first, second := tf.clerk.Seed("Twin"), tf.clerk.Seed("Twin")
		tf.clerk.Set(clerktest.Switches{ReadLag: 2 * time.Second})
		p := tf.process(t.Context())
		for _, by := range []string{"id", "client_id", "name"} {
			o := &object{kind: application}
			made, _ := p.plan(o, portal.with("name", "by "+by))
			p.apply(o, made)
			if found, heard := p.data(application, values{by: o.str(by)}); found["id"] != o.str("id") {
				t.Errorf("by %s: got %v, %s", by, found, heard)
			}
		}
		for says, by := range map[string]values{
			`has the id "oa_none"`:                      {"id": "oa_none"},
			`has the client_id "none"`:                  {"client_id": "none"},
			`has the name "a<U+000A>b"`:                 {"name": "a\nb"},
			`2 OAuth applications have the name "Twin"`: {"name": "Twin"},
		} {
			_, heard := p.data(application, by)
			if strings.Count(string(heard), "(on Attr") != 1 || !heard.say(says) ||
				by["name"] == "Twin" && !(heard.say(first) && heard.say(second)) {
				t.Errorf("%v: got %s", by, heard)
			}
		}
	})
}

// A refresh of many applications needs few requests.
func TestProtocolScale(t *testing.T) {
	for _, c := range []struct{ managed, all, requests int }{
		{1, 1, 1}, {1, 20_020, 1}, {2, 2, 2}, {20, 20, 2}, {100, 1500, 7}, {1000, 1000, 6}, {20, 20_020, 45},
	} {
		inSubtest(t, fmt.Sprintf("%d of %d", c.managed, c.all), func(t *testing.T, tf *terraform) {
			tf.traces = false
			ids := tf.clerk.SeedMany(c.all, "app %d")
			p := tf.process(t.Context())
			for i := range c.managed {
				n := i * (c.all / c.managed)
				state := values{"id": ids[n], "name": fmt.Sprint("app ", n+1)}
				if heard := p.read(&object{kind: application, state: state}); heard != "" {
					t.Fatal(heard)
				}
			}
			if sent := len(tf.clerk.Requests()); sent > c.requests {
				t.Errorf("%d requests, want at most %d", sent, c.requests)
			}
		})
	}
}
