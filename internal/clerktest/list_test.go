package clerktest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func TestList(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t)
	c := newClient(t, s)
	s.Seed("web")
	s.Seed("Web shop")
	s.RegisterDynamically("mcp")
	s.Seed("api")
	web, _ := s.Find("web")

	for query, want := range map[string]string{
		"":                               "api mcp Web shop web of 4",
		"order_by=created_at":            "web Web shop mcp api of 4",
		"order_by=%2Bcreated_at":         "web Web shop mcp api of 4",
		"order_by=-created_at":           "api mcp Web shop web of 4",
		"order_by=name":                  "Web shop api mcp web of 4",
		"order_by=-name":                 "web mcp api Web shop of 4",
		"order_by=name&order_by=-name":   "Web shop api mcp web of 4",
		"name_query=WEB":                 "Web shop web of 2",
		"name_query=nothing":             " of 0",
		"name_query=" + web.ClientID:     "web of 1",
		"name_query=" + web.ClientID[:8]: " of 0",
		"limit=2":                        "api mcp of 4",
		"limit=2&offset=2":               "Web shop web of 4",
		"limit=2&offset=3":               "web of 4",
		"offset=4":                       " of 4",
		"offset=9":                       " of 4",
		"name_query=w&limit=1&offset=1&order_by=created_at": "Web shop of 2",
		"dynamically_registered=true":                       "mcp of 1",
		"dynamically_registered=false&order_by=name":        "Web shop api web of 3",
		"unknown=1": "api mcp Web shop web of 4",
	} {
		got := c.must(http.MethodGet, applications+"?"+query, nil)
		equal(t, query, fmt.Sprintf("%s of %v", strings.Join(names(got), " "), got.json["total_count"]), want)
	}
	if strings.Contains(c.must(http.MethodGet, applications, nil).text, "client_secret") {
		t.Error("a list shows secrets")
	}
}

func TestListPages(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t)
	c := newClient(t, s)
	ids := s.SeedMany(1234, "app-%04d")
	s.Delete(ids[3])
	ids = slices.Delete(ids, 3, 4)
	for _, order := range []string{"+created_at", "name"} {
		var seen []string
		for offset := 0; ; offset += 500 {
			page := c.must(http.MethodGet, applications+"?"+url.Values{"limit": {"500"}, "offset": {fmt.Sprint(offset)}, "order_by": {order}}.Encode(), nil)
			data := page.json["data"].([]any)
			for _, item := range data {
				seen = append(seen, item.(object)["id"].(string))
			}
			if len(data) < 500 {
				break
			}
		}
		if !slices.Equal(seen, ids) {
			t.Errorf("%s: %d ids in pages, %d seeded, or in another order", order, len(seen), len(ids))
		}
	}
	equal(t, "default limit", len(names(c.must(http.MethodGet, applications, nil))), 10)

	// The simulator keeps the sorted order between pages; a write must discard it.
	s.Edit(ids[len(ids)-1], func(a *clerktest.Application) { a.Name = "aaa" })
	equal(t, "first by name after a rename", names(c.must(http.MethodGet, applications+"?order_by=name", nil))[0], "aaa")
}

func TestTimesGrow(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t)
	c := newClient(t, s)
	var last float64
	for range 20 {
		created := c.create(object{"name": "x"}).json["created_at"].(float64)
		if created <= last {
			t.Fatalf("created_at %v after %v", created, last)
		}
		last = created
	}
}

func BenchmarkListPage(b *testing.B) {
	s := clerktest.NewServer()
	b.Cleanup(s.Close)
	s.SeedMany(5000, "application-%d")
	c := newMemoryClient(b, s)
	for b.Loop() {
		c.must(http.MethodGet, applications+"?limit=500&order_by=name&offset=2500", nil)
	}
}
