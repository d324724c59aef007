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
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

func TestMain(m *testing.M) {
	if os.Getenv(insideProcess) != "" {
		askThroughProxy()
		return
	}
	os.Exit(m.Run())
}

func TestServerNow(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		equal(f, "before an answer", f.client.ServerNow(), time.Now())
		f.server.SetClockSkew(time.Hour, 0)
		_, err := f.client.InstanceID(f.Context())
		noError(f, err)
		time.Sleep(90 * time.Second)
		ahead := time.Until(f.client.ServerNow())
		equal(f, "an hour ahead", ahead > 59*time.Minute && ahead <= time.Hour, true)
	})
}

func TestParseAPIURL(t *testing.T) {
	t.Parallel()
	for want, urls := range map[string][]string{
		"https://api.clerk.com/v1": {
			"https://api.clerk.com/v1", "https://api.clerk.com/v1//", "https://api.clerk.com", "https://api.clerk.com/",
			" https://api.clerk.com\n", "HTTPS://api.clerk.com",
		},
		"https://proxy.example/clerk/v1": {"https://proxy.example/clerk/"},
		"https://proxy.example/xv1/v1":   {"https://proxy.example/xv1"},
		"https://10.0.0.1:8443/v1":       {"https://10.0.0.1:8443"},
		"http://127.9.9.9/v1":            {"http://127.9.9.9"},
		"http://[::1]:8080/v1":           {"http://[::1]:8080/v1"},
		"http://clerk.localhost/v1":      {"http://clerk.localhost"},
	} {
		for _, raw := range urls {
			equal(t, raw, clientOn(t, nil, at(t, raw)).APIURL(), want)
		}
	}
	for want, urls := range map[error][]string{
		clerk.ErrURLMalformed: {
			"", "api.clerk.com", "/v1", "https://", "https:///v1", "https://:8080", "https:api.clerk.com", "javascript:alert(1)",
			"javascript://api.clerk.com/%0a", "file:///etc/passwd", "ftp://api.clerk.com", "https://api.clerk.com:port",
			"https://api.clerk.com/%zz", "https://api.clerk.com\x00", "https://%d0%b0pi.clerk.com",
			"https://аpi.clerk.com", // the first letter is Cyrillic
		},
		clerk.ErrURLInsecure: {
			"http://api.clerk.com", "http://127.0.0.1.example.com", "http://notlocalhost", "http://0.0.0.0", "http://[2001:db8::1]",
		},
		clerk.ErrURLCredentials: {"https://user@api.clerk.com", "https://user:secret@api.clerk.com"},
		clerk.ErrURLTail: {
			"https://api.clerk.com/v1?key=1", "https://api.clerk.com/v1?", "https://api.clerk.com/v1#", "https://api.clerk.com/v1#top",
		},
	} {
		for _, raw := range urls {
			u, err := clerk.ParseAPIURL(raw)
			equal(t, raw, err, want)
			if want == clerk.ErrURLInsecure {
				equal(t, raw, u.String(), raw+"/v1")
			} else {
				equal(t, raw+" gives nothing", u == nil, true)
			}
		}
	}
}

func TestIsLoopback(t *testing.T) {
	t.Parallel()
	for want, hosts := range map[bool][]string{
		true: {
			"localhost", "LocalHost.", "app.localhost", "App.LOCALHOST.", "127.0.0.1", "127.0.0.1.", "127.255.255.255", "::1",
			"0000:0000:0000:0000:0000:0000:0000:0001", "::0.0.0.1", "::ffff:127.0.0.1", "::FFFF:7f00:1", "::1%lo",
		},
		false: {
			"", ".", "[]", "localhost.example", "notlocalhost", "localhost..", "127.evil.example", "127.0.0.1.nip.io", "127.1",
			"2130706433", "0x7f.0.0.1", "127.0.0.01", "128.0.0.1", "10.0.0.1", "0.0.0.0", "::", "::2", "::ffff:10.0.0.1", "fe80::1",
			"localhost:80", "127.0.0.1:80", "[::1]", "ⓛocalhost", " localhost",
		},
	} {
		for _, host := range hosts {
			equal(t, host, clerk.IsLoopback(host), want)
		}
	}
}

// insideProcess is the address to ask in a process in which the test binary does nothing but
// askThroughProxy: Go reads the proxy variables and the certificates once in the life of a process.
const insideProcess = "CLERK_TEST_PROXY_PROCESS"

func askThroughProxy() {
	base, _ := clerk.ParseAPIURL(os.Getenv(insideProcess))
	attempts := 0
	client := clerk.New(clerk.Config{
		SecretKey: clerk.NewSecret(testKey), APIURL: base, MaxRetries: new(1),
		Observer: func(context.Context, clerk.Event) { attempts++ },
	})
	instance, err := client.InstanceID(context.Background())
	fmt.Printf("%+v, attempts %d, error %v\n%+v %#v\n", instance, attempts, err, err, err)
}

// The client uses the proxy of the environment. It speaks HTTP/1.1 even if the server offers
// HTTP/2, because over HTTP/1.1 the transport repeats nothing.
func TestThroughProxy(t *testing.T) {
	t.Parallel()
	const password = "hunter2secret"
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := strings.NewReplacer("/", "_", ".", "_").Replace(r.Proto + r.URL.Path)
		fmt.Fprintf(w, `{"object":"instance","id":"ins_%s"}`, id)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	equal(t, "offers", server.TLS.NextProtos[0], "h2")
	roots := filepath.Join(t.TempDir(), "roots.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}
	noError(t, os.WriteFile(roots, pem.EncodeToMemory(block), 0o600))
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
		"used":        {"http://user:" + password + "@" + host, "ins_HTTP_1_1_api_v1_instance, attempts 1, error <nil>"},
		"refused":     {"http://user:x" + password + "@" + host, "attempts 1, error the request could not be sent (the proxy asks for authentication (HTTP 407))"},
		"unreachable": {"http://user:" + password + "@127.0.0.1:1", "attempts 2, error the request could not be sent (proxyconnect"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := exec.CommandContext(t.Context(), os.Args[0])
			command.Env = append(os.Environ(), insideProcess+"=https://example.com/api", "HTTPS_PROXY="+test.variable,
				"NO_PROXY=", "no_proxy=", "https_proxy=", "SSL_CERT_FILE="+roots)
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
		panic(err)
	}
	client, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
	var wait sync.WaitGroup
	wait.Go(func() { _, _ = io.Copy(backend, client); backend.Close() })
	wait.Go(func() { _, _ = io.Copy(client, backend); client.Close() })
	wait.Wait()
}
