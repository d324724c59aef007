package clerk_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
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
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// What an error of the transport means depends on whether the request was sent. With TLS 1.3 the
// server's refusal can arrive afterwards, when the request may have been processed.
func TestTransportErrors(t *testing.T) {
	t.Parallel()
	alert := &net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")}
	use := &tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Reason: x509.IncompatibleUsage}}
	for name, test := range map[string]struct {
		sent    bool
		err     error
		outcome string
		want    clerk.TransportError
	}{
		"refused by TLS":     {false, alert, "refused", clerk.TransportError{Untrusted: true, Problem: alert.Error()}},
		"no server's":        {false, use, "refused", clerk.TransportError{Untrusted: true, Problem: use.Error()}},
		"refused afterwards": {true, alert, "lost", clerk.TransportError{Problem: alert.Error()}},
		"closed":             {true, io.EOF, "lost", clerk.TransportError{Problem: "the server closed it"}},
		"interrupted":        {true, context.Canceled, "lost", clerk.TransportError{Problem: "the operation was interrupted"}},
		"timeout of a dial":  {false, context.DeadlineExceeded, "unsent", clerk.TransportError{Timeout: true, Problem: "context deadline exceeded"}},
	} {
		events := &eventLog{}
		client := clientOn(t, roundTrip(func(req *http.Request) (*http.Response, error) {
			if test.sent {
				_, _ = answering(200, "", "")(req)
			}
			return nil, test.err
		}), func(config *clerk.Config) { config.Observer = events.add })
		_, err := client.GetOAuthApplicationSettings(t.Context())
		test.want.Sent = test.sent
		equal(t, name, *asError[*clerk.TransportError](t, err), test.want)
		equal(t, name, events.outcomes(), test.outcome)
	}
}

// What breaks off while it is read was sent, and began as a success.
func TestBodiesThatBreakOff(t *testing.T) {
	t.Parallel()
	for says, broken := range map[string]error{
		"the time for one attempt was over": context.DeadlineExceeded, "its compression is broken": gzip.ErrChecksum,
		"compression is broken": flate.CorruptInputError(7), "is broken": gzip.ErrHeader, "reset": errors.New("reset"),
	} {
		client := clientOn(t, roundTrip(func(req *http.Request) (*http.Response, error) {
			res, err := answering(200, "", "")(req)
			res.Body = io.NopCloser(iotest.ErrReader(broken))
			return res, err
		}))
		_, err := client.GetOAuthApplicationSettings(t.Context())
		contains(t, "error", asError[*clerk.AnswerError](t, err).Problem, "the answer broke off: ")
		contains(t, "error", err.Error(), says)
	}
}

func TestLargeBodiesAreNotReadWhole(t *testing.T) {
	t.Parallel()
	for status, limit := range map[int]int64{200: 16 << 20, 502: 64 << 10} {
		body := bytes.NewReader(make([]byte, 40<<20))
		client := clientOn(t, roundTrip(func(req *http.Request) (*http.Response, error) {
			res, err := answering(status, "", "")(req)
			res.Body = io.NopCloser(body)
			return res, err
		}))
		_, err := client.GetOAuthApplicationSettings(t.Context())
		contains(t, "error", err.Error(), fmt.Sprintf(" %d bytes", limit))
		equal(t, "reads no more than needed", body.Size()-int64(body.Len()) <= limit+1, true)
	}
}

// The key is sent only to the address that the user configured.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{300, 301, 302, 303, 307, 308, 399} {
		for location, host := range map[string]string{
			"/v1/instance": "", "https://u:p@a.example:1/x?q": " to a.example", "": "", "http://[": "",
		} {
			requests := 0
			client := clientOn(t, roundTrip(func(req *http.Request) (*http.Response, error) {
				requests++
				res, err := answering(status, "", "")(req)
				res.Header.Set("Location", location)
				return res, err
			}))
			_, err := client.InstanceID(t.Context())
			equal(t, location, asError[*clerk.AnswerError](t, err).Problem, "a redirect"+host+
				"; redirects are not followed, because the secret key would travel along")
			equal(t, "requests", requests, 1)
		}
	}
}

// The tests below use sockets, and most of them the transport that the provider uses.

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
		from      time.Time // of the certificate; zero for no TLS
		newest    uint16    // version of TLS; any if 0
		outOfDate bool
	}{
		"unknown authority": {now.Add(-time.Minute), 0, false},
		"expired":           {now.Add(-2 * time.Hour), 0, true},
		"not yet valid":     {now.Add(time.Hour), 0, true},
		"TLS 1.1":           {now, tls.VersionTLS11, false},
		"no TLS":            {time.Time{}, 0, false},
	} {
		var reached atomic.Int32
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		start := server.Start
		if !test.from.IsZero() {
			server.TLS, start = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: test.newest}, server.StartTLS
			server.TLS.Certificates = []tls.Certificate{certificate(t, test.from)}
		}
		start()
		t.Cleanup(server.Close)
		events := &eventLog{}
		client := clientOn(t, nil, at(t, "https://"+server.Listener.Addr().String()), func(config *clerk.Config) {
			config.MaxRetries, config.Observer = nil, events.add
		})
		_, err := client.CreateOAuthApplication(t.Context(), fieldsNamed("web"))
		refused := asError[*clerk.TransportError](t, err)
		equal(t, name+": untrusted", refused.Untrusted && !refused.Sent, true)
		equal(t, name+": out of date", refused.CertificateOutOfDate, test.outOfDate)
		equal(t, name, events.outcomes(), "refused")
		equal(t, name+": requests", reached.Load(), 0)
	}
}

// A connection that the server closed while it was idle creates no duplicate.
func TestConnectionsThatBreak(t *testing.T) {
	t.Parallel()
	simulator := clerktest.NewServer(clerktest.Options{})
	server := httptest.NewServer(simulator)
	t.Cleanup(func() { server.Close(); simulator.Close() })
	for round := range 10 {
		ctx, cancel := context.WithCancel(t.Context())
		client := clientOn(t, nil, at(t, server.URL), func(config *clerk.Config) {
			config.SecretKey = clerk.NewSecret(simulator.Key())
			config.Observer = func(_ context.Context, event clerk.Event) {
				if event.Outcome == "lost" {
					cancel() // the client searches once and does not send it again
				}
			}
		})
		noError(t, errorOf(client.GetOAuthApplicationSettings(ctx)))
		before := len(simulator.Applications())
		server.CloseClientConnections()
		_, err := client.CreateOAuthApplication(ctx, fieldsNamed(fmt.Sprint("web ", round)))
		cancel()
		// The transport may notice the closed connection before it writes.
		transport, ok := errors.AsType[*clerk.TransportError](err)
		unsent := ok && !transport.Sent
		equal(t, "unknown", isError[*clerk.CreateOutcomeUnknownError](err), err != nil && !unsent)
		equal(t, "created", len(simulator.Applications())-before, map[bool]int{true: 1, false: 0}[err == nil])
	}
}
