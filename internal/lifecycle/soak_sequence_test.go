package lifecycle

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// A sequence is what the user, other people and the network do, one after the other. A seed determines all of it. (The
// jitter of the client's waits and the order of goroutines are not part of it: a failing seed fails again most of the time,
// not always.)
type sequence struct {
	seed     uint64
	settings prototest.Values
	switches clerktest.Switches // only those with which every configuration can converge
	skew     time.Duration      // of the server's clock
	steps    []sequenceStep
}

// A sequenceStep is one run of Terraform, or something that someone else does.
type sequenceStep struct {
	kind      stepKind
	slot      int              // which of the resources
	config    prototest.Values // of stepApply and stepImport
	choice    uint64           // decides among what there is when the step comes
	faults    []sequenceFault
	altered   bool          // an application whose create meets a fault differs from what was asked for
	interrupt time.Duration // after the run began; 0 is never
}

type stepKind string

const (
	stepApply   stepKind = "apply"
	stepBoth    stepKind = "apply both" // at the same time
	stepDestroy stepKind = "destroy"
	stepRefresh stepKind = "refresh"
	stepImport  stepKind = "import"

	stepEdit      stepKind = "someone edits it"
	stepPublic    stepKind = "someone makes it public, or confidential"
	stepRotate    stepKind = "someone rotates its secret"
	stepDelete    stepKind = "someone deletes it"
	stepDuplicate stepKind = "someone creates another of its name"
)

// sequenceSlots is how many resources a sequence has. The lock by name needs two of one name.
const sequenceSlots = 2

type sequenceFault struct {
	text  string
	fault clerktest.Fault
}

func (s sequence) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "seed %d, provider %v, Clerk %+v, its clock %s ahead\n", s.seed, s.settings, s.switches, s.skew)
	for i, step := range s.steps {
		fmt.Fprintf(&text, "%2d. %s", i+1, step.kind)
		if step.kind != stepBoth {
			fmt.Fprintf(&text, ", resource %d", step.slot)
		}
		if step.config != nil {
			fmt.Fprintf(&text, ": %v", step.config)
		}
		for _, fault := range step.faults {
			fmt.Fprintf(&text, "\n      %s", fault.text)
		}
		if step.altered {
			text.WriteString("\n      a create that meets one of these is altered")
		}
		if step.interrupt > 0 {
			fmt.Fprintf(&text, "\n      interrupted after %s", step.interrupt)
		}
		text.WriteString("\n")
	}
	return text.String()
}

func newSequence(seed uint64) sequence {
	random := rand.New(rand.NewPCG(seed, 4))
	s := sequence{seed: seed, settings: prototest.Values{}}
	if random.IntN(4) == 0 {
		s.settings["prevent_duplicate_names"] = true
	}
	if random.IntN(4) == 0 {
		s.settings["max_retries"] = random.IntN(3)
	}
	triggers := 0
	var configs [sequenceSlots]prototest.Values
	for i := range configs {
		configs[i] = randomConfig(random, nil, &triggers)
	}
	for range 4 + random.IntN(6) {
		step := sequenceStep{kind: randomStep(random), slot: random.IntN(sequenceSlots), choice: random.Uint64()}
		switch step.kind {
		case stepApply, stepImport, stepBoth:
			if random.IntN(3) > 0 {
				configs[step.slot] = randomConfig(random, configs[step.slot], &triggers)
			}
			step.config = configs[step.slot]
		}
		if step.isRun() {
			for range max(0, random.IntN(5)-1) {
				step.faults = append(step.faults, randomFault(random))
			}
			if random.IntN(4) == 0 {
				step.interrupt = time.Duration(random.IntN(25_000)+1) * time.Millisecond
				if random.IntN(2) == 0 {
					step.interrupt /= 20 // most runs are short
				}
			}
		}
		s.steps = append(s.steps, step)
	}
	s.randomClerk(rand.New(rand.NewPCG(seed, 5)))
	if fixedSeeds[seed] == "" {
		// Verification waits, and would change what the faults of a fixed seed meet.
		s.randomVerification(rand.New(rand.NewPCG(seed, 6)))
	}
	return s
}

