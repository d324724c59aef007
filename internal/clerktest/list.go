package clerktest

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	defaultLimit = 10
	maxLimit     = 500
)

// listQuery is the checked query of a list.
type listQuery struct {
	limit, offset      int
	byName, descending bool
	text               string // "" matches all
}

func parseListQuery(query url.Values) (listQuery, *answer) {
	parsed := listQuery{limit: defaultLimit, descending: true, text: query.Get("name_query")}
	for name, value := range map[string]*int{"limit": &parsed.limit, "offset": &parsed.offset} {
		if !query.Has(name) {
			continue
		}
		number, err := strconv.Atoi(query.Get(name))
		switch {
		case err != nil:
			return parsed, &errParametersMalformed
		case number < 0 || name == "limit" && (number < 1 || number > maxLimit):
			return parsed, queryError(name, query.Get(name))
		}
		*value = number
	}
	if query.Has("order_by") {
		// A "+" that was not escaped arrives as a space and is refused.
		order := query.Get("order_by")
		column := strings.TrimPrefix(strings.TrimPrefix(order, "-"), "+")
		parsed.byName, parsed.descending = column == "name", strings.HasPrefix(order, "-")
		if column != "created_at" && column != "name" {
			return parsed, queryError("order_by", order)
		}
	}
	return parsed, nil
}

func queryError(parameter, value string) *answer {
	problem := failure(http.StatusUnprocessableEntity, notAllowed(parameter, value))
	return &problem
}

func listApplications(w *work) answer {
	query, problem := parseListQuery(w.request.Query)
	if problem != nil {
		return *problem
	}
	w.instance.purge(w.now)
	found := w.instance.visible(w.now)
	if query.text != "" {
		lower := strings.ToLower(query.text)
		found = slices.DeleteFunc(found, func(a *Application) bool {
			return a.ClientID != query.text && !strings.Contains(strings.ToLower(a.Name), lower)
		})
	}
	if query.byName {
		slices.SortStableFunc(found, func(a, b *Application) int { return cmp.Compare(a.Name, b.Name) })
	}
	if query.descending {
		slices.Reverse(found)
	}
	total := len(found)
	begin := min(query.offset, total)
	page := []map[string]any{}
	for _, a := range found[begin:min(begin+query.limit, total)] {
		page = append(page, w.instance.encode(a, w.switches))
	}
	return answer{status: http.StatusOK, value: map[string]any{"data": page, "total_count": total}}
}
