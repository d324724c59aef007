package clerk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func TestLostCreateIsFoundWhenItShowsLate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault clerktest.Fault
		lag   time.Duration
		lists int
	}{
		"list lags a second":        {clerktest.ResetAfterWork(), time.Second, 2},
		"list lags three seconds":   {clerktest.ResetAfterWork(), 3 * time.Second, 3},
		"carried out a second late": {clerktest.LateCommit(time.Second), 0, 2},
		"carried out ten s late":    {clerktest.LateCommit(10 * time.Second), 0, 5},
		"late, and the list lags":   {clerktest.LateCommit(2 * time.Second), 3 * time.Second, 4},
		"502 and carried out late":  {clerktest.HTML(502).Late(5 * time.Second), 0, 4},
	} {
		run(t, name, func(f *fixture) {
			f.server.Set(clerktest.Switches{ReadLag: test.lag})
			f.inject(test.fault.OnCreate().Once())
			creation, err := f.create(fieldsNamed("web"))
			f.assertAdopted(creation, err, "web")
			equal(f, "lists", f.lists(), test.lists)
		})
	}
}

// The clock of the Date header need not be the clock that writes created_at. A lost create is
// adopted or named, and never sent again while it may have been carried out.
func TestLostCreateUnderTwoClocks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		skew, dateSkew time.Duration
		adopted        bool
	}{
		"one clock, years behind":    {-10 * 365 * 24 * time.Hour, 0, true},
		"one clock, an hour ahead":   {time.Hour, 0, true},
		"Date is 4 s ahead":          {0, 4 * time.Second, true},
		"Date is 10 s ahead":         {0, 10 * time.Second, false},
		"Date is 2 min ahead":        {0, 2 * time.Minute, false},
		"Date is 50 min ahead":       {time.Hour, 50 * time.Minute, false},
		"Date is 10 s behind":        {0, -10 * time.Second, true},
		"Date is 50 minutes behind":  {0, -50 * time.Minute, false}, // all younger ones look new
		"Date is 3 h behind its own": {-time.Hour, -3 * time.Hour, false},
	} {
		run(t, name, func(f *fixture) {
			f.server.SetClockSkew(test.skew)
			f.server.SetDateSkew(test.dateSkew)
			f.inject(clerktest.ResetAfterWork().OnCreate())
			creation, err := f.create(fieldsNamed("web"))
			if test.adopted {
				f.assertAdopted(creation, err, "web")
				return
			}
			app, _ := f.server.Find("web")
			equal(f, "candidate", f.assertUnknown(err, 1).Candidates[0].ID, app.ID)
			equal(f, "creates", f.creates(), 1)
		})
	}
}

// With a Date that is behind, an older application of someone else looks new. It is not adopted.
func TestOlderApplicationUnderTwoClocks(t *testing.T) {
	t.Parallel()
	for name, skew := range map[string]time.Duration{"seconds behind": -20 * time.Second, "an hour behind": -time.Hour, "ahead": 20 * time.Second} {
		run(t, name, func(f *fixture) {
			f.server.SetDateSkew(skew)
			other := f.server.Seed("web", likeFields, aged(15*time.Second))
			secret := f.server.CurrentSecret(other)
			f.inject(clerktest.ResetAfterWork().OnCreate())
			_, err := f.create(fieldsNamed("web"))
			f.assertUnknown(err, 2)
			equal(f, "secret of the older one", f.server.CurrentSecret(other), secret)
			equal(f, "rotations", f.rotations(), 0)
		})
	}
}

