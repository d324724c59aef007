package clerk_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

const (
	lookups  = 5                        // searches for an application whose create had no answer
	lookTime = 15500 * time.Millisecond // all of them together
)

// How a create whose answer was lost can end, beside with a number of candidates.
const (
	adopted  = -1
	repeated = -2 // sent once more, because it left no trace
	both     = -3 // the second request is adopted
	withheld = -4 // adopted without a secret
	stale    = -5 // adopted, and there may be a newer secret
	answered = -6 // as usual
)

// lostCreate is a create without a usable answer.
type lostCreate struct {
	faults []clerktest.Fault
	ends   int    // of the above, or the number of candidates of an unknown outcome
	lists  int    // of the client
	says   string // in the error or the error of the search

	other     func(*clerktest.Application) // changes an application of someone else; nil for none
	named     string                       // the name of that application, if it is not the same
	meanwhile int                          // it appears after the first or before the second request

	lag, skew, date time.Duration // of reads, of the server's clock, of Date beside that
	creates         int           // if it is not 1
	interrupt, time time.Duration // when the context ends, and when the create; 0 if that says nothing
}

// assertSecret checks that a secret is the one that works.
func (f *fixture) assertSecret(secret clerk.Secret, id string) {
	f.Helper()
	equal(f, "secret", secret.Reveal(), f.server.CurrentSecret(id))
}

func (test lostCreate) run(f *fixture) {
	f.server.Set(clerktest.Switches{ReadLag: test.lag})
	f.server.SetClockSkew(test.skew, test.date)
	other, odd := "", func(a *clerktest.Application) { a.ClientID = "sk_live_" + a.ClientID }
	seed := func(clerktest.Request) { other = f.server.Seed(cmp.Or(test.named, "web"), likeFields, odd, test.other) }
	for i, fault := range test.faults {
		switch {
		case test.other != nil && i == 0 && test.meanwhile == 0:
			seed(clerktest.Request{})
		case test.other != nil && i == 0 && test.meanwhile == 1:
			fault.After = seed
		case test.other != nil && i == 1 && test.meanwhile == 2:
			fault.Before = seed
		}
		f.inject(fault)
	}
	ctx, cancel := context.WithTimeout(f.Context(), cmp.Or(test.interrupt, time.Hour))
	defer cancel()
	creation, err := f.client.CreateOAuthApplication(ctx, fieldsNamed("web"))
	if test.time > 0 {
		equal(f, "time", f.elapsed(), test.time)
	}
	f.server.WaitForLateWork()
	equal(f, "creates", f.creates(), cmp.Or(test.creates, 1))
	equal(f, "lists", f.lists(), test.lists)
	if test.ends >= 0 {
		unknown := asError[*clerk.CreateOutcomeUnknownError](f, err)
		equal(f, "candidates", len(unknown.Candidates), test.ends)
		equal(f, "a secret is shown", strings.Contains(fmt.Sprint(unknown.Candidates), "sk_live_"), false)
		contains(f, "text", unknown.Error(), `not known whether the application "web" was created`)
		contains(f, "texts", fmt.Sprint(unknown, unknown.LookupErr), test.says)
		equal(f, "lookup error", unknown.LookupErr != nil, test.says != "" && test.creates < 2)
		equal(f, "rotations", f.rotations(), 0)
		return
	}
	noError(f, err)
	ends := func(ways ...int) bool { return slices.Contains(ways, test.ends) }
	equal(f, "adopted", creation.Adopted, ends(adopted, both, withheld, stale))
	equal(f, "repeated", creation.Repeated, ends(repeated, both))
	equal(f, "maybe stale", creation.MaybeStale, ends(stale))
	equal(f, "withheld", creation.RotationError != nil && creation.ClientSecret.IsEmpty(), ends(withheld))
	equal(f, "says which answer was lost", creation.LostAnswer != nil, !ends(answered))
	equal(f, "is the other one", creation.Application.ID == other, false)
	duplicates := 0
	if creation.Repeated {
		duplicates = len(f.server.FindAll("web")) - 1
	}
	equal(f, "duplicates", len(creation.Duplicates), duplicates)
	if !ends(withheld) {
		f.assertSecret(creation.ClientSecret, creation.Application.ID)
	}
}

