package lifecycle

import (
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// versionLog follows client_secret_version at one address, like a store that reads the
// secret again only if the number differs.
type versionLog struct {
	highest int64
	handed  map[int64]string // the secret that each version stood for
}

// see compares the version in a state with all earlier versions. secret is "" and version
// is nil if the state has none.
func (l *versionLog) see(t testing.TB, secret string, version any) {
	t.Helper()
	if number, isNumber := version.(fmt.Stringer); isNumber {
		version = number.String()
	}
	if version == nil || version == "" {
		if secret != "" {
			t.Errorf("the state has a secret without a version")
		}
		return
	}
	number, err := strconv.ParseInt(fmt.Sprint(version), 10, 64)
	if float, isFloat := version.(float64); isFloat {
		number, err = int64(float), nil
	}
	if err != nil {
		t.Fatal(err)
	}
	if l.handed == nil {
		l.handed = make(map[int64]string)
	}
	before, known := l.handed[number]
	switch {
	case secret == "":
		t.Errorf("client_secret_version is %d, and there is no secret", number)
	case known && before != secret:
		t.Errorf("client_secret_version %d comes again with another secret", number)
	case !known && number <= l.highest:
		t.Errorf("client_secret_version %d of a new secret is not above %d", number, l.highest)
	}
	for earlier, same := range l.handed {
		if same == secret && earlier != number {
			t.Errorf("client_secret_version went from %d to %d, and the secret is the same", earlier, number)
		}
	}
	l.handed[number] = secret
	l.highest = max(l.highest, number)
}

// TestProtocolSecretVersion goes through the life of an address, without time between two
// steps: no number is used twice.
func TestProtocolSecretVersion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := clerktest.NewInMemory(t)
		p := prototest.New(t, factoryWith(server.RoundTripper()), providerConfig(server, nil))
		app := p.Resource(applicationType)
		var log versionLog
		step := func(name string, config prototest.Values) {
			t.Helper()
			app.Apply(config)
			if !app.State().IsNull("client_secret") && app.State().String("client_secret") != server.CurrentSecret(app.State().String("id")) {
				t.Errorf("%s: the secret in the state does not work", name)
			}
			version := any(nil)
			if !app.State().IsNull("client_secret_version") {
				version = app.State().Int("client_secret_version")
			}
			secret := ""
			if !app.State().IsNull("client_secret") {
				secret = app.State().String("client_secret")
			}
			log.see(t, secret, version)
			t.Logf("%-40s %v", name, version)
		}
		trigger := 0
		rotated := func() prototest.Values {
			trigger++
			return prototest.Values{"name": "web", "rotate_secret_trigger": strconv.Itoa(trigger)}
		}
		current := func() prototest.Values {
			return prototest.Values{"name": "web", "rotate_secret_trigger": strconv.Itoa(trigger)}
		}

		older := server.Seed("web")
		time.Sleep(time.Minute)
		step("created", prototest.Values{"name": "web"})
		step("rotated", rotated())
		step("rotated again", rotated())
		app.Taint()
		step("replaced after a taint", current())
		step("rotated", rotated())
		server.Delete(app.State().String("id"))
		step("created after a deletion elsewhere", current())
		app.Destroy()
		step("created after a destruction", current())
		step("rotated", rotated())
		id := app.State().String("id")
		app.Forget()
		app.Import(id)
		step("imported", current())
		step("rotated", rotated())
		step("public", prototest.Values{"name": "web", "public": true, "pkce_required": true})
		step("confidential", prototest.Values{"name": "web", "public": false})
		step("renamed", prototest.Values{"name": "shop", "public": false})
		app.Forget()
		app.Import(older)
		trigger++
		step("an older one imported", prototest.Values{"name": "web"})
		step("rotated", current())
		if len(log.handed) != 12 {
			t.Errorf("there were %d versions: %v", len(log.handed), log.handed)
		}
	})
}

// TestProtocolSecretVersionByClerksClock: where Clerk's answer does not say when the application was created, the version
// still follows Clerk's clock. With this machine's clock, which may be ahead, a later version would be lower.
func TestProtocolSecretVersionByClerksClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := clerktest.NewInMemory(t)
		server.SetClockSkew(-time.Hour)
		p := prototest.New(t, factoryWith(server.RoundTripper()), providerConfig(server, nil))
		app := p.Resource(applicationType)
		server.Inject(clerktest.Changed(func(body map[string]any) { delete(body, "created_at") }).OnCreate())
		app.Apply(prototest.Values{"name": "web"})
		server.ClearFaults()
		first := app.State().Int("client_secret_version")
		app.Apply(prototest.Values{"name": "web", "public": true, "pkce_required": true})
		time.Sleep(time.Minute)
		app.Apply(prototest.Values{"name": "web", "public": false})
		if second := app.State().Int("client_secret_version"); second <= first || first > time.Now().Add(-time.Hour).Unix() {
			t.Errorf("the versions are %d and %d, and Clerk's clock is at %d", first, second, time.Now().Add(-time.Hour).Unix())
		}
	})
}
