package clerktest

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func listApplications(w *work) Answer {
	query := w.request.Query
	number := func(name, fallback string, least, most int) int {
		text := cmp.Or(query.Get(name), fallback)
		n, err := strconv.Atoi(text)
		if err != nil || n < least || n > most {
			w.fail(notAllowed(name, text))
		}
		return n
	}
	limit, offset := number("limit", "10", 1, 500), number("offset", "0", 0, 1<<30)
	// A "+" that was not escaped arrives as a space and is refused.
	order := cmp.Or(query.Get("order_by"), "-created_at")
	column := strings.TrimPrefix(strings.TrimPrefix(order, "-"), "+")
	if column != "created_at" && column != "name" {
		w.fail(notAllowed("order_by", order))
	}
	if len(w.errors) > 0 {
		return Answer{}
	}
	text, found := query.Get("name_query"), []*Application{}
	for _, entry := range w.instance.order {
		a := entry.seen(w.now)
		if a != nil && (a.ClientID == text ||
			strings.Contains(strings.ToLower(a.Name), strings.ToLower(text))) {
			found = append(found, a)
		}
	}
	slices.SortStableFunc(found, func(a, b *Application) int {
		if column == "name" {
			return cmp.Compare(a.Name, b.Name)
		}
		return cmp.Compare(a.CreatedAt, b.CreatedAt)
	})
	if strings.HasPrefix(order, "-") {
		slices.Reverse(found)
	}
	page := []map[string]any{}
	for _, a := range found[min(offset, len(found)):min(offset+limit, len(found))] {
		page = append(page, w.encode(a))
	}
	return answerJSON(http.StatusOK, map[string]any{"data": page, "total_count": len(found)})
}