// randomVerification decides which configurations have verify_client_secret, how the introspection endpoint of this Clerk
// authenticates, and what goes wrong there. No fault answers with an OAuth error: the provider must believe such an answer.
func (s *sequence) randomVerification(random *rand.Rand) {
	s.switches.TokenInfo = pickOne(random,
		clerktest.TokenInfoAuthenticates, clerktest.TokenInfoAuthenticates, clerktest.TokenInfoInvalidClient, clerktest.TokenInfoLags,
		clerktest.TokenInfoLegacy, clerktest.TokenInfoAuthenticatesNobody, clerktest.TokenInfoRefusesEverybody)
	var verify [sequenceSlots]any
	for i := range verify {
		verify[i] = pickOne[any](random, nil, true, true)
	}
	for i := range s.steps {
		step := &s.steps[i]
		if random.IntN(6) == 0 {
			verify[step.slot] = pickOne[any](random, nil, true, false)
		}
		if value := verify[step.slot]; value != nil && step.config != nil {
			step.config = with(step.config, prototest.Values{"verify_client_secret": value})
		}
		if step.isRun() && random.IntN(5) == 0 {
			step.faults = append(step.faults, randomIntrospectionFault(random))
		}
	}
}

func randomIntrospectionFault(random *rand.Rand) sequenceFault {
	f := pickOne(random,
		sequenceFault{"reset", clerktest.ResetBeforeWork()},
		sequenceFault{"cut in its length", clerktest.Truncated(clerktest.DeliverShort)},
		sequenceFault{"HTML 401", clerktest.HTML(401)},
		sequenceFault{"HTML 503", clerktest.HTML(503)},
		sequenceFault{"403", clerktest.ClerkError(403, "forbidden")},
		sequenceFault{"429 for 20 s", clerktest.TooManyRequests("20")},
		sequenceFault{"empty 200", clerktest.Raw(200, "application/json", "")},
		sequenceFault{"redirect", clerktest.Redirect(307, "https://elsewhere.example.com/")},
		sequenceFault{"no answer", clerktest.NeverAnswers()},
	)
	f.fault, f.text = f.fault.On(http.MethodPost, clerktest.RouteTokenInfo), "introspection: "+f.text
	if random.IntN(2) == 0 {
		f.fault, f.text = f.fault.Once(), f.text+", once"
	}
	return f
}

// randomClerk decides what kind of Clerk it is.
func (s *sequence) randomClerk(random *rand.Rand) {
	if random.IntN(2) == 0 {
		s.switches = clerktest.Switches{
			ScopesOrder:        pickOne(random, clerktest.ScopesAlphabetical, clerktest.ScopesAsSent),
			ForceOfflineAccess: pickOne(random, clerktest.OfflineAccessForced, clerktest.OfflineAccessNever),
			PublicClientSecret: pickOne(random, clerktest.PublicSecretEmpty, clerktest.PublicSecretValue, clerktest.PublicSecretAbsent),
			RotatePublic:       pickOne(random, clerktest.RotatePublicEmpty, clerktest.RotatePublicValue, clerktest.RotatePublicRefused),
			CallbackURLMulti:   pickOne(random, clerktest.CallbackURLFirst, clerktest.CallbackURLLast, clerktest.CallbackURLEmpty),
			RedirectOrder:      pickOne(random, clerktest.RedirectsAsSent, clerktest.RedirectsSorted, clerktest.RedirectsReversed),
			RotateUpdatedAt:    pickOne(random, clerktest.RotateTouchesUpdatedAt, clerktest.RotateTouchesUpdatedAt, clerktest.RotateKeepsUpdatedAt),
			NewerFields:        pickOne(random, clerktest.NewerFieldsServed, clerktest.NewerFieldsDropped),
		}
	}
	if random.IntN(3) == 0 {
		s.switches.ReadLag = time.Duration(random.IntN(3000)) * time.Millisecond
	}
	if random.IntN(4) == 0 {
		s.skew = pickOne(random, time.Hour, -time.Hour, 40*time.Second, -40*time.Second)
	}
	for i := range s.steps {
		s.steps[i].altered = len(s.steps[i].faults) > 0 && random.IntN(6) == 0
	}
}

