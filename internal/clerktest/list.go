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
	limit, offset  int
	byName, newest bool
	name           string
	dynamic        string // "", "true" or "false"
}

func parseListQuery(query url.Values, switches Switches) (listQuery, *answer) {
	parsed := listQuery{limit: defaultLimit, newest: switches.ListDefaultOrder == ListNewestFirst, name: query.Get("name_query")}
	for _, number := range []struct {
		name     string
		value    *int
		min, max int
	}{{"limit", &parsed.limit, 1, maxLimit}, {"offset", &parsed.offset, 0, int(^uint(0) >> 1)}} {
		if !query.Has(number.name) {
			continue
		}
		value, err := strconv.Atoi(query.Get(number.name))
		if err != nil {
			return parsed, &errParametersMalformed
		}
		if value < number.min || value > number.max {
			if number.name == "offset" || switches.LimitOutOfRange == LimitRefused {
				return parsed, queryError(notAllowed(number.name, strconv.Itoa(value)))
			}
			value = min(max(value, number.min), number.max)
		}
		*number.value = value
	}
	if query.Has("order_by") {
		// Of several only the first counts. A "+" that was not escaped arrives as a space and is refused.
		order := query.Get("order_by")
		column, descending := strings.CutPrefix(order, "-")
		if !descending {
			column = strings.TrimPrefix(column, "+")
		}
		if column != "created_at" && column != "name" {
			return parsed, queryError(notAllowed("order_by", order))
		}
		parsed.byName, parsed.newest = column == "name", descending
	}
	// Not in Clerk's OpenAPI document, but in its Go SDK 2.7.0.
	if parsed.dynamic = query.Get("dynamically_registered"); !slices.Contains([]string{"", "true", "false"}, parsed.dynamic) {
		return parsed, queryError(notAllowed("dynamically_registered", parsed.dynamic))
	}
	return parsed, nil
}

// queryError answers a query parameter that is not as it should be.
func queryError(err clerkError) *answer {
	problem := failure(http.StatusUnprocessableEntity, err)
	return &problem
}

func (q *listQuery) matches(a *Application, lowerName string) bool {
	if q.dynamic != "" && (q.dynamic == "true") != a.DynamicallyRegistered {
		return false
	}
	return q.name == "" || a.ClientID == q.name || strings.Contains(strings.ToLower(a.Name), lowerName)
}

func listApplications(s *Server, w *work) answer {
	query, problem := parseListQuery(w.query, w.switches)
	if problem != nil {
		return *problem
	}
	now := s.now()
	found := w.instance.visible(now)
	if query.byName {
		found = w.instance.sortedByName(found, !now.Before(w.instance.laggedUntil))
	}
	if query.name != "" || query.dynamic != "" {
		lower := strings.ToLower(query.name)
		var matching []*Application
		for _, a := range found {
			if query.matches(a, lower) {
				matching = append(matching, a)
			}
		}
		found = matching
	}
	total := len(found)
	page := make([]*applicationJSON, 0, query.limit)
	for i := query.offset; i < total && len(page) < query.limit; i++ {
		index := i
		if query.newest {
			index = total - 1 - i
		}
		page = append(page, w.instance.encode(found[index], w.switches))
	}
	return answer{status: http.StatusOK, value: map[string]any{"data": page, "total_count": total}}
}

// sortedByName sorts what a list sees by name, and applications of one name by age. When no read lags, the result is kept
// until the next write: pages of thousands of applications follow each other.
func (in *instance) sortedByName(visible []*Application, settled bool) []*Application {
	if settled && in.byName.applications != nil && in.byName.generation == in.generation {
		return in.byName.applications
	}
	slices.SortStableFunc(visible, func(a, b *Application) int { return cmp.Compare(a.Name, b.Name) })
	if settled {
		in.byName = nameOrder{generation: in.generation, applications: visible}
	}
	return visible
}
