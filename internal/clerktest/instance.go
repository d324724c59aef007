package clerktest

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"math"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Environments of an instance, which decide the prefix of its secret key.
const (
	Development = "development"
	Production  = "production"
)

const (
	developmentPrefix = "sk_test_"
	productionPrefix  = "sk_live_"
)

// instance is the state of one Clerk instance. The server's lock guards it. A write stores a new
// Application and never changes one in place, so an answer may be encoded outside the lock.
type instance struct {
	id, key, environment string

	frontendURL  string // origin of the frontend API
	customScopes map[string]bool
	entries      map[string]*entry
	order        []*entry // by creation; a deleted one stays while a read may lag behind
	settings     lagging[Settings]
	lastMillis   int64
	admitted     []time.Time // the requests in the rate limit's window
}

// entry is the life of one application: nil before its creation and once deleted.
type entry struct {
	id string
	lagging[*Application]
}

// lagging is a value of which reads see the old one until a certain time.
type lagging[T any] struct {
	value, old T
	until      time.Time
}

func (l *lagging[T]) seen(now time.Time) T {
	if now.Before(l.until) {
		return l.old
	}
	return l.value
}

func (l *lagging[T]) put(value T, now time.Time, lag time.Duration) {
	l.old = l.seen(now)
	l.value, l.until = value, now.Add(lag)
}

func newInstance(environment, key, frontendURL string) *instance {
	if key == "" {
		key = developmentPrefix + randomText(42)
		if environment == Production {
			key = productionPrefix + randomText(42)
		}
	}
	id := sha256.Sum256([]byte(key))
	in := &instance{
		id: "ins_" + base62(id[:20]), key: key, environment: environment, frontendURL: frontendURL,
		customScopes: map[string]bool{}, entries: map[string]*entry{},
	}
	in.settings.value = Settings{OAuthJWTAccessTokens: true}
	return in
}

// newApplicationID returns a random id in the form of Clerk's: 27 letters and digits.
func newApplicationID() string {
	var id [20]byte
	rand.Read(id[:])
	return "oa_" + base62(id[:])
}

// base62 writes 20 bytes with 27 letters and digits, like a KSUID.
func base62(id []byte) string {
	digits := new(big.Int).SetBytes(id).Text(62)
	return strings.Repeat("0", 27-len(digits)) + digits
}

// randomText returns n letters and digits.
func randomText(n int) string {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	text := make([]byte, n)
	rand.Read(text)
	for i, b := range text {
		text[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(text)
}

// tick returns the time in milliseconds, and never the same twice: what happened later has a larger
// number, so that orders are certain.
func (in *instance) tick(now time.Time) int64 {
	in.lastMillis = max(in.lastMillis+1, now.UnixMilli())
	return in.lastMillis
}

// live returns an application as it is, whatever reads see, or nil.
func (in *instance) live(id string) *Application {
	if known := in.entries[id]; known != nil {
		return known.value
	}
	return nil
}

// put stores a new or changed application, or a deletion if the application is nil.
func (in *instance) put(id string, a *Application, now time.Time, lag time.Duration) {
	known := in.entries[id]
	if known == nil {
		known = &entry{id: id}
		in.entries[id] = known
		in.order = append(in.order, known)
	}
	known.put(a, now, lag)
	if a == nil && lag == 0 {
		in.purge(now)
	}
}

// purge forgets the deleted applications that no read sees any more.
func (in *instance) purge(now time.Time) {
	in.order = slices.DeleteFunc(in.order, func(e *entry) bool {
		dead := e.value == nil && e.seen(now) == nil
		if dead {
			delete(in.entries, e.id)
		}
		return dead
	})
}

// visible returns what a list at the given time holds, oldest first.
func (in *instance) visible(now time.Time) []*Application {
	applications := make([]*Application, 0, len(in.order))
	for _, entry := range in.order {
		if application := entry.seen(now); application != nil {
			applications = append(applications, application)
		}
	}
	// Only what a test seeded or edited can be out of order.
	byCreation := func(a, b *Application) int { return cmp.Compare(a.CreatedAt, b.CreatedAt) }
	if !slices.IsSortedFunc(applications, byCreation) {
		slices.SortStableFunc(applications, byCreation)
	}
	return applications
}

// RateLimit is the most requests that an instance answers within any period of the given length.
// More are answered 429 with Retry-After. Clerk's limits are 100 in 10 s for a development instance
// and 1,000 for a production instance. The zero value means no limit.
type RateLimit struct {
	Requests int
	Per      time.Duration
}

// admit counts a request, or refuses it. Refused requests do not count.
func (l RateLimit) admit(in *instance, now time.Time) *answer {
	if l.Requests <= 0 || l.Per <= 0 {
		return nil
	}
	start := now.Add(-l.Per)
	in.admitted = slices.DeleteFunc(in.admitted, func(at time.Time) bool { return !at.After(start) })
	if len(in.admitted) < l.Requests {
		in.admitted = append(in.admitted, now)
		return nil
	}
	free := in.admitted[len(in.admitted)-l.Requests].Add(l.Per).Sub(now)
	refused := catalogued(http.StatusTooManyRequests, "too_many_requests")
	refused.header = http.Header{"Retry-After": {strconv.Itoa(int(math.Ceil(free.Seconds())))}}
	return &refused
}
