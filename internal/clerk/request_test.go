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
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// The tests of this file use sockets, and the transport that the provider uses.

// clientOf returns a client of a server on loopback, with the transport that the provider uses, which never repeats.
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
	refused := "http://" + closed.Addr().String()
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
		"connection refused": {refused, nil},
		"TLS broken off":     {"https://" + hangsUp.Addr().String(), nil},
		"no such host":       {"https://api.clerk.invalid", &http.Transport{DialContext: (&net.Dialer{Resolver: noDNS}).DialContext}},
		"proxy says no":      {"https://api.clerk.invalid", &http.Transport{Proxy: http.ProxyURL(proxyURL)}},
	} {
		for _, operation := range []string{"create", "rotate", "get"} {
			t.Run(name+"/"+operation, func(t *testing.T) {
				t.Parallel()
				events := &eventLog{}
				client := clientOf(t, test.address, func(config *clerk.Config) { config.Transport, config.Observer = test.transport, events.add })
				err := allOperations[operation](t.Context(), client, "oa_1")
				unsent := asError[*clerk.TransportError](t, err)
				equal(t, "sent", unsent.Sent, false)
				equal(t, "says so", strings.Contains(err.Error(), "could not be sent"), true)
				equalLists(t, "outcomes", events.outcomes(), []string{"unsent"})
			})
		}
	}
}

// certificate returns a self-signed certificate for 127.0.0.1.
func certificate(t testing.TB, until time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	noError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: until.Add(-time.Hour), NotAfter: until, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	noError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// A server that is not trusted is refused at once, without retries.
func TestServersThatAreNotTrusted(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]*tls.Config{
		"unknown authority": {Certificates: []tls.Certificate{certificate(t, time.Now().Add(time.Hour))}},
		"expired":           {Certificates: []tls.Certificate{certificate(t, time.Now().Add(-time.Hour))}},
		"TLS 1.1":           {Certificates: []tls.Certificate{certificate(t, time.Now().Add(time.Hour))}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
		"no TLS":            nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var reached atomic.Int32
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
			server.Config.ErrorLog = nullLog
			server.TLS = config
			if config == nil {
				server.Start()
			} else {
				server.StartTLS()
			}
			t.Cleanup(server.Close)
			events := &eventLog{}
			client := clientOf(t, "https://"+server.Listener.Addr().String(), func(config *clerk.Config) { config.MaxRetries, config.Observer = nil, events.add })
			err := allOperations["create"](t.Context(), client, "")
			equal(t, "sent", asError[*clerk.TransportError](t, err).Sent, false)
			equalLists(t, "outcomes", events.outcomes(), []string{"refused"})
			equal(t, "requests", reached.Load(), 0)
		})
	}
}

// With TLS 1.3 the server's refusal can arrive after the request was written, so the request may have been processed.
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
	written := make(chan struct{})
	write := sync.OnceFunc(func() { close(written) })
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
					<-written
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
	equal(t, "outcome", events.outcomes()[0], "lost")
	asError[*clerk.RotateOutcomeUnknownError](t, err)
	if !strings.Contains(err.Error(), "tls:") {
		t.Errorf("the test did not provoke an alert: %v", err)
	}
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
	elsewhere := strings.Replace(target.URL, "127.0.0.1", "localhost", 1)

	for _, status := range []int{300, 301, 302, 303, 307, 308} {
		for kind, location := range map[string]string{
			"same server":   "/v1/instance",
			"same host":     target.URL + "/v1/instance",
			"another host":  elsewhere + "/v1/instance?secret=query",
			"nowhere":       "",
			"no address":    "http://[",
			"with a secret": "https://user:hunter22@elsewhere.example/",
		} {
			server := clerktest.New(t)
			server.Inject(clerktest.Redirect(status, location))
			key, err := clerk.ParseSecretKey(server.Key())
			noError(t, err)
			for _, operation := range []string{"get", "update", "delete", "create", "rotate", "instance"} {
				ctx, cancel := context.WithCancel(t.Context())
				client := clientOf(t, server.URL(), func(config *clerk.Config) {
					config.SecretKey = key
					config.Observer = func(context.Context, clerk.Event) { cancel() } // no searches and no retries
				})
				before := server.CountRequests("", "")
				err := allOperations[operation](ctx, client, "oa_1")
				sent := server.CountRequests("", "") - before
				cancel()
				most := map[string]int{"create": 2, "rotate": 3}[operation] // with the search, with the retries
				if sent > max(1, most) {
					t.Errorf("%d %s, %s: %d requests", status, kind, operation, sent)
				}
				if err == nil || !strings.Contains(err.Error(), "a redirect") && !errors.Is(err, context.Canceled) {
					t.Errorf("%d %s, %s: %v", status, kind, operation, err)
				} else if strings.Contains(err.Error(), "query") || strings.Contains(err.Error(), "hunter22") {
					t.Errorf("%d %s, %s: the error shows more than the host: %v", status, kind, operation, err)
				}
			}
		}
	}
	equal(t, "requests that reached the target", reached.Load(), 0)
}

