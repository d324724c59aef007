package clerk

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// The client uses HTTP/1.1 even if the server offers HTTP/2, because over HTTP/1.1 the transport repeats nothing.
func TestOnlyHTTP1IsSpoken(t *testing.T) {
	t.Parallel()
	var spoken atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { spoken.Store(int32(r.ProtoMajor)) }))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)

	for _, test := range []struct {
		transport *http.Transport
		want      int32
	}{
		{http.DefaultTransport.(*http.Transport).Clone(), 2}, // the server does offer it
		{newTransport(), 1},
	} {
		roots := x509.NewCertPool()
		roots.AddCert(server.Certificate())
		if test.transport.TLSClientConfig == nil {
			t.Fatal("the transport has no TLS configuration")
		}
		test.transport.TLSClientConfig.RootCAs = roots
		t.Cleanup(test.transport.CloseIdleConnections)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := test.transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if got := spoken.Load(); got != test.want {
			t.Errorf("HTTP/%d was spoken, want HTTP/%d", got, test.want)
		}
	}
}
