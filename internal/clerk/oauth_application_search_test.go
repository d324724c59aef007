package clerk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// A search looks again, and adopts what shows late.
func TestLostCreateIsFoundWhenItShowsLate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault clerktest.Fault
		lag   time.Duration
		lists int
	}{
		"list lags a second":       {clerktest.ResetAfterWork(), time.Second, 2},
		"list lags three seconds":  {clerktest.ResetAfterWork(), 3 * time.Second, 3},
		"carried out ten s late":   {clerktest.LateCommit(10 * time.Second), 0, 5},
		"late, and the list lags":  {clerktest.LateCommit(2 * time.Second), 3 * time.Second, 4},
		"502 and carried out late": {clerktest.HTML(502).Late(5 * time.Second), 0, 4},
	} {
		run(t, name, func(f *fixture) {
			f.server.Set(clerktest.Switches{ReadLag: test.lag})
			f.inject(test.fault.OnCreate().Once())
			f.assertAdopted(f.create(fieldsNamed("web")))
			equal(f, "lists", f.lists(), test.lists)
		})
	}
}

// The clock of the Date header need not be the clock that writes created_at. A lost create is
// adopted or named, and never sent again while it may have been carried out. An older application
// of someone else, which looks new under a Date that is behind, is not adopted.
func TestLostCreateUnderTwoClocks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		skew, date time.Duration
		older      time.Duration // age of an application of someone else; 0 for no such application
		candidates int           // 0 if the application is adopted
	}{
		"one clock, years behind":    {-10 * 365 * 24 * time.Hour, 0, 0, 0},
		"one clock, an hour ahead":   {time.Hour, 0, 0, 0},
		"Date is 4 s ahead":          {0, 4 * time.Second, 0, 0},
		"Date is 10 s ahead":         {0, 10 * time.Second, 0, 1},
		"Date is 50 min ahead":       {time.Hour, 50 * time.Minute, 0, 1},
		"Date is 10 s behind":        {0, -10 * time.Second, 0, 0},
		"Date is 50 minutes behind":  {0, -50 * time.Minute, 0, 1}, // all younger ones look new
		"Date is 3 h behind its own": {-time.Hour, -3 * time.Hour, 0, 1},
		"older, seconds behind":      {0, -20 * time.Second, 15 * time.Second, 2},
		"older, an hour behind":      {0, -time.Hour, 15 * time.Second, 2},
		"older, ahead":               {0, 20 * time.Second, 15 * time.Second, 2},
	} {
		run(t, name, func(f *fixture) {
			f.server.SetClockSkew(test.skew)
			f.server.SetDateSkew(test.date)
			if test.older > 0 {
				f.server.Seed("web", likeFields, aged(test.older))
			}
			f.inject(clerktest.ResetAfterWork().OnCreate())
			creation, err := f.create(fieldsNamed("web"))
			if test.candidates == 0 {
				f.assertAdopted(creation, err)
				return
			}
			f.assertUnknown(err, test.candidates)
			equal(f, "creates and rotations", []int{f.creates(), f.rotations()}, []int{1, 0})
		})
	}
}

// What has the name and may be the application is neither adopted nor created a second time.
func TestCandidates(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		named      string
		change     func(*clerktest.Application)
		candidates int
	}{
		"seconds older":  {"web", aged(6 * time.Second), 1}, // the clocks may differ
		"an hour older":  {"web", aged(time.Hour + time.Minute), 0},
		"older, changed": {"web", func(a *clerktest.Application) { aged(time.Minute)(a); a.PKCERequired = true }, 1},
		"other URIs":     {"web", func(a *clerktest.Application) { a.RedirectURIs = nil }, 1},
		"other scopes":   {"web", func(a *clerktest.Application) { a.Scopes = "email openid" }, 1},
		"public":         {"web", func(a *clerktest.Application) { a.Public = true }, 1},
		"dynamic":        {"web", func(a *clerktest.Application) { a.DynamicallyRegistered = true }, 0},
		"longer name":    {"web app", func(*clerktest.Application) {}, 0},
		"other letters":  {"Web", func(*clerktest.Application) {}, 0},
	} {
		run(t, name, func(f *fixture) {
			f.server.Seed(test.named, likeFields, test.change)
			f.inject(clerktest.NeverAnswers().OnCreate())
			_, err := f.create(fieldsNamed("web"))
			f.assertUnknown(err, test.candidates)
			equal(f, "rotations", f.rotations(), 0)
		})
	}
	// What was not sent has a default.
	run(t, "URIs that were not sent", func(f *fixture) {
		f.server.Seed("web", likeFields)
		f.inject(clerktest.NeverAnswers().OnCreate())
		_, err := f.create(clerk.OAuthApplicationFields{Name: new("web")})
		f.assertUnknown(err, 1)
	})
	// Clerk may change what it was sent. What it made of it is a candidate.
	run(t, "Clerk drops a scope", func(f *fixture) {
		f.server.Set(clerktest.Switches{UnknownScope: "drop"})
		f.inject(clerktest.HTML(502).AfterWork().OnCreate().Once())
		fields := fieldsNamed("web")
		fields.Scopes = &[]string{"email", "messages:read"}
		_, err := f.create(fields)
		equal(f, "candidate", f.assertUnknown(err, 1).Candidates[0].ID, f.server.Applications()[0].ID)
		equal(f, "creates", f.creates(), 1)
	})
}

