package clerk_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// The tests of this file use sockets, and most of them the transport that the provider uses.

// nullLog is for servers whose errors are part of the test.
var nullLog = log.New(io.Discard, "", 0)

// clientOf returns a client of a server on loopback that never repeats a request.
func clientOf(t testing.TB, address string, options ...func(*clerk.Config)) *clerk.Client {
	t.Helper()
	base, err := clerk.ParseAPIURL(address)
	noError(t, err)
	return clientOn(t, nil, append([]func(*clerk.Config){func(config *clerk.Config) { config.APIURL = base }}, options...)...)
}

func TestWhatIsProvenUnsent(t *testing.T) {
	t.Parallel()
	closed, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	noError(t, err)
	closed.Close()
	hangsUp, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	noError(t, err)
	t.Cleanup(func() { hangsUp.Close() })
	go func() {
		for connection, err := hangsUp.Accept(); err == nil; connection, err = hangsUp.Accept() {
			connection.Close()
		}
	}()
	noDNS := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("there is no name server")
	}}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	t.Cleanup(proxy.Close)
	proxyURL, err := url.Parse(proxy.URL)
	noError(t, err)
	for name, test := range map[string]struct {
		address   string
		transport http.RoundTripper
	}{
		"connection refused": {"http://" + closed.Addr().String(), nil},
		"TLS broken off":     {"https://" + hangsUp.Addr().String(), nil},
		"no such host":       {"https://api.clerk.invalid", &http.Transport{DialContext: (&net.Dialer{Resolver: noDNS}).DialContext}},
		"proxy says no":      {"https://api.clerk.invalid", &http.Transport{Proxy: http.ProxyURL(proxyURL)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, operation := range operations {
				events := &eventLog{}
				client := clientOf(t, test.address, func(config *clerk.Config) { config.Transport, config.Observer = test.transport, events.add })
				err := operation.call(t.Context(), client, "oa_1")
				equal(t, operation.name+" is sent", asError[*clerk.TransportError](t, err).Sent, false)
				contains(t, operation.name, err.Error(), "could not be sent")
				equal(t, operation.name, events.outcomes(), "unsent")
			}
		})
	}
}

// certificate returns a self-signed certificate for 127.0.0.1 that is valid for an hour.
func certificate(t testing.TB, from time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	noError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: from.Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	noError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// A server that is not trusted is refused at once, without retries.
func TestServersThatAreNotTrusted(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, test := range map[string]struct {
		config    *tls.Config
		outOfDate bool
	}{
		"unknown authority": {&tls.Config{Certificates: []tls.Certificate{certificate(t, now.Add(-time.Minute))}}, false},
		"expired":           {&tls.Config{Certificates: []tls.Certificate{certificate(t, now.Add(-2*time.Hour))}}, true},
		"not yet valid":     {&tls.Config{Certificates: []tls.Certificate{certificate(t, now.Add(time.Hour))}}, true},
		"TLS 1.1":           {&tls.Config{Certificates: []tls.Certificate{certificate(t, now)}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, false},
		"no TLS":            {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var reached atomic.Int32
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
			server.Config.ErrorLog = nullLog
			server.TLS = test.config
			if test.config == nil {
				server.Start()
			} else {
				server.StartTLS()
			}
			t.Cleanup(server.Close)
			events := &eventLog{}
			client := clientOf(t, "https://"+server.Listener.Addr().String(), func(config *clerk.Config) { config.MaxRetries, config.Observer = nil, events.add })
			_, err := client.CreateOAuthApplication(t.Context(), fieldsNamed("web"))
			refused := asError[*clerk.TransportError](t, err)
			equal(t, "untrusted", refused.Untrusted && !refused.Sent, true)
			equal(t, "out of date", refused.CertificateOutOfDate, test.outOfDate)
			equal(t, "outcomes", events.outcomes(), "refused")
			equal(t, "requests", reached.Load(), 0)
		})
	}
}

// With TLS 1.3 the server's refusal can arrive after the request was written, so the request may
// have been processed.
func TestAlertAfterSendingIsALostAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = nullLog
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}}
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())

	ctx, cancel := context.WithCancel(t.Context())
	var handshaken atomic.Bool
	wrote := make(chan struct{})
	write := sync.OnceFunc(func() { close(wrote) })
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		TLSHandshakeDone: func(tls.ConnectionState, error) { handshaken.Store(true) },
		WroteRequest:     func(httptrace.WroteRequestInfo) { write() },
	})
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			connection, err := (&net.Dialer{}).DialContext(ctx, network, address)
			return lateReader{connection, func() {
				if handshaken.Load() {
					<-wrote
				}
			}}, err
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	events := &eventLog{}
	client := clientOf(t, server.URL, func(config *clerk.Config) {
		config.Transport = transport
		config.Observer = func(ctx context.Context, event clerk.Event) { events.add(ctx, event); cancel() }
	})
	_, err := client.RotateClientSecret(ctx, "oa_1", time.Time{})
	equal(t, "outcome", events.all()[0].Outcome, "lost")
	asError[*clerk.RotateOutcomeUnknownError](t, err)
	contains(t, "the alert", err.Error(), "tls:")
}

// lateReader is a connection that calls wait before each read.
type lateReader struct {
	net.Conn
	wait func()
}

func (r lateReader) Read(p []byte) (int, error) {
	r.wait()
	return r.Conn.Read(p)
}