func TestRedirectErrorNamesTheHost(t *testing.T) {
	t.Parallel()
	client := clientOn(t, roundTrip(func(req *http.Request) (*http.Response, error) {
		res, err := answering(307, "", "")(req)
		res.Header.Set("Location", "https://user:pass@elsewhere.example:8443/path?query")
		return res, err
	}))
	_, err := client.Instance(t.Context())
	wrong := asError[*clerk.AnswerError](t, err)
	equal(t, "status", wrong.Status, 307)
	equal(t, "text", wrong.Problem, "a redirect to elsewhere.example; redirects are not followed, because the secret key would travel along")
}

// Not parallel: it counts what the process allocates.
func TestLargeAnswersCostLittleMemory(t *testing.T) {
	for name, test := range map[string]struct {
		fault     clerktest.Fault
		operation string
		most      uint64
	}{
		"gzip bomb for an object": {clerktest.GzipBomb(1 << 30), "get", 32 << 20},
		"gzip bomb for a list":    {clerktest.GzipBomb(1 << 30), "list", 192 << 20}, // the buffer grows to 16 MiB in steps
		"endless object":          {clerktest.Endless(), "get", 32 << 20},
		"endless list":            {clerktest.Endless(), "list", 192 << 20},
	} {
		server := clerktest.New(t)
		server.Inject(test.fault)
		client := clientOf(t, server.URL())
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := allOperations[test.operation](t.Context(), client, "oa_1")
		runtime.ReadMemStats(&after)
		equal(t, name+": says so", strings.Contains(asError[*clerk.AnswerError](t, err).Problem, "is larger than"), true)
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > test.most {
			t.Errorf("%s: %d MiB were allocated", name, allocated>>20)
		}
	}
}

func TestLargeErrorsAreCutOff(t *testing.T) {
	t.Parallel()
	endless := strings.Repeat("<p>no</p>", 1<<20)
	for status, body := range map[int]string{502: endless, 400: `{"errors":[{"code":"x","long_message":"` + endless + `"}]}`, 403: `{"errors":[` + strings.Repeat(`{"code":"x"},`, 1<<16)} {
		_, err := clientOn(t, answering(status, "application/json", body)).Instance(t.Context())
		refused := asError[*clerk.APIError](t, err)
		equal(t, "status", refused.Status, status)
		equal(t, "errors", len(refused.Errors), 0)
		equal(t, "is short", len(err.Error()) < 200, true)
		equal(t, "tells the size that was read", strings.Contains(refused.Body, "65536 bytes"), true)
	}
}

// A connection that the server closed while it was idle creates no duplicate.
func TestStaleConnections(t *testing.T) {
	t.Parallel()
	simulator := clerktest.NewServer()
	server := httptest.NewServer(simulator.Handler())
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
		made := 1
		if err != nil {
			asError[*clerk.CreateOutcomeUnknownError](t, err)
			made = 0
		}
		equal(t, "applications made", len(simulator.Applications())-before, made)
		cancel()
	}
}

// A network error after sending says so.
func TestLostAnswerOverSockets(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]clerktest.Fault{"reset": clerktest.ResetAfterWork(), "close": clerktest.CloseAfterWork()} {
		server := clerktest.New(t)
		server.Inject(fault)
		_, err := clientOf(t, server.URL()).GetOAuthApplicationSettings(t.Context())
		lost := asError[*clerk.TransportError](t, err)
		equal(t, name+" sent", lost.Sent, true)
		equal(t, name+" timeout", lost.Timeout, false)
		equal(t, name+" says so", strings.Contains(err.Error(), "broke after the request was sent"), true)
	}
}

func TestCreateOverSockets(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	key, err := clerk.ParseSecretKey(server.Key())
	noError(t, err)
	client := clientOf(t, server.URL(), func(config *clerk.Config) { config.SecretKey = key })
	server.Inject(clerktest.ResetAfterWork().OnCreate().Once())
	creation, err := client.CreateOAuthApplication(t.Context(), fieldsNamed("web"))
	noError(t, err)
	equal(t, "adopted", creation.Adopted, true)
	equal(t, "applications", len(server.Applications()), 1)
	equal(t, "secret", creation.ClientSecret.Reveal(), server.CurrentSecret(creation.Application.ID))
}
