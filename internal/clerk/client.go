package clerk

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// APIVersion is the version of Clerk's API that every request names. It has no effect on
// OAuth applications today. Naming it guards against a future default.
const APIVersion = "2026-05-12"

// Defaults of Config.
const (
	DefaultRequestTimeout = 30 * time.Second
	DefaultMaxRetries     = 5

	// Clerk allows 100 requests in 10 seconds for a development instance and 1,000 for
	// a production one, and counts the user's own back end in. The first default leaves
	// a margin for requests that arrive closer together than they were sent. The second
	// leaves most of the limit to the sign-ins that the instance serves.
	DefaultRequestsPer10sDevelopment = 90
	DefaultRequestsPer10sProduction  = 360
)

// Config says how a Client reaches Clerk, and how long it retries. The zero value of every
// field but SecretKey is usable.
type Config struct {
	SecretKey             Secret            // from ParseSecretKey
	APIURL                *url.URL          // from ParseAPIURL; default DefaultAPIURL
	InstanceID            string            // if set, a key of another instance sends nothing
	UserAgent             string            // sent with every request
	RequestTimeout        time.Duration     // for one attempt, to the last byte of the answer
	MaxRetries            *int              // retries of one request; default DefaultMaxRetries
	RequestsPer10s        int               // the most this client sends in any 10 seconds
	PreventDuplicateNames bool              // creating a second application of a name fails
	Observer              Observer          // told of every attempt; may be nil
	Transport             http.RoundTripper // for tests; default: a tuned http.Transport
}

// Client speaks to one instance of Clerk. It is safe for concurrent use and meant to be
// shared: the rate limit, the shared reads and the locks by name hold for all users of one
// Client.
type Client struct {
	key                   Secret
	base                  *url.URL
	transport             http.RoundTripper
	userAgent             string
	requestTimeout        time.Duration
	maxRetries            int
	preventDuplicateNames bool
	observer              Observer

	scrubber    scrubber
	rateLimiter *rateLimiter
	guard       instanceGuard
	names       sync.Map // *semaphore.Weighted by CanonicalName, held by a create of the name
	local       localChanges
	reads       *sharedReads
	checks      secretChecks
	clock       atomic.Pointer[clockReading] // of the latest answer; nil before the first
}

// New returns a client. It sends nothing: a wrong key shows at the first request.
func New(config Config) *Client {
	c := &Client{
		key:                   config.SecretKey,
		base:                  config.APIURL,
		userAgent:             config.UserAgent,
		requestTimeout:        config.RequestTimeout,
		maxRetries:            DefaultMaxRetries,
		preventDuplicateNames: config.PreventDuplicateNames,
		observer:              config.Observer,
		guard: instanceGuard{
			expected: config.InstanceID, asking: semaphore.NewWeighted(1),
		},
	}
	if c.base == nil {
		c.base, _ = url.Parse(DefaultAPIURL)
	}
	if c.requestTimeout == 0 {
		c.requestTimeout = DefaultRequestTimeout
	}
	if config.MaxRetries != nil {
		c.maxRetries = *config.MaxRetries
	}
	// A round tripper and no http.Client: http.Client follows redirects. It carries the
	// key along to subdomains, other ports and plain http, and repeats a POST after a
	// 307. Clerk redirects nothing.
	c.transport = config.Transport
	if c.transport == nil {
		c.transport = newTransport()
	}

	requests := config.RequestsPer10s
	if requests == 0 {
		requests = DefaultRequestsPer10sProduction
		if isDevelopmentKey(c.key) {
			requests = DefaultRequestsPer10sDevelopment
		}
	}
	c.rateLimiter = newRateLimiter(requests)
	c.scrubber.learn(c.key)
	c.checks.slots = semaphore.NewWeighted(maxChecksAtOnce)
	c.reads = &sharedReads{
		get: func(ctx context.Context, id string) (listItem, error) {
			app, err := c.getApplication(ctx, id)
			return listItem{OAuthApplication: app}, err
		},
		page:     c.getPage,
		callers:  make(map[string]*callers),
		snapshot: make(map[string]snapshotItem),
		listings: make(map[listKey]*listing),
		written:  make(map[string]int),
	}
	return c
}

// APIURL returns the address of the API, which holds neither user information nor a
// query: see ParseAPIURL.
func (c *Client) APIURL() string { return c.base.String() }

// Learn adds a secret that this client did not receive itself, so that Scrub and error
// texts hide it.
func (c *Client) Learn(secret Secret) { c.scrubber.learn(secret) }

// Scrub returns a text that someone else wrote, such as a value in Clerk's answer, in a
// form that may be shown: without secrets, on one line and at most 500 characters long.
func (c *Client) Scrub(text string) string { return c.scrubber.clean(text) }

// newTransport clones Go's default transport, which supports proxies, and sets what the
// default leaves open.
//
// It speaks HTTP/1.1 only. A create and a rotation depend on two rules that Go's HTTP/2
// breaks: it automatically sends a POST again when the server resets the stream with
// PROTOCOL_ERROR, whatever the server has done by then, and it reports that headers were
// written only after they are on the wire. HTTP/2 would save no more than a handshake
// for each of the ten operations that Terraform has under way.
func newTransport() *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetHTTP1(true)
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	transport.DialContext = dialer.DialContext
	transport.TLSHandshakeTimeout = 10 * time.Second
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	// Terraform runs ten operations at once by default. With the default of two idle
	// connections, the other eight would dial for each request.
	transport.MaxIdleConnsPerHost = 16
	transport.OnProxyConnectResponse = func(
		_ context.Context, _ *url.URL, _ *http.Request, res *http.Response,
	) error {
		if res.StatusCode == http.StatusProxyAuthRequired {
			return errProxyAuthentication
		}
		return nil // Go reports any other refusal itself
	}
	return transport
}

// Event is what may be logged of one attempt of one request. No field of it can carry a
// header, a body, a name or an id into a log. So the masks of logging libraries, which
// reach neither nested values nor error texts, are not needed.
type Event struct {
	Method   string        // HTTP method
	Route    string        // path with {id} in place of an id
	Attempt  int           // 1 for the first
	Status   int           // HTTP status; 0 without an answer
	Outcome  string        // "ok", or why the attempt failed, as a fixed word
	Waited   time.Duration // before sending: for the rate limit, and by backoff
	Duration time.Duration // from sending to the end of the answer
	Bytes    int           // length of the answer's body
	TraceID  string        // Clerk's identifier of the request
}

// Observer is called after every attempt, from many goroutines at once.
type Observer func(context.Context, Event)

// clockReading is what the server's clock and the local clock said at one time.
type clockReading struct {
	server, local time.Time
}

// readClock notes how far the server's clock is from the local one.
func (c *Client) readClock(header http.Header) {
	if date := c.serverDate(header); !date.IsZero() {
		c.clock.Store(&clockReading{server: date, local: time.Now()})
	}
}

func (c *Client) serverDate(header http.Header) time.Time {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return date
}

// serverTime translates a time of the local clock to the server's clock, by the latest
// answer. Between two times of this process only the elapsed time counts, so a clock
// that is set meanwhile does no harm.
func (c *Client) serverTime(local time.Time) time.Time {
	reading := c.clock.Load()
	if reading == nil {
		return local
	}
	return reading.server.Add(local.Sub(reading.local))
}

// ServerNow returns the current time by the clock of the Date header in Clerk's latest
// answer, or by the local clock before the first answer. It need not be the clock that
// writes created_at.
func (c *Client) ServerNow() time.Time {
	return c.serverTime(time.Now())
}