// The application that was created is adopted, whatever others have its name; two of them are not.
func TestLostCreateBesideOthers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change     func(*clerktest.Application)
		candidates int
		unreadable bool // in the list and alone
	}{
		"an older one":                {aged(time.Minute), 0, false},
		"one with other fields":       {func(a *clerktest.Application) { a.RedirectURIs = nil }, 0, false},
		"one of the very same second": {func(*clerktest.Application) {}, 2, false},
		"one that is unreadable":      {func(a *clerktest.Application) { a.RedirectURIs = nil }, 2, true},
	} {
		run(t, name, func(f *fixture) {
			lost, other := clerktest.ResetAfterWork(), ""
			lost.After = func(clerktest.Request) { other = f.server.Seed("web", likeFields, test.change) }
			f.inject(lost.OnCreate().Once())
			if test.unreadable {
				f.inject(inFirstItem(with("scopes", 7)), clerktest.Changed(with("scopes", 7)).OnRead())
			}
			creation, err := f.create(fieldsNamed("web"))
			equal(f, "creates", f.creates(), 1)
			if test.candidates > 0 {
				f.assertUnknown(err, test.candidates)
				equal(f, "rotations", f.rotations(), 0)
				return
			}
			noError(f, err)
			equal(f, "adopted", creation.Adopted && creation.Application.ID != other, true)
			f.assertSecret(creation.ClientSecret, creation.Application.ID)
		})
	}
}

// An application that this process has read or created belongs to another resource.
func TestCreateNeverAdoptsAnApplicationThatIsKnown(t *testing.T) {
	t.Parallel()
	for name, know := range map[string]func(f *fixture) error{
		"read":    func(f *fixture) error { return errorOf(f.get(f.server.Seed("web", likeFields))) },
		"created": func(f *fixture) error { return errorOf(f.create(fieldsNamed("web"))) },
		"adopted": func(f *fixture) error {
			f.inject(clerktest.ResetAfterWork().OnCreate().Once())
			return errorOf(f.create(fieldsNamed("web")))
		},
	} {
		run(t, name, func(f *fixture) {
			noError(f, know(f))
			rotated := f.rotations()
			f.inject(clerktest.NeverAnswers().OnCreate())
			_, err := f.create(fieldsNamed("web"))
			f.assertUnknown(err, 0)
			equal(f, "rotations", f.rotations(), rotated)
		})
	}
}

func TestSearchThatFails(t *testing.T) {
	t.Parallel()
	refused := clerktest.ClerkError(403, "authorization_invalid").OnList()
	for name, test := range map[string]struct {
		fault clerktest.Fault
		lag   time.Duration
		says  string // "" if a later search succeeds
	}{
		"refused":         {refused, 0, "403"},
		"failing":         {clerktest.HTML(502).OnList(), 0, "502"},
		"hostile id":      {inFirstItem(with("id", "../users")), 0, "../users"},
		"data is missing": {clerktest.Changed(without("data")).OnList(), 0, "data is missing"},
		// The one look that was answered came before the application was in the list.
		"lagging, then failing": {clerktest.HTML(502).OnList().Skipping(1), 3 * time.Second, "502"},
		"failing twice":         {refused.Repeat(2), 0, ""},
	} {
		run(t, name, func(f *fixture) {
			f.server.Set(clerktest.Switches{ReadLag: test.lag})
			f.inject(clerktest.ResetAfterWork().OnCreate().Once(), test.fault)
			creation, err := f.create(fieldsNamed("web"))
			if test.says == "" {
				f.assertAdopted(creation, err)
				return
			}
			contains(f, "lookup error", fmt.Sprint(f.assertUnknown(err, 0).LookupErr), test.says)
			equal(f, "creates", f.creates(), 1)
		})
	}
}

