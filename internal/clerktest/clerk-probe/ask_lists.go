package main

import (
	"context"
	"net/http"
	"net/url"
)

// askLists asks about lists, when the reads have caught up with the creates.
func (p *probe) askLists(ctx context.Context) {
	if err := sleep(ctx, p.lag); err != nil {
		return
	}
	list := func(query string) answer {
		return p.client.call(ctx, http.MethodGet, applicationsPath+"?name_query="+url.QueryEscape(p.prefix)+query, nil)
	}
	for range 2 {
		p.note("list_default_order", seenListOrder(list("&limit=10")))
	}
	for _, limit := range []string{"501", "0"} {
		switch got := list("&limit=" + limit); {
		case got.ok():
			p.note("limit_out_of_range", told("clamp", "limit=%s: %s", limit, got))
		case got.refused():
			p.note("limit_out_of_range", told("refuse", "limit=%s: %s", limit, got))
		default:
			p.note("limit_out_of_range", other(got))
		}
	}
}

func seenListOrder(got answer) observation {
	if !got.ok() {
		return other(got)
	}
	items, _ := got.json["data"].([]any)
	var ascending, descending int
	for i := 1; i < len(items); i++ {
		earlier, _ := items[i-1].(map[string]any)
		later, _ := items[i].(map[string]any)
		before, _ := earlier["created_at"].(float64)
		after, _ := later["created_at"].(float64)
		switch {
		case before < after:
			ascending++
		case before > after:
			descending++
		}
	}
	switch {
	case ascending > 0 && descending == 0:
		return told("oldest_first", "oldest first")
	case descending > 0 && ascending == 0:
		return told("newest_first", "newest first")
	case ascending == 0:
		return untold("the list has no two applications of different age", "%s with %d applications", got, len(items))
	default:
		return untold("no value of the switch explains this", "neither newest nor oldest first")
	}
}
