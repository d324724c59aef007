package clerk_test

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func TestMain(m *testing.M) {
	if os.Getenv(insideProcess) != "" {
		askThroughProxy()
		return
	}
	os.Exit(m.Run())
}

func TestLimitsByKindOfKey(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		key           string
		limit, option int
	}{
		{"sk_test_1", clerk.DefaultRequestsPer10sDevelopment, 0},
		{"sk_live_1", clerk.DefaultRequestsPer10sProduction, 0},
		{"sk_test_1", 7, 7},
	} {
		synctest.Test(t, func(t *testing.T) {
			server := clerktest.NewInMemory(t, clerktest.WithKey(test.key))
			client := newClient(t, server, func(config *clerk.Config) { config.RequestsPer10s = test.option })
			began := time.Now()
			for range test.limit + 1 {
				_, err := client.GetOAuthApplicationSettings(t.Context())
				noError(t, err)
			}
			equal(t, "time", time.Since(began), 10*time.Second)
			equal(t, "the last before", server.Requests()[test.limit-1].Time.Sub(began), 0)
		})
	}
}

func TestServerNow(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		equal(f, "before an answer", f.client.ServerNow(), time.Now())
		f.server.SetClockSkew(time.Hour)
		_, err := f.client.Instance(f.Context())
		noError(f, err)
		time.Sleep(90 * time.Second)
		ahead := time.Until(f.client.ServerNow())
		equal(f, "an hour ahead", ahead > 59*time.Minute && ahead <= time.Hour, true)
	})
}

func TestAPIURLWithAPath(t *testing.T) {
	t.Parallel()
	base, err := clerk.ParseAPIURL("https://proxy.example:8443/clerk/")
	noError(t, err)
	var asked string
	client := clientOn(t, roundTrip(func(req *http.Request) (*http.Response, error) {
		asked = req.URL.String()
		return answering(200, "", appJSON)(req)
	}), func(config *clerk.Config) { config.APIURL = base })
	_, err = client.GetOAuthApplication(t.Context(), "oa_1")
	noError(t, err)
	equal(t, "address", asked, "https://proxy.example:8443/clerk/v1/oauth_applications/oa_1")
	equal(t, "APIURL", client.APIURL(), "https://proxy.example:8443/clerk/v1")
}

// The client speaks HTTP/1.1 even if the server offers HTTP/2, because over HTTP/1.1 the
// transport repeats nothing.
func TestOnlyHTTP1IsSpoken(t *testing.T) {
	t.Parallel()
	var spoken []string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		spoken = append(spoken, r.Proto)
		_, _ = io.WriteString(w, `{"object":"instance","id":"ins_1"}`)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	noError(t, err)
	res, err := server.Client().Do(req)
	noError(t, err)
	res.Body.Close()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), insideProcess+"="+server.URL, "SSL_CERT_FILE="+rootsOf(t, server))
	output, err := command.CombinedOutput()
	noError(t, err)
	contains(t, "output", string(output), `instance "ins_1"`)
	equal(t, "protocols", spoken, []string{"HTTP/2.0", "HTTP/1.1"})
}

func rootsOf(t testing.TB, server *httptest.Server) string {
	t.Helper()
	roots := filepath.Join(t.TempDir(), "roots.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}
	noError(t, os.WriteFile(roots, pem.EncodeToMemory(block), 0o600))
	return roots
}

// insideProcess is the address to ask in a process in which the test binary does nothing but
// askThroughProxy: Go reads the proxy variables and the certificates once in the life of a process.
const insideProcess = "CLERK_TEST_PROXY_PROCESS"

func askThroughProxy() {
	key, _ := clerk.ParseSecretKey(testKey)
	base, _ := clerk.ParseAPIURL(os.Getenv(insideProcess))
	attempts := 0
	client := clerk.New(clerk.Config{
		SecretKey: key, APIURL: base, MaxRetries: new(1),
		Observer: func(context.Context, clerk.Event) { attempts++ },
	})
	instance, err := client.Instance(context.Background())
	fmt.Printf("instance %q, attempts %d, error %v\n%+v %#v\n", instance.ID, attempts, err, err, err)
}

func TestThroughProxy(t *testing.T) {
	t.Parallel()
	const password = "hunter2secret"
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"object":"instance","id":"ins_behind_the_proxy"}`)
	}))
	t.Cleanup(server.Close)
	credentials := "Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+password))
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Header.Get("Proxy-Authorization") != credentials {
			w.Header().Set("Proxy-Authenticate", "Basic")
			http.Error(w, "wrong: "+r.Header.Get("Proxy-Authorization"), http.StatusProxyAuthRequired)
			return
		}
		tunnel(w, server.Listener.Addr().String())
	}))
	t.Cleanup(proxy.Close)
	host := strings.TrimPrefix(proxy.URL, "http://")
	for name, test := range map[string]struct{ variable, says string }{
		"used":        {"http://user:" + password + "@" + host, `instance "ins_behind_the_proxy", attempts 1, error <nil>`},
		"refused":     {"http://user:x" + password + "@" + host, "attempts 1, error the request could not be sent (the proxy asks for authentication (HTTP 407))"},
		"unreachable": {"http://user:" + password + "@127.0.0.1:1", "attempts 2, error the request could not be sent (proxyconnect"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := exec.CommandContext(t.Context(), os.Args[0])
			command.Env = append(os.Environ(), insideProcess+"=https://example.com", "HTTPS_PROXY="+test.variable, "NO_PROXY=", "no_proxy=", "https_proxy=", "SSL_CERT_FILE="+rootsOf(t, server))
			output, err := command.CombinedOutput()
			noError(t, err)
			contains(t, "output", string(output), test.says)
			for _, secret := range []string{password, strings.TrimPrefix(credentials, "Basic "), testKey} {
				equal(t, "the output shows "+secret, strings.Contains(string(output), secret), false)
			}
		})
	}
}

// tunnel answers a CONNECT with a connection to another address.
func tunnel(w http.ResponseWriter, address string) {
	backend, err := net.Dial("tcp", address)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	client, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		backend.Close()
		return
	}
	_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
	var wait sync.WaitGroup
	wait.Go(func() { _, _ = io.Copy(backend, client); backend.Close() })
	wait.Go(func() { _, _ = io.Copy(client, backend); client.Close() })
	wait.Wait()
}
