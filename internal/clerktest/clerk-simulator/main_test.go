package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// program is a run of the program.
type program struct {
	url, key string        // what it printed
	logged   *bytes.Buffer // to be read once it has stopped
	stop     func()
}

func start(t *testing.T, arguments ...string) program {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	logged := &bytes.Buffer{}
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, arguments, writer, logged)
		writer.Close()
		ended <- err
	}()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the program ended with %v", err)
		}
	})
	t.Cleanup(stop)
	lines := make([]byte, 1024)
	n, err := reader.Read(lines)
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile(`^export CLERK_API_URL=(http://\S+/v1)\nexport CLERK_SECRET_KEY=(sk_\w+)\n$`).FindSubmatch(lines[:n])
	if match == nil {
		t.Fatalf("printed %q", lines[:n])
	}
	return program{url: string(match[1]), key: string(match[2]), logged: logged, stop: stop}
}

func get(t *testing.T, url, key string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	answered, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answered.Body.Close()
	body, err := io.ReadAll(answered.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answered.StatusCode, string(body)
}

func TestProgram(t *testing.T) {
	t.Parallel()
	ready := filepath.Join(t.TempDir(), "ready.env")
	p := start(t, "-seed", "5000", "-key", "sk_live_simulator", "-switch", "scopes_order=fixed", "-switch", "list_default_order=oldest_first",
		"-rate-limit", "3", "-latency", "1ms", "-v", "-ready-file", ready)
	if p.key != "sk_live_simulator" {
		t.Errorf("the key is %q", p.key)
	}
	written, err := os.ReadFile(ready)
	if want := "export CLERK_API_URL=" + p.url + "\nexport CLERK_SECRET_KEY=" + p.key + "\n"; err != nil || string(written) != want {
		t.Errorf("the ready file holds %q, %v", written, err)
	}
	status, list := get(t, p.url+"/oauth_applications?limit=1", p.key)
	for _, want := range []string{`"total_count":5000`, `"name":"application-1"`, `"scopes":"profile email offline_access"`, `"https://application-1.example.com/callback"`} {
		if status != http.StatusOK || !strings.Contains(list, want) {
			t.Errorf("%d, %s is not in %s", status, want, list)
		}
	}
	if status, instance := get(t, p.url+"/instance", p.key); status != http.StatusOK || !strings.Contains(instance, `"production"`) {
		t.Errorf("%d %s", status, instance)
	}
	get(t, p.url+"/nowhere", p.key)
	if status, _ := get(t, p.url+"/instance", p.key); status != http.StatusTooManyRequests {
		t.Errorf("the fourth request: %d", status)
	}

	if match := regexp.MustCompile(`"token_introspection_url":"([^"]*)"`).FindStringSubmatch(list); match == nil || match[1] != strings.TrimSuffix(p.url, "/v1")+"/oauth/token_info" {
		t.Errorf("the introspection endpoint is at %q, the API at %s", match, p.url)
	}

	p.stop()
	if _, err := os.Stat(ready); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the ready file after the end: %v", err)
	}
	want := "GET /oauth_applications 200\nGET /instance 200\nGET (unknown path) 404\nGET /instance 429\n"
	if p.logged.String() != want {
		t.Errorf("logged %q, want %q", p.logged, want)
	}
}

func TestPrintedAddressCanBeUsed(t *testing.T) {
	t.Parallel()
	const want = "http://127.0.0.1:"
	for _, address := range []string{"127.0.0.1:0", "0.0.0.0:0", ":0"} {
		p := start(t, "-addr", address)
		if status, _ := get(t, p.url+"/instance", p.key); status != http.StatusOK || !strings.HasPrefix(p.url, want) {
			t.Errorf("-addr %s: %s answers %d", address, p.url, status)
		}
	}
	for listening, want := range map[string]string{"[::]:7": "127.0.0.1:7", "[::1]:7": "[::1]:7", "10.1.2.3:7": "10.1.2.3:7"} {
		address, err := net.ResolveTCPAddr("tcp", listening)
		if err != nil {
			t.Fatal(err)
		}
		if got := reachable(address); got != want {
			t.Errorf("%s: got %s, want %s", listening, got, want)
		}
	}
}

func TestURLOfTheProgram(t *testing.T) {
	t.Parallel()
	reserved, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := reserved.Addr().String()
	reserved.Close()
	for _, text := range []string{"http://clerk-simulator:4010", "http://clerk-simulator:4010/", "http://clerk-simulator:4010/v1/"} {
		p := start(t, "-addr", address, "-url", text, "-seed", "1")
		if p.url != "http://clerk-simulator:4010/v1" {
			t.Errorf("-url %s: printed %s", text, p.url)
		}
		if _, list := get(t, "http://"+address+"/v1/oauth_applications", p.key); !strings.Contains(list, `"authorize_url":"http://clerk-simulator:4010/oauth/authorize"`) {
			t.Errorf("-url %s: %s", text, list)
		}
		p.stop()
	}
}

// A ready file of an earlier run must not be taken for this run's.
func TestReadyFileOfAnEarlierRun(t *testing.T) {
	t.Parallel()
	ready := filepath.Join(t.TempDir(), "ready.env")
	if err := os.WriteFile(ready, []byte("export CLERK_API_URL=http://127.0.0.1:1/v1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), []string{"-ready-file", ready, "-addr", "256.0.0.1:1"}, io.Discard, io.Discard); err == nil {
		t.Error("no error")
	}
	if _, err := os.Stat(ready); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the old ready file: %v", err)
	}
}

func TestWrongFlags(t *testing.T) {
	t.Parallel()
	for want, arguments := range map[string][]string{
		"no switch is named":  {"-switch", "scope=x"},
		"want name=value":     {"-switch", "scopes_order"},
		"cannot be negative":  {"-seed", "-1"},
		"unexpected argument": {"serve"},
		"http://clerk-sim":    {"-url", "clerk-simulator:4010"},
		"want a URL such":     {"-url", "http://clerk-simulator:4010/api"},
		"listen":              {"-addr", "256.0.0.1:1"},
		"no such file":        {"-ready-file", filepath.Join(t.TempDir(), "missing", "file")},
	} {
		if err := run(t.Context(), arguments, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %s", arguments, err, want)
		}
	}
}
