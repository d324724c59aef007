// Command clerk-simulator serves Clerk's Backend API for OAuth applications from memory, for trying
// the provider without a Clerk account. Once it serves requests it prints two lines for a shell,
// which set CLERK_API_URL and CLERK_SECRET_KEY. With -ready-file they are in a file too, for a
// script:
//
//	clerk-simulator -ready-file simulator.env &
//	while ! test -e simulator.env; do sleep 0.1; done; . ./simulator.env
//
// The program removes the file when it starts and when it ends on SIGINT or SIGTERM, so that the
// file means that requests are served.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "clerk-simulator:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	var switches clerktest.Switches
	var base string
	flags := flag.NewFlagSet("clerk-simulator", flag.ContinueOnError)
	flags.SetOutput(stderr)
	address := flags.String("addr", "127.0.0.1:0",
		"`address` to listen on; port 0 takes a free one")
	flags.Func("url", "`URL` under which clients reach the program, for the printed lines and the "+
		"URLs of applications (default the address it listens on)", func(text string) (err error) {
		base, err = parseURL(text)
		return err
	})
	seed := flags.Uint("seed", 0, "`number` of applications to begin with")
	key := flags.String("key", "", "secret `key` to accept; the instance id follows from it "+
		"(default a random key)")
	latency := flags.Duration("latency", 0, "`time` that every answer takes at least")
	limit := flags.Uint("rate-limit", 0, "most `requests` in any 10 seconds; "+
		"Clerk allows a development instance 100 (default no limit)")
	readyFile := flags.String("ready-file", "", "`file` to write the two lines to, once requests "+
		"are served")
	verbose := flags.Bool("v", false, "log method, route and status of each request")
	flags.Func("switch", "`name=value` of an uncertainty of the API, such as "+
		"scopes_order=alphabetical; may be repeated", switches.Parse)
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}

	if *readyFile != "" {
		if err := os.Remove(*readyFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		defer os.Remove(*readyFile)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", *address)
	if err != nil {
		return err
	}
	var simulator *clerktest.Server
	simulator = clerktest.NewServer(clerktest.Options{
		URL: cmp.Or(base, "http://"+reachable(listener.Addr())+"/v1"), Key: *key, Latency: *latency,
		RateLimit: int(*limit),
		Watch: func(r clerktest.Request, _ clerktest.Answer) {
			simulator.ResetRequests() // or the memory of a program that runs for days would grow
			if *verbose {
				fmt.Fprintln(stderr, r.Method, cmp.Or(r.Route, r.Path), r.Status)
			}
		},
	})
	defer simulator.Close()
	simulator.Set(switches)
	simulator.SeedMany(int(*seed), "application-%d", func(a *clerktest.Application) {
		a.RedirectURIs = []string{"https://" + a.Name + ".example.com/callback"}
	})

	if err := announce(simulator, *readyFile, stdout); err != nil { // connections wait already
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{Handler: simulator, ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// parseURL reads the value of -url, with or without "/v1", and returns it with "/v1".
func parseURL(text string) (string, error) {
	base := strings.TrimSuffix(strings.TrimSuffix(text, "/"), "/v1")
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || base != u.Scheme+"://"+u.Host ||
		u.Hostname() == "" {
		return "", errors.New("want a URL such as http://clerk-simulator:4010")
	}
	return base + "/v1", nil
}

// reachable returns the host and port at which a client on this machine reaches a listener. A
// listener on every address names none that a client could use; it accepts IPv4 too.
func reachable(listening net.Addr) string {
	host, port, _ := net.SplitHostPort(listening.String()) // a TCP address has both
	if net.ParseIP(host).IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// announce says that requests are served. The file appears whole or not at all, so that a script
// may wait for it.
func announce(s *clerktest.Server, readyFile string, stdout io.Writer) error {
	lines := fmt.Sprintf("export CLERK_API_URL=%s\nexport CLERK_SECRET_KEY=%s\n", s.URL(), s.Key())
	if readyFile != "" {
		unfinished := readyFile + ".tmp"
		if err := os.WriteFile(unfinished, []byte(lines), 0o600); err != nil {
			return err
		}
		if err := os.Rename(unfinished, readyFile); err != nil {
			return err
		}
	}
	_, err := io.WriteString(stdout, lines)
	return err
}