// An unreadable item of the list may be the created application, so the client reads it alone.
// If that answer is unreadable too, nothing is created a second time.
func TestLostCreateThatCannotBeReadInTheList(t *testing.T) {
	t.Parallel()
	notFound := clerktest.ClerkError(404, "resource_not_found")
	unchanged, today := func(map[string]any) {}, with("created_at", "today")
	selfMade := func(o map[string]any) { o["dynamically_registered"], o["name"] = true, nil }
	const adopted, repeated = -1, -2
	for name, test := range map[string]struct {
		list func(map[string]any)
		get  clerktest.Fault
		ends int // adopted, repeated or a number of candidates
	}{
		"the list has no name":             {with("name", nil), clerktest.Changed(unchanged), adopted},
		"the list has no time to read":     {today, clerktest.Changed(unchanged), adopted},
		"the list has no time":             {without("created_at"), clerktest.Changed(unchanged), 1}, // it may be an old one
		"nothing has a name":               {with("name", nil), clerktest.Changed(with("name", nil)), 1},
		"nothing has a time":               {today, clerktest.Changed(today), 1},
		"the list has another one":         {func(o map[string]any) { o["name"], o["created_at"] = "another", "today" }, clerktest.Changed(unchanged), repeated},
		"the list has a self-made one":     {selfMade, clerktest.Changed(selfMade), repeated},
		"no time, and no such application": {today, clerktest.Changed(with("id", "oa_other")), 1},
		"the list has no id that is valid": {with("id", "a/b"), clerktest.Changed(unchanged), 0},
		"the list is ahead of other reads": {with("name", nil), notFound, 1},
	} {
		run(t, name, func(f *fixture) {
			f.inject(clerktest.ResetAfterWork().OnCreate().Once(), inFirstItem(test.list), test.get.OnRead())
			creation, err := f.create(fieldsNamed("web"))
			switch test.ends {
			case adopted:
				f.assertAdopted(creation, err)
			case repeated:
				noError(f, err)
				equal(f, "creates", f.creates(), 2)
			default:
				unknown := f.assertUnknown(err, test.ends)
				says := strings.Contains(fmt.Sprint(unknown.LookupErr), "cannot be read")
				equal(f, "says why", says, name != "the list has no time")
				equal(f, "creates and rotations", []int{f.creates(), f.rotations()}, []int{1, 0})
			}
		})
	}
}

func TestCreateThatIsLostTwice(t *testing.T) {
	t.Parallel()
	quota := clerktest.ClerkError(403, "quota_exceeded")
	for name, test := range map[string]struct {
		second     clerktest.Fault
		adopted    bool
		candidates int
		says       string
	}{
		"before the work": {clerktest.ResetBeforeWork(), false, 0, "broke after"},
		"after the work":  {clerktest.ResetAfterWork(), true, 0, ""},
		"refused":         {quota, false, 0, "403"},
		// The first request comes through while the second is refused.
		"refused as a duplicate": {quota, false, 1, "403"},
	} {
		run(t, name, func(f *fixture) {
			if test.candidates > 0 {
				test.second.Before = func(clerktest.Request) { f.server.Seed("web", likeFields) }
			}
			f.inject(clerktest.ResetBeforeWork().OnCreate().Once(), test.second.OnCreate().Once())
			creation, err := f.create(fieldsNamed("web"))
			equal(f, "creates", f.creates(), 2)
			if !test.adopted {
				contains(f, "text", f.assertUnknown(err, test.candidates).Error(), test.says)
				return
			}
			noError(f, err)
			equal(f, "adopted", creation.Adopted && creation.Repeated, true)
			f.assertSecret(creation.ClientSecret, creation.Application.ID)
		})
	}
}

// The first create is carried out when nobody expects it any more: both applications exist, and
// the second is named.
func TestCreateThatWasCarriedOutTwiceNamesTheDuplicate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		after, lag, date time.Duration
		second           clerktest.Fault
	}{
		"while the second is under way":      {lookTime + time.Second, 0, 0, clerktest.Slow(2 * time.Second)},
		"right after the second":             {lookTime + time.Second, 0, 10 * time.Second, clerktest.Fault{}},
		"and the second's answer was lost":   {lookTime + 600*time.Millisecond, 0, 30 * time.Minute, clerktest.ResetAfterWork()},
		"before the second, whose list lags": {lookTime - time.Second, 2 * time.Second, 0, clerktest.Fault{}},
	} {
		run(t, name, func(f *fixture) {
			f.server.Set(clerktest.Switches{ReadLag: test.lag})
			f.server.SetDateSkew(test.date)
			f.inject(clerktest.LateCommit(test.after).OnCreate().Once(), test.second.OnCreate().Once())
			creation, err := f.create(fieldsNamed("web"))
			f.server.WaitForLateWork()
			named := map[string]bool{creation.Application.ID: true}
			for _, duplicate := range creation.Duplicates {
				named[duplicate.ID] = true
			}
			if unknown, ok := err.(*clerk.CreateOutcomeUnknownError); ok {
				for _, candidate := range unknown.Candidates {
					named[candidate.ID] = true
				}
			} else {
				noError(f, err)
				f.assertSecret(creation.ClientSecret, creation.Application.ID)
			}
			apps := f.server.FindAll("web")
			equal(f, "both are named", len(apps) == 2 && named[apps[0].ID] && named[apps[1].ID], true)
		})
	}
}