// isRun reports whether the step is a run of Terraform.
func (s sequenceStep) isRun() bool {
	return slices.Contains([]stepKind{stepApply, stepBoth, stepDestroy, stepRefresh, stepImport}, s.kind)
}

// listsFail reports whether a fault of the step can meet a list.
func (s sequenceStep) listsFail() bool {
	return slices.ContainsFunc(s.faults, func(f sequenceFault) bool {
		return f.fault.Route == "" || f.fault.Route == clerktest.RouteApplications && f.fault.Method == http.MethodGet
	})
}

func randomStep(random *rand.Rand) stepKind {
	return pickOne(random,
		stepApply, stepApply, stepApply, stepApply, stepApply, stepApply, stepApply, stepApply,
		stepBoth, stepBoth, stepDestroy, stepRefresh, stepImport,
		stepEdit, stepPublic, stepRotate, stepDelete, stepDuplicate)
}

func pickOne[T any](random *rand.Rand, of ...T) T { return of[random.IntN(len(of))] }

// randomConfig changes some of a configuration. A trigger stands only beside public = false: the provider refuses a trigger
// of a public client.
func randomConfig(random *rand.Rand, before prototest.Values, triggers *int) prototest.Values {
	config := prototest.Values{"name": "Alpha"}
	maps.Copy(config, before)
	set := func(name string, value any) {
		if value == nil {
			delete(config, name)
			return
		}
		config[name] = value
	}
	for range 1 + random.IntN(2) {
		switch random.IntN(7) {
		case 0:
			set("name", pickOne(random, "Alpha", "Beta"))
		case 1:
			set("redirect_uris", pickOne[any](random, nil, []string{}, []string{"https://a.example.com/x"}, []string{"https://b.example.com/y", "https://a.example.com/x"}))
		case 2:
			set("scopes", pickOne[any](random, nil, []string{"profile", "email"}, []string{"openid"}))
		case 3:
			set("pkce_required", pickOne[any](random, nil, true, false))
		case 4:
			delete(config, "rotate_secret_trigger")
			set("public", pickOne[any](random, nil, nil, true, false))
		case 5:
			*triggers++
			set("rotate_secret_trigger", fmt.Sprintf("trigger %d", *triggers))
			set("public", false)
		case 6:
			set("logo_path", pickOne[any](random, nil, inDir("logo.png")))
		}
	}
	return config
}