// The key is sent only to the address that the user configured.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(target.Close)
	server := clerktest.New(t)
	for _, status := range []int{300, 301, 302, 303, 307, 308} {
		for location, host := range map[string]string{
			"/v1/instance":                "",
			target.URL + "/v1/instance":   " to 127.0.0.1",
			"https://u:p@a.example:1/x?q": " to a.example",
			"":                            "",
			"http://[":                    "",
		} {
			server.ClearFaults()
			server.Inject(clerktest.Redirect(status, location))
			for _, operation := range operations {
				ctx, cancel := context.WithCancel(t.Context())
				client := clientOf(t, server.URL(), func(config *clerk.Config) {
					config.Observer = func(context.Context, clerk.Event) { cancel() } // no searches and no retries
				})
				err := operation.call(ctx, client, "oa_1")
				cancel()
				if answer, ok := errors.AsType[*clerk.AnswerError](err); ok {
					equal(t, location, answer.Problem, "a redirect"+host+"; redirects are not followed, because the secret key would travel along")
				} else if !errors.Is(err, context.Canceled) {
					t.Errorf("%d %s, %s: %v", status, location, operation.name, err)
				}
			}
		}
	}
	equal(t, "requests that reached the target", reached.Load(), 0)
}

// endless is a body without an end.
type endless struct{ read atomic.Int64 }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.read.Add(int64(len(p)))
	return len(p), nil
}

func (e *endless) Close() error { return nil }

func TestLargeBodiesAreNotReadWhole(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]int64{"get": 1 << 20, "list": 16 << 20, "instance": 1 << 20} {
		for _, status := range []int{200, 502} {
			body := &endless{}
			client := clientOn(t, roundTrip(func(req *http.Request) (*http.Response, error) {
				written(req)
				return &http.Response{StatusCode: status, Header: http.Header{}, Body: body}, nil
			}))
			for _, operation := range operations {
				if operation.name != name {
					continue
				}
				err := operation.call(t.Context(), client, "oa_1")
				if status == 502 {
					contains(t, name, asError[*clerk.APIError](t, err).Body, "65536 bytes")
					limit = 64 << 10
				} else {
					contains(t, name, asError[*clerk.AnswerError](t, err).Problem, "is larger than")
				}
				equal(t, "reads no more than needed", body.read.Load() < 2*limit+1024, true)
			}
		}
	}
}

// A connection that the server closed while it was idle creates no duplicate.
func TestStaleConnections(t *testing.T) {
	t.Parallel()
	simulator := clerktest.NewServer()
	server := httptest.NewServer(simulator)
	t.Cleanup(func() { server.Close(); simulator.Close() })
	key, err := clerk.ParseSecretKey(simulator.Key())
	noError(t, err)
	for round := range 10 {
		ctx, cancel := context.WithCancel(t.Context())
		client := clientOf(t, server.URL, func(config *clerk.Config) {
			config.SecretKey = key
			config.Observer = func(_ context.Context, event clerk.Event) {
				if event.Outcome == "lost" {
					cancel() // the client searches once and does not send it again
				}
			}
		})
		_, err := client.GetOAuthApplicationSettings(ctx)
		noError(t, err)
		before := len(simulator.Applications())
		server.CloseClientConnections()
		_, err = client.CreateOAuthApplication(ctx, fieldsNamed(fmt.Sprint("web ", round)))
		created := 1
		if err != nil {
			created = 0
			// The transport may notice the closed connection before it writes.
			transport, ok := errors.AsType[*clerk.TransportError](err)
			if unsent := ok && !transport.Sent; !unsent {
				asError[*clerk.CreateOutcomeUnknownError](t, err)
			}
		}
		equal(t, "applications created", len(simulator.Applications())-before, created)
		cancel()
	}
}

func TestLostAnswersOverSockets(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	key, err := clerk.ParseSecretKey(server.Key())
	noError(t, err)
	client := clientOf(t, server.URL(), func(config *clerk.Config) { config.SecretKey = key })
	server.Inject(clerktest.ResetAfterWork().Once())
	_, err = client.GetOAuthApplicationSettings(t.Context())
	lost := asError[*clerk.TransportError](t, err)
	equal(t, "sent", lost.Sent && !lost.Timeout, true)
	contains(t, "text", err.Error(), "broke after the request was sent")

	server.Inject(clerktest.ResetAfterWork().OnCreate().Once())
	creation, err := client.CreateOAuthApplication(t.Context(), fieldsNamed("web"))
	noError(t, err)
	equal(t, "adopted", creation.Adopted, true)
	equal(t, "secret", creation.ClientSecret.Reveal(), server.CurrentSecret(creation.Application.ID))
}

// A proxy that sees plain http answers 407 itself. Clerk has no such answer.
func TestProxyAuthenticationOfPlainHTTP(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	t.Cleanup(proxy.Close)
	client := clientOf(t, proxy.URL, func(config *clerk.Config) { config.MaxRetries = nil })
	_, err := client.CreateOAuthApplication(t.Context(), fieldsNamed("web"))
	refused := asError[*clerk.TransportError](t, err)
	equal(t, "asks for authentication", refused.ProxyAuthentication && !refused.Sent, true)
	equal(t, "text", err.Error(), "the request could not be sent (the proxy asks for authentication (HTTP 407))")
	equal(t, "requests", asked.Load(), 1)
	equal(t, "an unknown create", strings.Contains(err.Error(), "not known"), false)
}