func TestPreventDuplicateNames(t *testing.T) {
	t.Parallel()
	seeds := func(names ...string) func(f *fixture) []string {
		return func(f *fixture) (ids []string) {
			for _, name := range names {
				if id := f.server.Seed(name); clerk.SameName(name, "web") {
					ids = append([]string{id}, ids...)
				}
			}
			return ids
		}
	}
	today := with("created_at", "today")
	for name, test := range map[string]struct {
		seed   func(f *fixture) (ids []string)
		faults []clerktest.Fault
		says   string // of an error that is no DuplicateNameError
		lists  int
	}{
		"a name that exists": {seeds("web", " web\n", "web app", "WEB"), nil, "", 1},
		"no such name":       {seeds("web app", "WEB"), nil, "", 1},
		"beyond the first page": {func(f *fixture) []string {
			defer f.server.SeedMany(700, "web %d")
			return []string{f.server.Seed("web")}
		}, nil, "", 2},
		"created before, where lists lag": {func(f *fixture) []string {
			creation, err := f.create(fieldsNamed("before"))
			noError(f, err)
			f.server.Set(clerktest.Switches{ReadLag: time.Hour})
			noError(f, errorOf(f.rename(creation.Application.ID, "web")))
			return []string{creation.Application.ID}
		}, nil, "", 2},
		"deleted before, where lists lag": {func(f *fixture) []string {
			id := f.server.Seed("web")
			f.server.Set(clerktest.Switches{ReadLag: time.Hour})
			noError(f, f.client.DeleteOAuthApplication(f.Context(), id))
			return nil
		}, nil, "", 1},
		"an unreadable time": {seeds("web"), []clerktest.Fault{inFirstItem(today), clerktest.Changed(today).OnRead()}, "", 1},
		"an unreadable name": {
			seeds("web"), []clerktest.Fault{inFirstItem(with("name", nil)), clerktest.Changed(with("name", nil)).OnRead()}, "name is missing", 1,
		},
		"the search fails": {seeds(), []clerktest.Fault{clerktest.ClerkError(403, "authorization_invalid").OnList()}, "HTTP 403", 1},
	} {
		run(t, name, func(f *fixture) {
			ids := test.seed(f)
			before := f.creates()
			f.inject(test.faults...)
			_, err := f.create(fieldsNamed("web"))
			equal(f, "lists", f.lists(), test.lists)
			switch {
			case test.says != "":
				contains(f, "text", err.Error(), "the search for an application of this name failed")
				contains(f, "text", err.Error(), test.says)
			case len(ids) > 0:
				equal(f, "ids", asError[*clerk.DuplicateNameError](f, err).IDs, ids)
			default:
				noError(f, err)
				before++
			}
			equal(f, "creates", f.creates(), before)
		}, noDuplicates)
	}
}

// What the plan of a create asks: each question once for all creates, and none unasked.
func TestChecksOfAPlan(t *testing.T) {
	t.Parallel()
	none := func(*clerk.Config) {}
	pinned := func(config *clerk.Config) { config.InstanceID = "ins_other" }
	for name, test := range map[string]struct {
		option   option
		seed     func(f *fixture)
		says     string // the error of CheckPlannedName, or ""
		requests int
	}{
		"nothing is asked":    {none, func(f *fixture) { f.server.Seed("web") }, "", 0},
		"another instance":    {pinned, func(*fixture) {}, "", 1},
		"no duplicate":        {noDuplicates, func(f *fixture) { f.server.Seed("Web") }, "", 1},
		"two duplicates":      {noDuplicates, func(f *fixture) { f.server.Seed("web"); f.server.Seed(" web") }, "exists already", 1},
		"one in the state":    {noDuplicates, func(f *fixture) { f.client.KnowApplication(f.server.Seed("web")) }, "", 1},
		"the list is refused": {noDuplicates, func(f *fixture) { f.inject(clerktest.ClerkError(403, "not_allowed_access").OnList()) }, "HTTP 403", 2},
	} {
		run(t, name, func(f *fixture) {
			test.seed(f)
			for range 2 {
				err := f.client.CheckExpectedInstance(f.Context())
				equal(f, "the instance", isError[*clerk.InstanceError](err), name == "another instance")
				err = f.client.CheckPlannedName(f.Context(), "web")
				equal(f, "the name", err != nil, test.says != "")
				contains(f, "error", fmt.Sprint(err), test.says)
			}
			equal(f, "requests", f.requests(), test.requests)
		}, test.option)
	}
}
