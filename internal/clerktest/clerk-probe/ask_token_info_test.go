package main

import (
	"errors"
	"testing"
)

// TestIntrospections checks the conclusions from four answers of the introspection endpoint, also from answers that no simulator gives.
func TestIntrospections(t *testing.T) {
	t.Parallel()
	yes := answer{status: 200, json: object{"active": false}}
	no := answer{status: 401, json: object{"error": "request_unauthorized"}}
	invalid := answer{status: 401, json: object{"error": "invalid_client"}}
	legacy := answer{status: 422, json: object{}}
	for name, test := range map[string]struct {
		seen introspections
		want string
	}{
		"as documented":                {introspections{yes, no, yes, no}, "authenticates"},
		"older code":                   {introspections{yes, invalid, yes, invalid}, "invalid_client"},
		"lag":                          {introspections{yes, no, no, yes}, "lags"},
		"nobody":                       {introspections{yes, yes, yes, yes}, "authenticates_nobody"},
		"everybody":                    {introspections{no, no, no, no}, "refuses_everybody"},
		"legacy":                       {introspections{legacy, legacy, legacy, legacy}, "legacy"},
		"both secrets work":            {introspections{yes, no, yes, yes}, ""},
		"neither works":                {introspections{yes, no, no, no}, ""},
		"two codes":                    {introspections{yes, no, yes, invalid}, ""},
		"another code":                 {introspections{yes, answer{status: 401}, yes, answer{status: 401}}, ""},
		"a right secret is refused":    {introspections{no, no, yes, no}, ""},
		"any secret works, then not":   {introspections{yes, yes, yes, no}, ""},
		"a page":                       {introspections{answer{status: 200}, no, answer{status: 200}, no}, ""},
		"a token that is active":       {introspections{answer{status: 200, json: object{"active": true}}, no, yes, no}, ""},
		"no answer":                    {introspections{yes, no, answer{err: errors.New("lost")}, no}, ""},
		"unavailable":                  {introspections{yes, no, answer{status: 503}, no}, ""},
		"refused for another reason":   {introspections{answer{status: 403}, answer{status: 403}, answer{status: 403}, answer{status: 403}}, ""},
		"legacy after it was not once": {introspections{yes, no, legacy, legacy}, ""},
	} {
		got := test.seen.observation()
		if got.value != test.want || (got.value == "") != (got.reason != "") {
			t.Errorf("%s: got %+v, want %q", name, got, test.want)
		}
	}
}