func TestLostCreates(t *testing.T) {
	t.Parallel()
	type faults = []clerktest.Fault
	type app = *clerktest.Application
	reset, resetBefore, never := clerktest.ResetAfterWork().OnCreate(), clerktest.ResetBeforeWork().OnCreate(), clerktest.NeverAnswers().OnCreate()
	refused, quota := clerktest.ClerkError(403, "authorization_invalid").OnList(), clerktest.ClerkError(403, "quota_exceeded").OnCreate()
	late := func(after time.Duration) clerktest.Fault { return clerktest.ResetBeforeWork().Late(after).OnCreate() }
	changed := func(change func(map[string]any)) faults { return faults{clerktest.Changed(change).OnCreate().Once()} }
	// list and get change what the client reads of the created application.
	read := func(list, get func(map[string]any)) faults {
		return faults{reset.Once(), inFirstItem(list), clerktest.Changed(get).OnRead()}
	}
	same, noURIs := func(map[string]any) {}, func(a app) { a.RedirectURIs = nil }
	today, selfMade := with("created_at", "today"), func(o map[string]any) { o["dynamically_registered"], o["name"] = true, nil }
	const second, minute, hour, unreadable = time.Second, time.Minute, time.Hour, "cannot be read"
	const ms = time.Millisecond
	slow, hangs := clerktest.SlowAnswer, clerktest.SlowAnswer(time.Hour).OnCreate()
	tests := map[string]lostCreate{
		// An answer without what identifies the application is not usable. If it has an id, that
		// application is read; if the id is wrong, the search finds the application.
		"no client_id":         {faults: changed(without("client_id")), ends: adopted},
		"client_id empty":      {faults: changed(with("client_id", "")), ends: adopted},
		"client_id a number":   {faults: changed(with("client_id", 7)), ends: adopted},
		"another object":       {faults: changed(with("object", "user")), ends: adopted},
		"no id":                {faults: changed(without("id")), ends: adopted, lists: 1},
		"id of another":        {faults: changed(func(o map[string]any) { o["id"], o["object"] = "user_1", "user" }), ends: adopted, lists: 1},
		"id with a path":       {faults: changed(with("id", "../users")), ends: adopted, lists: 1},
		"neither id nor names": {faults: changed(func(o map[string]any) { clear(o) }), ends: adopted, lists: 1},

		// The application is kept even if its secret is not known.
		"rotation refused":     {faults: faults{reset, clerktest.ClerkError(403, "authorization_invalid").OnRotate()}, ends: withheld, lists: 1},
		"rotation lost":        {faults: faults{reset, clerktest.ResetBeforeWork().OnRotate()}, ends: withheld, lists: 1},
		"rotation of another":  {faults: faults{reset, clerktest.Changed(with("id", "oa_another")).OnRotate()}, ends: withheld, lists: 1},
		"rotation maybe stale": {faults: faults{reset, clerktest.ResetAfterWork().OnRotate().Once(), clerktest.HTML(403).OnRead()}, ends: stale, lists: 1},
		"rotation, no id":      {faults: faults{reset, clerktest.Changed(without("client_id")).OnRotate()}, ends: adopted, lists: 1},

		// The create has 4 s after an interrupt. Then the client searches for the application once,
		// and adopts it if it exists. All of it takes at most 6 s.
		"interrupted, answered in time":   {interrupt: second, faults: faults{slow(4900 * ms).OnCreate()}, ends: answered, time: 4900 * ms},
		"interrupted, carried out":        {interrupt: second, faults: faults{hangs}, ends: adopted, lists: 1, time: 5 * second},
		"interrupted, not carried out":    {interrupt: second, faults: faults{never}, lists: 1, time: 5 * second},
		"interrupted, all is slow":        {interrupt: second, faults: faults{hangs, slow(second).OnList(), slow(900 * ms).OnRotate()}, ends: adopted, lists: 1, time: 6900 * ms},
		"interrupted, the list too slow":  {interrupt: second, faults: faults{hangs, slow(hour).OnList()}, lists: 1, says: "context canceled", time: 7 * second},
		"interrupted, the list throttled": {interrupt: second, faults: faults{hangs, clerktest.TooManyRequests("5").OnList()}, lists: 1, says: "context canceled", time: 7 * second},
		"interrupted, rotation too slow":  {interrupt: second, faults: faults{hangs, slow(hour).OnRotate()}, ends: withheld, lists: 1, time: 7 * second},
		"interrupted, rotations lost":     {interrupt: second, faults: faults{hangs, clerktest.ResetAfterWork().OnRotate()}, ends: withheld, lists: 1, time: 5 * second},
		"interrupted, carried out late":   {interrupt: second, faults: faults{late(900 * ms)}, ends: adopted, lists: 2, time: second},
		"interrupted, carried out later":  {interrupt: second, faults: faults{late(4 * second)}, lists: 2, time: second},
		"interrupted in the second":       {interrupt: lookTime + second, faults: faults{resetBefore.Once(), slow(3 * second).OnCreate()}, ends: repeated, lists: lookups + 1, creates: 2, time: lookTime + 3*second},

		// It may still be under way, or a success was answered, by whomever.
		"no answer":         {faults: faults{never}, lists: lookups},
		"HTML 200":          {faults: faults{clerktest.HTML(200).OnCreate()}, lists: lookups},
		"truncated success": {faults: faults{truncated(clerktest.DeliverShort).OnCreate()}, lists: lookups},

		"left no trace":          {faults: faults{resetBefore.Once()}, ends: repeated, lists: lookups + 1, creates: 2},
		"left no trace, 502":     {faults: faults{clerktest.HTML(502).OnCreate().Once()}, ends: repeated, lists: lookups + 1, creates: 2},
		"and the second is lost": {faults: faults{resetBefore.Once(), reset.Once()}, ends: both, lists: lookups + 2, creates: 2},
		"twice before the work":  {faults: faults{resetBefore.Repeat(2)}, lists: 2 * lookups, says: "broke after", creates: 2},
		"and the second refused": {faults: faults{resetBefore.Once(), quota.Once()}, lists: lookups + 1, says: "peer)\nHTTP 403", creates: 2},
		// The first request comes through while the second is refused.
		"refused as a duplicate": {
			faults: faults{resetBefore.Once(), quota.Once()}, other: func(app) {}, meanwhile: 2, ends: 1, lists: lookups + 1, says: "403", creates: 2,
		},

		// The first is carried out when nobody expects it any more: both exist, and both are named.
		"twice, slowly":        {faults: faults{late(lookTime + second).Once(), clerktest.Slow(2 * second).OnCreate()}, ends: repeated, lists: lookups + 1, creates: 2},
		"twice, Date ahead":    {faults: faults{late(lookTime + second).Once()}, date: 10 * second, ends: repeated, lists: lookups + 1, creates: 2},
		"twice, both lost":     {faults: faults{late(lookTime + 600*ms).Once(), reset}, date: 30 * minute, ends: 2, lists: 2 * lookups, creates: 2},
		"twice, the list lags": {faults: faults{late(lookTime - second).Once()}, lag: 2 * second, ends: repeated, lists: lookups + 1, creates: 2},

		"list lags a second":       {faults: faults{reset}, lag: second, ends: adopted, lists: 2},
		"list lags three seconds":  {faults: faults{reset}, lag: 3 * second, ends: adopted, lists: 3},
		"carried out ten s late":   {faults: faults{late(10 * second)}, ends: adopted, lists: 5},
		"late, and the list lags":  {faults: faults{late(2 * second)}, lag: 3 * second, ends: adopted, lists: 4},
		"502 and carried out late": {faults: faults{clerktest.HTML(502).Late(5 * second).OnCreate()}, ends: adopted, lists: 4},

		// The clock of the Date header need not be the clock that writes created_at. An older
		// application of someone else looks new under a Date that is behind.
		"one clock, years behind":    {faults: faults{reset}, skew: -10 * 365 * 24 * hour, ends: adopted, lists: 1},
		"one clock, an hour ahead":   {faults: faults{reset}, skew: hour, ends: adopted, lists: 1},
		"Date is 4 s ahead":          {faults: faults{reset}, date: 4 * second, ends: adopted, lists: 1},
		"Date is 10 s ahead":         {faults: faults{reset}, date: 10 * second, ends: 1, lists: lookups},
		"Date is 50 min ahead":       {faults: faults{reset}, skew: hour, date: 50 * minute, ends: 1, lists: lookups},
		"Date is 10 s behind":        {faults: faults{reset}, date: -10 * second, ends: adopted, lists: 4},
		"Date is 50 minutes behind":  {faults: faults{reset}, date: -50 * minute, ends: 1, lists: lookups},
		"Date is 3 h behind its own": {faults: faults{reset}, skew: -hour, date: -3 * hour, ends: 1, lists: lookups},
		"older, seconds behind":      {faults: faults{reset}, date: -20 * second, other: aged(15 * second), ends: 2, lists: lookups},
		"older, an hour behind":      {faults: faults{reset}, date: -hour, other: aged(15 * second), ends: 2, lists: lookups},
		"older, ahead":               {faults: faults{reset}, date: 20 * second, other: aged(15 * second), ends: 2, lists: lookups},

		// What has the name and may be the application is neither adopted nor created again.
		"seconds older":  {faults: faults{never}, other: aged(6 * second), ends: 1, lists: lookups}, // the clocks may differ
		"an hour older":  {faults: faults{never}, other: aged(hour + minute), lists: lookups},
		"older, changed": {faults: faults{never}, other: func(a app) { aged(minute)(a); noURIs(a) }, ends: 1, lists: lookups},
		"other URIs":     {faults: faults{never}, other: noURIs, ends: 1, lists: lookups},
		"other scopes":   {faults: faults{never}, other: func(a app) { a.Scopes = "email openid" }, ends: 1, lists: lookups},
		"public":         {faults: faults{never}, other: func(a app) { a.Public = true }, ends: 1, lists: lookups},
		"dynamic":        {faults: faults{never}, other: func(a app) { a.DynamicallyRegistered = true }, lists: lookups},
		"longer name":    {faults: faults{never}, other: func(app) {}, named: "web app", lists: lookups},
		"other letters":  {faults: faults{never}, other: func(app) {}, named: "Web", lists: lookups},

		// The application that was created is adopted, whatever others have its name.
		"beside an older one":        {faults: faults{reset}, other: aged(minute), meanwhile: 1, ends: adopted, lists: 1},
		"beside other fields":        {faults: faults{reset}, other: noURIs, meanwhile: 1, ends: adopted, lists: 1},
		"beside one as new":          {faults: faults{reset}, other: func(app) {}, meanwhile: 1, ends: 2, lists: 1},
		"beside an unreadable one":   {faults: read(with("scopes", 7), with("scopes", 7)), other: noURIs, meanwhile: 1, ends: 2, lists: 1, says: unreadable},
		"the search is refused":      {faults: faults{reset, refused}, lists: lookups, says: "403"},
		"the search has a bad id":    {faults: faults{reset, inFirstItem(with("id", "../users"))}, lists: lookups, says: "../users"},
		"the search has no data":     {faults: faults{reset, clerktest.Changed(without("data")).OnList()}, lists: 2 * lookups, says: "data is missing"},
		"the search is refused once": {faults: faults{reset, refused.Repeat(2)}, ends: adopted, lists: 3},
		// The one look that was answered came before the application was in the list.
		"lagging, then refused": {faults: faults{reset, refused.Skipping(1)}, lag: 3 * second, lists: lookups, says: "403"},

		// An unreadable item of the list may be the created application, so it is read alone.
		"no name in the list":          {faults: read(with("name", nil), same), ends: adopted, lists: 1},
		"no time to read in the list":  {faults: read(today, same), ends: adopted, lists: 1},
		"a longer name when read":      {faults: faults{never, inFirstItem(with("name", nil))}, other: func(app) {}, named: "web app", lists: lookups},
		"no time in the list":          {faults: read(without("created_at"), same), ends: 1, lists: lookups}, // it may be an old one
		"no name anywhere":             {faults: read(with("name", nil), with("name", nil)), ends: 1, lists: lookups, says: unreadable},
		"no time anywhere":             {faults: read(today, today), ends: 1, lists: lookups, says: unreadable},
		"another name in the list":     {faults: read(func(o map[string]any) { o["name"], o["created_at"] = "x", "today" }, same), ends: repeated, lists: lookups + 1, creates: 2},
		"a self-made one in the list":  {faults: read(selfMade, selfMade), ends: repeated, lists: lookups + 1, creates: 2},
		"no time, no such application": {faults: read(today, with("id", "oa_other")), ends: 1, lists: lookups, says: unreadable},
		"no valid id in the list":      {faults: read(with("id", "a/b"), same), lists: lookups, says: unreadable},
		"the list ahead of other reads": {
			faults: faults{reset, inFirstItem(with("name", nil)), clerktest.ClerkError(404, "resource_not_found").OnRead()}, ends: 1, lists: lookups, says: unreadable,
		},
	}
	for name, fault := range lostAnswers {
		maps.Copy(tests, map[string]lostCreate{"lost: " + name: {faults: faults{fault.OnCreate()}, ends: adopted, lists: 1}})
	}
	for name, test := range tests {
		run(t, name, test.run)
	}
}

