package clerk_test

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// nullLog is for servers whose errors are part of the test.
var nullLog = log.New(io.Discard, "", 0)

// insideProcess is set in the environment of a process in which the test binary does nothing but askThroughProxy: Go
// reads the proxy variables and the certificates once in the life of a process.
const insideProcess = "CLERK_TEST_PROXY_PROCESS"

func askThroughProxy() {
	key, _ := clerk.ParseSecretKey(testKey)
	base, _ := clerk.ParseAPIURL("https://example.com")
	client := clerk.New(clerk.Config{SecretKey: key, APIURL: base, MaxRetries: new(0)})
	instance, err := client.Instance(context.Background())
	fmt.Printf("instance %q, error %v\n%+v %#v\n", instance.ID, err, err, err)
}

func TestThroughProxy(t *testing.T) {
	t.Parallel()
	const password = "hunter2secret"
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"object":"instance","id":"ins_behind_the_proxy"}`)
	}))
	t.Cleanup(server.Close)
	roots := filepath.Join(t.TempDir(), "roots.pem")
	noError(t, os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))

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
		"used":        {"http://user:" + password + "@" + host, `instance "ins_behind_the_proxy", error <nil>`},
		"refused":     {"http://user:x" + password + "@" + host, "the request could not be sent (the proxy asks for authentication (HTTP 407)"},
		"unreachable": {"http://user:" + password + "@127.0.0.1:1", "the request could not be sent (proxyconnect"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := exec.CommandContext(t.Context(), os.Args[0])
			command.Env = append(os.Environ(), insideProcess+"=1", "HTTPS_PROXY="+test.variable, "NO_PROXY=", "no_proxy=", "https_proxy=", "SSL_CERT_FILE="+roots)
			output, err := command.CombinedOutput()
			noError(t, err)
			text := string(output)
			if !strings.Contains(text, test.says) {
				t.Errorf("output without %q:\n%s", test.says, text)
			}
			for _, secret := range []string{password, strings.TrimPrefix(credentials, "Basic "), testKey} {
				if strings.Contains(text, secret) {
					t.Errorf("the output shows %q:\n%s", secret, text)
				}
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
