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
	"testing"
)

// start runs the program and returns what it printed and what ends it.
func start(t *testing.T, logged io.Writer, arguments ...string) (url, key string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, arguments, writer, logged)
		writer.CloseWithError(err)
		ended <- err
	}()
	lines := make([]byte, 1024)
	n, err := reader.Read(lines)
	printed := regexp.MustCompile(`^export CLERK_API_URL=(\S+)\nexport CLERK_SECRET_KEY=(sk_\w+)\n$`)
	match := printed.FindSubmatch(lines[:n])
	if match == nil {
		t.Fatalf("printed %q, %v", lines[:n], err)
	}
	return string(match[1]), string(match[2]), func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the program ended with %v", err)
		}
	}
}

func get(t *testing.T, url, key string) string {
	t.Helper()
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil) // the URL was printed
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
	return answered.Status + " " + string(body)
}

func TestProgram(t *testing.T) {
	t.Parallel()
	ready := filepath.Join(t.TempDir(), "ready.env")
	if err := os.WriteFile(ready, []byte("of an earlier run"), 0o600); err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer // to be read once the program has ended
	url, key, stop := start(t, &logged, "-addr", "0.0.0.0:0", "-seed", "5000", "-key", "sk_live_simulator",
		"-switch", "scopes_order=fixed", "-switch", "read_lag=1ms", "-rate-limit", "3", "-latency", "1ms",
		"-v", "-ready-file", ready)
	written, err := os.ReadFile(ready)
	if want := "export CLERK_API_URL=" + url + "\nexport CLERK_SECRET_KEY=sk_live_simulator\n"; string(written) != want {
		t.Errorf("the ready file holds %q, %v", written, err)
	}
	instance := get(t, url+"/instance", key)
	list := get(t, url+"/oauth_applications?limit=1&order_by=created_at", key)
	got := instance + list + get(t, url+"/nowhere", key) + get(t, url+"/instance", key)
	stop()
	for _, part := range []string{
		"200 OK", `"production"`, `"total_count":5000`, `"name":"application-1"`, `"scopes":"profile email offline_access"`,
		`"https://application-1.example.com/callback"`, strings.TrimSuffix(url, "/v1") + "/oauth/token_info",
		"404 Not Found 404 page not found", "429 Too Many Requests",
	} {
		if !strings.Contains(got, part) {
			t.Errorf("%s is not in %s", part, got)
		}
	}
	if _, err := os.Stat(ready); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the ready file after the end: %v", err)
	}
	want := "GET /instance 200\nGET /oauth_applications 200\nGET /nowhere 404\nGET /instance 429\n"
	if logged.String() != want {
		t.Errorf("logged %q", &logged)
	}
	url, key, stop = start(t, io.Discard, "-key", "sk_live_simulator")
	if again := get(t, url+"/instance", key); again != instance {
		t.Errorf("the instance was %s, and is %s after a restart", instance, again)
	}
	stop()
}

func TestReachableAddress(t *testing.T) {
	t.Parallel()
	for listening, want := range map[string]string{
		"[::]:7": "127.0.0.1:7", "[::1]:7": "[::1]:7", "10.1.2.3:7": "10.1.2.3:7",
	} {
		address, err := net.ResolveTCPAddr("tcp", listening)
		if got := reachable(address); err != nil || got != want {
			t.Errorf("%s: got %s, want %s", listening, got, want)
		}
	}
	url, _, stop := start(t, io.Discard, "-url", "http://clerk-simulator:4010/")
	stop()
	if url != "http://clerk-simulator:4010/v1" {
		t.Errorf("printed %s", url)
	}
}

func TestWrongFlags(t *testing.T) {
	t.Parallel()
	for want, arguments := range map[string][]string{
		"there are dcr_forces_consent": {"-switch", "help="},
		"as_sent, alphabetical, fixed": {"-switch", "scopes_order="},
		"a duration such as 500ms":     {"-switch", "read_lag=-1s"},
		"want name=value":              {"-switch", "scopes_order"},
		"unexpected argument":          {"serve"},
		"want a URL such":              {"-url", "http://clerk-simulator:4010/api"},
		"listen":                       {"-addr", "256.0.0.1:1"},
		"no such file":                 {"-ready-file", filepath.Join(t.TempDir(), "missing", "file")},
	} {
		err := run(t.Context(), arguments, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %s", arguments, err, want)
		}
	}
}