// A field that was not sent is compared if its default is certain. Clerk may change what it was
// sent: what it made of it is a candidate.
func TestCandidatesByTheirFields(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		f.server.Set(clerktest.Switches{UnknownScope: "drop"})
		other := f.server.Seed("web", likeFields)
		f.inject(clerktest.NeverAnswers().OnCreate().Once(), clerktest.HTML(502).AfterWork().OnCreate())
		_, err := f.create(clerk.OAuthApplicationFields{Name: new("web")})
		equal(f, "candidate", asError[*clerk.CreateOutcomeUnknownError](f, err).Candidates[0].ID, other)
		_, err = f.create(clerk.OAuthApplicationFields{Name: new("new"), Scopes: &[]string{"email", "messages:read"}})
		made, _ := f.server.Find("new")
		equal(f, "candidate", asError[*clerk.CreateOutcomeUnknownError](f, err).Candidates[0].ID, made.ID)
	})
}

// An application that this process has read or created belongs to another resource.
func TestCreateNeverAdoptsAnApplicationThatIsKnown(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]clerktest.Fault{"read": {}, "created": {}, "adopted": clerktest.ResetAfterWork().OnCreate().Once()} {
		run(t, name, func(f *fixture) {
			f.inject(fault.Once())
			err := errorOf(f.get(f.server.Seed("web", likeFields)))
			if name != "read" {
				_, err = f.create(fieldsNamed("web"))
			}
			noError(f, err)
			rotated := f.rotations()
			f.inject(clerktest.NeverAnswers().OnCreate())
			_, err = f.create(fieldsNamed("web"))
			equal(f, "candidates", len(asError[*clerk.CreateOutcomeUnknownError](f, err).Candidates), 0)
			equal(f, "rotations", f.rotations(), rotated)
		})
	}
}