// What has the name and may be the application is neither adopted nor created a second time.
func TestCandidates(t *testing.T) {
	t.Parallel()
	minute := time.Minute
	for name, test := range map[string]struct {
		named      string
		change     func(*clerktest.Application)
		candidates int
	}{
		"seconds older":  {"web", aged(6 * time.Second), 1}, // the clocks may differ
		"an hour older":  {"web", aged(time.Hour + minute), 0},
		"older, changed": {"web", func(a *clerktest.Application) { aged(minute)(a); a.PKCERequired = true }, 1},
		"other URIs":     {"web", func(a *clerktest.Application) { a.RedirectURIs = []string{"https://b.example/cb"} }, 1},
		"one URI more":   {"web", func(a *clerktest.Application) { a.RedirectURIs = append(a.RedirectURIs, "https://b.example/cb") }, 1},
		"other scopes":   {"web", func(a *clerktest.Application) { a.Scopes = "email openid" }, 1},
		"public":         {"web", func(a *clerktest.Application) { a.Public = true }, 1},
		"consent":        {"web", func(a *clerktest.Application) { a.ConsentScreenEnabled = false }, 1},
		"dynamic":        {"web", func(a *clerktest.Application) { a.DynamicallyRegistered = true }, 0},
		"longer name":    {"web app", func(*clerktest.Application) {}, 0},
		"other letters":  {"Web", func(*clerktest.Application) {}, 0},
	} {
		run(t, name, func(f *fixture) {
			other := f.server.Seed(test.named, likeFields, test.change)
			secret := f.server.CurrentSecret(other)
			fields := fieldsNamed("web")
			fields.Public, fields.PKCERequired, fields.ConsentScreenEnabled = new(false), new(false), new(true)
			f.inject(clerktest.NeverAnswers().OnCreate())
			_, err := f.create(fields)
			f.assertUnknown(err, test.candidates)
			equal(f, "the secret of the other application", f.server.CurrentSecret(other), secret)
			equal(f, "rotations", f.rotations(), 0)
		})
	}
}

// The application that was created is adopted, whatever others have its name; two of them are not.
func TestLostCreateBesideOthers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change     func(*clerktest.Application)
		candidates int
	}{
		"an older one":                {aged(time.Minute), 0},
		"one with other fields":       {func(a *clerktest.Application) { a.PKCERequired = true }, 0},
		"one of the very same second": {func(*clerktest.Application) {}, 2},
	} {
		run(t, name, func(f *fixture) {
			lost := clerktest.ResetAfterWork()
			other := ""
			lost.After = func(clerktest.Request) { other = f.server.Seed("web", likeFields, test.change) }
			f.inject(lost.OnCreate().Once())
			fields := fieldsNamed("web")
			fields.PKCERequired = new(false)
			creation, err := f.create(fields)
			equal(f, "creates", f.creates(), 1)
			if test.candidates > 0 {
				f.assertUnknown(err, test.candidates)
				equal(f, "rotations", f.rotations(), 0)
				return
			}
			noError(f, err)
			equal(f, "adopted", creation.Adopted && creation.Application.ID != other, true)
			equal(f, "secret", creation.ClientSecret.Reveal(), f.server.CurrentSecret(creation.Application.ID))
		})
	}
	run(t, "one that is unreadable", func(f *fixture) {
		lost := clerktest.ResetAfterWork()
		lost.After = func(clerktest.Request) { f.server.Seed("web") }
		f.inject(lost.OnCreate().Once(), inFirstItem(with("scopes", 7)), clerktest.Changed(with("scopes", 7)).OnRead())
		_, err := f.create(fieldsNamed("web"))
		f.assertUnknown(err, 2)
		equal(f, "rotations", f.rotations(), 0)
	})
}

// Clerk may change what it was sent. What it made of it is a candidate.
func TestLostCreateThatClerkChanged(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		switches clerktest.Switches
		ask      func(*clerk.OAuthApplicationFields)
	}{
		"a redirect URI": {
			clerktest.Switches{RedirectNormalization: "rfc3986"},
			func(fields *clerk.OAuthApplicationFields) { fields.RedirectURIs = &[]string{"https://Web.example"} },
		},
		"a scope": {
			clerktest.Switches{UnknownScope: "drop"},
			func(fields *clerk.OAuthApplicationFields) { fields.Scopes = &[]string{"email", "messages:read"} },
		},
	} {
		run(t, name, func(f *fixture) {
			f.server.Set(test.switches)
			f.inject(clerktest.HTML(502).AfterWork().OnCreate().Once())
			fields := fieldsNamed("web")
			test.ask(&fields)
			_, err := f.create(fields)
			equal(f, "candidate", f.assertUnknown(err, 1).Candidates[0].ID, f.server.Applications()[0].ID)
			equal(f, "creates", f.creates(), 1)
		})
	}
}

