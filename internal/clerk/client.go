package clerk

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// DefaultAPIURL is where Clerk's Backend API is served.
const DefaultAPIURL = "https://api.clerk.com/v1"

// apiVersion is the version of Clerk's API that every request names. It has no effect on
// OAuth applications today. Naming it guards against a future default.
const apiVersion = "2026-05-12"

// Defaults of Config.
const (
	defaultRequestTimeout = 30 * time.Second
	defaultMaxRetries     = 5

	// Clerk allows 100 requests in 10 seconds for a development instance and 1,000 for
	// a production one, and counts the user's own back end in. The first default leaves
	// a margin for requests that arrive closer together than they were sent. The second
	// leaves most of the limit to the sign-ins that the instance serves.
	defaultRequestsPer10sDevelopment = 90
	defaultRequestsPer10sProduction  = 360
)

// Config says how a Client reaches Clerk, and how long it retries. The zero value of every
// field but SecretKey is usable.
type Config struct {
	SecretKey             Secret            // from ParseSecretKey
	APIURL                *url.URL          // from ParseAPIURL; default DefaultAPIURL
	InstanceID            string            // if set, a key of another instance sends nothing
	UserAgent             string            // sent with every request
	RequestTimeout        time.Duration     // for one attempt, to the last byte of the answer
	MaxRetries            *int              // retries of one request; default defaultMaxRetries
	RequestsPer10s        int               // the most this client sends in any 10 seconds
	PreventDuplicateNames bool              // creating a second application of a name fails
	Transport             http.RoundTripper // for tests; default: a tuned http.Transport

	// Observer is called after every attempt, from many goroutines at once. It may be nil.
	Observer func(context.Context, Event)
}

// Client speaks to one instance of Clerk. It is safe for concurrent use and meant to be shared: the
// rate limit, the shared reads and the locks by name hold for all users of one Client.
type Client struct {
	config      Config // with its defaults
	scrubber    scrubber
	rateLimiter *rateLimiter
	asking      *semaphore.Weighted // held while asking for the instance
	instanceID  atomic.Value        // of the key; nil before it is known
	names       sync.Map            // *semaphore.Weighted by CanonicalName, held by a create
	local       localChanges
	reads       *sharedReads
	checks      secretChecks
	clock       atomic.Pointer[clockReading] // of the latest answer; nil before the first
}

// New returns a client. It sends nothing: a wrong key shows at the first request.
func New(config Config) *Client {
	requestsPer10s := defaultRequestsPer10sProduction
	if isDevelopmentKey(config.SecretKey) {
		requestsPer10s = defaultRequestsPer10sDevelopment
	}
	if config.APIURL == nil {
		config.APIURL, _ = url.Parse(DefaultAPIURL)
	}
	config.RequestTimeout = cmp.Or(config.RequestTimeout, defaultRequestTimeout)
	config.MaxRetries = cmp.Or(config.MaxRetries, new(defaultMaxRetries))
	config.RequestsPer10s = cmp.Or(config.RequestsPer10s, requestsPer10s)
	// A round tripper and no http.Client: http.Client follows redirects. It carries the
	// key along to subdomains, other ports and plain http, and repeats a POST after a
	// 307. Clerk redirects nothing.
	if config.Transport == nil {
		config.Transport = newTransport()
	}
	c := &Client{
		config:      config,
		rateLimiter: newRateLimiter(config.RequestsPer10s),
		asking:      semaphore.NewWeighted(1),
		local:       localChanges{known: make(map[string]localApplication)},
		checks:      secretChecks{slots: semaphore.NewWeighted(maxChecksAtOnce)},
	}
	c.reads = newSharedReads(c)
	c.scrubber.learn(config.SecretKey)
	return c
}

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
	transport.TLSClientConfig = nil // the default's offers HTTP/2
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	transport.DialContext = dialer.DialContext
	// With the default of two idle connections, eight of the ten operations would dial
	// for each request.
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

// errProxyAuthentication is a proxy's 407, to CONNECT or to a request in plain http.
var errProxyAuthentication = &TransportError{
	ProxyAuthentication: true, Problem: "the proxy asks for authentication (HTTP 407)",
}

// Errors of ParseAPIURL.
var (
	ErrURLMalformed = errors.New("not an absolute URL such as " + DefaultAPIURL)
	ErrURLInsecure  = errors.New(
		"the secret key would travel in clear text: use https, or http on a loopback address only")
	ErrURLCredentials = errors.New("the URL must not hold a user name or password")
	ErrURLTail        = errors.New("the URL must not have a query or a fragment")
)

// ParseAPIURL reads the address of the API: https, or http on a loopback address.
// The address may lack a trailing slash and /v1, because Clerk's JavaScript SDKs
// write the same environment variable without /v1; the result always ends in /v1.
//
// With ErrURLInsecure, the address is returned too. It is for a simulator in another
// container, and never for a production key.
func ParseAPIURL(raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	// The parser's own error is dropped: it quotes the text, which may hold a password.
	// A host outside ASCII is refused because letters of other alphabets look alike.
	if err != nil || u.Hostname() == "" || strings.ContainsFunc(u.Host, notVisibleASCII) {
		return nil, ErrURLMalformed
	}
	switch {
	case u.User != nil:
		return nil, ErrURLCredentials
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(raw, "#"):
		return nil, ErrURLTail
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, ErrURLMalformed
	}
	path := strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/v1") + "/v1"
	address := &url.URL{Scheme: u.Scheme, Host: u.Host, Path: path}
	if u.Scheme == "http" && !IsLoopback(u.Hostname()) {
		return address, ErrURLInsecure
	}
	return address, nil
}

// IsLoopback reports whether the host of a URL (URL.Hostname) is certain to be this machine:
// localhost and the names below it (RFC 6761 section 6.3), and the addresses of
// 127.0.0.0/8 and ::1 in each of their spellings.
//
// An address is parsed and never compared as text: 127.evil.example is a name like any other.
// Spellings that only some programs read as an address, such as 127.1, are not loopback.
func IsLoopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, ".")) // a dot at the end: the name is absolute
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// APIURL returns the address of the API, which holds neither user information nor a
// query: see ParseAPIURL.
func (c *Client) APIURL() string { return c.config.APIURL.String() }

// Learn adds a secret that this client did not receive itself, so that Scrub and error
// texts hide it.
func (c *Client) Learn(secret Secret) { c.scrubber.learn(secret) }

// Scrub returns a text that someone else wrote, such as a value in Clerk's answer, in a
// form that may be shown: without secrets, on one line and at most 500 characters long.
func (c *Client) Scrub(text string) string { return c.scrubber.clean(text) }

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

// clockReading is what the server's clock and the local clock said at one time.
type clockReading struct {
	server, local time.Time
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

// ServerNow returns the current time by the clock of the Date header in Clerk's latest answer, or
// by the local clock before the first answer. It need not be the clock that writes created_at.
func (c *Client) ServerNow() time.Time { return c.serverTime(time.Now()) }