// randomFault is any fault that is not a lie. No provider can notice that a server answers 404 for what exists, or refuses
// what it then does.
func randomFault(random *rand.Rand) sequenceFault {
	var (
		created = target{http.MethodPost, clerktest.RouteApplications}
		rotated = target{http.MethodPost, clerktest.RouteRotateSecret}
		updated = target{http.MethodPatch, clerktest.RouteApplication}
		deleted = target{http.MethodDelete, clerktest.RouteApplication}
		logo    = target{http.MethodPut, clerktest.RouteLogo}
		listed  = target{http.MethodGet, clerktest.RouteApplications}
		read    = target{http.MethodGet, clerktest.RouteApplication}
	)
	at := pickOne(random, created, created, created, rotated, rotated, updated, updated, deleted, logo, listed, read, target{})

	// The client cannot notice a rotation that is later than the client waits.
	late := time.Duration(random.IntN(4500)) * time.Millisecond
	if at == created {
		late *= 9
	}
	slow := time.Duration(random.IntN(40_000)) * time.Millisecond
	status := pickOne(random, 408, 500, 502, 503, 504)
	kinds := []sequenceFault{
		{"reset before the work", clerktest.ResetBeforeWork()},
		{"reset after the work", clerktest.ResetAfterWork()},
		{"reset after the work", clerktest.ResetAfterWork()},
		{"closed before the work", clerktest.CloseBeforeWork()},
		{"closed after the work", clerktest.CloseAfterWork()},
		{"cut in its length", clerktest.Truncated(clerktest.DeliverShort)},
		{"cut between chunks", clerktest.Truncated(clerktest.DeliverCutChunks)},
		{"cut without a sign", clerktest.Truncated(clerktest.DeliverCutUndeclared)},
		{"cut in its compression", clerktest.Truncated(clerktest.DeliverCutGzip)},
		{fmt.Sprintf("HTML %d before the work", status), clerktest.HTML(status)},
		{fmt.Sprintf("HTML %d after the work", status), clerktest.HTML(status).AfterWork()},
		{"500 after the work", clerktest.ClerkError(500, "internal_clerk_error").AfterWork()},
		{"HTML 200 before the work", clerktest.HTML(200)},
		{"HTML 200 after the work", clerktest.HTML(200).AfterWork()},
		{"empty 200 after the work", clerktest.Raw(200, "application/json", "").AfterWork()},
		{"null after the work", clerktest.Raw(200, "application/json", "null").AfterWork()},
		{"redirect before the work", clerktest.Redirect(307, "https://elsewhere.example.com/")},
		{"403", clerktest.ClerkError(403, "not_allowed_access")},
		{"HTML 404", clerktest.HTML(404)},
		{"429", clerktest.TooManyRequests()},
		{"429 for 0 s", clerktest.TooManyRequests("0")},
		{"429 for 20 s", clerktest.TooManyRequests("20")},
		{"429 for a day", clerktest.TooManyRequests("86400")},
		{"locked", clerktest.Locked()},
		{fmt.Sprintf("answer after %s", slow), clerktest.SlowAnswer(slow)},
		{fmt.Sprintf("work after %s", slow), clerktest.Slow(slow)},
		{"no answer and no work", clerktest.NeverAnswers()},
		{fmt.Sprintf("reset, and work after %s", late), clerktest.LateCommit(late)},
		{fmt.Sprintf("reset, and work after %s", late), clerktest.LateCommit(late)},
		{"byte by byte", clerktest.Drip(time.Second)},
		{"endless", clerktest.Endless()},
		{"2 MiB in gzip", clerktest.GzipBomb(2 << 20)},
		{"no client_secret", clerktest.Changed(func(body map[string]any) { delete(body, "client_secret") })},
		{"created_at of another type", clerktest.Changed(func(body map[string]any) { body["created_at"] = "then" })},
		{"another id", clerktest.Changed(func(body map[string]any) { body["id"] = "../users" })},
		{"another object", clerktest.Changed(func(body map[string]any) { body["object"] = "user" })},
	}
	f := pickOne(random, kinds...)
	f.fault = f.fault.On(at.method, at.route)
	switch random.IntN(5) {
	case 0:
		f.text += ", every time"
	case 1:
		f.fault, f.text = f.fault.Repeat(2), f.text+", twice"
	default:
		f.fault, f.text = f.fault.Once(), f.text+", once"
	}
	if random.IntN(5) == 0 {
		f.fault, f.text = f.fault.Skipping(1), f.text+", but not the first time"
	}
	f.text = at.String() + ": " + f.text
	return f
}

// A target is the kind of request that a fault meets; any request, if it is empty.
type target struct{ method, route string }

func (t target) String() string {
	if t == (target{}) {
		return "any request"
	}
	return t.method + " " + t.route
}