// An application that this process has read or created belongs to another resource.
func TestCreateNeverAdoptsAnApplicationThatIsKnown(t *testing.T) {
	t.Parallel()
	for name, know := range map[string]func(f *fixture) error{
		"read": func(f *fixture) error {
			_, err := f.client.GetOAuthApplication(f.Context(), f.server.Seed("web", likeFields))
			return err
		},
		"created": func(f *fixture) error { _, err := f.create(fieldsNamed("web")); return err },
		"adopted": func(f *fixture) error {
			f.inject(clerktest.ResetAfterWork().OnCreate().Once())
			_, err := f.create(fieldsNamed("web"))
			return err
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
	for name, test := range map[string]struct {
		fault clerktest.Fault
		lag   time.Duration
		says  string // "" if a later search succeeds
	}{
		"refused":         {clerktest.ClerkError(403, "authorization_invalid").OnList(), 0, "403"},
		"failing":         {clerktest.HTML(502).OnList(), 0, "502"},
		"not served":      {clerktest.HTML(200).OnList(), 0, "HTML"},
		"hostile id":      {inFirstItem(with("id", "../users")), 0, "../users"},
		"data is missing": {clerktest.Changed(without("data")).OnList(), 0, "data is missing"},
		// The one look that was answered came before the application was in the list.
		"lagging, then failing": {clerktest.HTML(502).OnList().Skipping(1), 3 * time.Second, "502"},
		"failing twice":         {clerktest.ClerkError(403, "authorization_invalid").OnList().Repeat(2), 0, ""},
	} {
		run(t, name, func(f *fixture) {
			f.server.Set(clerktest.Switches{ReadLag: test.lag})
			f.inject(clerktest.ResetAfterWork().OnCreate().Once(), test.fault)
			creation, err := f.create(fieldsNamed("web"))
			if test.says == "" {
				f.assertAdopted(creation, err, "web")
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
	selfMade := func(o map[string]any) { o["dynamically_registered"], o["name"] = true, nil }
	for name, test := range map[string]struct {
		list, get  func(map[string]any)
		adopted    bool
		repeated   bool
		candidates int
	}{
		"the list has no name":             {list: with("name", nil), adopted: true},
		"the list has no time to read":     {list: with("created_at", "today"), adopted: true},
		"the list has no time":             {list: without("created_at"), candidates: 1}, // it may be an old one
		"nothing has a name":               {list: with("name", nil), get: with("name", nil), candidates: 1},
		"nothing has a time":               {list: with("created_at", "today"), get: with("created_at", "today"), candidates: 1},
		"the list has another one":         {list: func(o map[string]any) { o["name"], o["created_at"] = "another", "today" }, repeated: true},
		"the list has a self-made one":     {list: selfMade, get: selfMade, repeated: true},
		"no time, and no such application": {list: with("created_at", "today"), get: with("id", "oa_other"), candidates: 1},
		"the list has no id that is valid": {list: with("id", "a/b")},
	} {
		run(t, name, func(f *fixture) {
			f.inject(clerktest.ResetAfterWork().OnCreate().Once(), inFirstItem(test.list))
			if test.get != nil {
				f.inject(clerktest.Changed(test.get).OnRead())
			}
			creation, err := f.create(fieldsNamed("web"))
			switch {
			case test.adopted:
				f.assertAdopted(creation, err, "web")
			case test.repeated:
				noError(f, err)
				equal(f, "creates", f.creates(), 2)
			default:
				unknown := f.assertUnknown(err, test.candidates)
				equal(f, "says why", strings.Contains(fmt.Sprint(unknown.LookupErr), "cannot be read"), name != "the list has no time")
				equal(f, "creates", f.creates(), 1)
				equal(f, "rotations", f.rotations(), 0)
			}
		})
	}
	// The list can be ahead of Clerk's other reads.
	run(t, "not found alone", func(f *fixture) {
		f.inject(clerktest.ResetAfterWork().OnCreate().Once(), inFirstItem(with("name", nil)), clerktest.ClerkError(404, "resource_not_found").OnRead())
		_, err := f.create(fieldsNamed("web"))
		f.assertUnknown(err, 1)
	})
}

// The search reads all pages, of whatever size. An application that it sees twice, because pages
// shift, counts once.
func TestSearchGoesThroughAllPages(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		f.server.SeedMany(10, "web, older %d")
		lost := clerktest.ResetAfterWork()
		lost.After = func(clerktest.Request) { f.server.SeedMany(499, "web, newer %d") }
		newest := clerktest.Fault{Before: func(clerktest.Request) { f.server.Seed("web, newest") }}
		f.inject(lost.OnCreate().Once(), newest.OnList().Skipping(1).Once())
		creation, err := f.create(fieldsNamed("web"))
		f.assertAdopted(creation, err, "web")
		equal(f, "lists", f.lists(), 2)
	})
}
