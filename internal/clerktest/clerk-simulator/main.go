// Command clerk-simulator serves Clerk's Backend API for OAuth applications from memory, for trying the provider without
// a Clerk account. Once it serves it prints two lines for a shell, which set CLERK_API_URL and CLERK_SECRET_KEY. With
// -ready-file they are in a file too, for a script:
//
//	clerk-simulator -ready-file simulator.env &
//	while ! test -e simulator.env; do sleep 0.1; done; . ./simulator.env
//
// It ends on SIGINT and SIGTERM.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
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
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "clerk-simulator:", err)
		os.Exit(1)
	}
}

// configuration is what the flags say.
type configuration struct {
	address, readyFile, key string
	seed                    int
	latency                 time.Duration
	limit                   clerktest.RateLimit
	verbose                 bool
	switches                clerktest.Switches
}

func parseFlags(arguments []string, stderr io.Writer) (configuration, error) {
	var c configuration
	flags := flag.NewFlagSet("clerk-simulator", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&c.address, "addr", "127.0.0.1:0", "`address` to listen on; port 0 takes a free one")
	flags.IntVar(&c.seed, "seed", 0, "`number` of applications to begin with")
	flags.StringVar(&c.key, "key", "", "secret `key` to accept (default a random one)")
	flags.DurationVar(&c.latency, "latency", 0, "`time` that every answer takes at least")
	flags.IntVar(&c.limit.Requests, "rate-limit", 0, "most `requests` in any 10 seconds; Clerk allows a development instance 100 (default no limit)")
	flags.StringVar(&c.readyFile, "ready-file", "", "`file` to write the two lines to, once requests are served")
	flags.BoolVar(&c.verbose, "v", false, "log method, route and status of each request")
	flags.Func("switch", "`name=value` of an uncertainty of the API, such as scopes_order=as_sent; may be repeated", func(text string) error {
		name, value, found := strings.Cut(text, "=")
		if !found {
			return errors.New("want name=value")
		}
		return c.switches.SetByName(name, value)
	})
	if err := flags.Parse(arguments); err != nil {
		return c, err
	}
	if flags.NArg() > 0 {
		return c, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if c.seed < 0 || c.limit.Requests < 0 || c.latency < 0 {
		return c, errors.New("-seed, -rate-limit and -latency cannot be negative")
	}
	c.limit.Per = 10 * time.Second
	return c, nil
}

func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	c, err := parseFlags(arguments, stderr)
	if err != nil {
		return err
	}
	options := []clerktest.Option{
		clerktest.WithKey(c.key), clerktest.WithSwitches(c.switches),
		clerktest.WithRateLimit(c.limit), clerktest.WithLatency(c.latency),
		// Nobody asks this program for its requests, and it may run for days.
		clerktest.WithoutRequestLog(),
	}
	if c.verbose {
		options = append(options, clerktest.WithWatch(func(r clerktest.Request) { logRequest(stderr, r) }))
	}
	simulator := clerktest.NewServer(options...)
	defer simulator.Close()
	simulator.SeedMany(c.seed, "application-%d", func(a *clerktest.Application) {
		a.RedirectURIs = []string{"https://" + a.Name + ".example.com/callback"}
	})

	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: simulator.Handler(), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	lines := fmt.Sprintf("export CLERK_API_URL=http://%s/v1\nexport CLERK_SECRET_KEY=%s\n", listener.Addr(), simulator.Key())
	err = announce(lines, c.readyFile, stdout)
	if err == nil {
		select {
		case err = <-served:
			return err
		case <-ctx.Done():
		}
	}
	simulator.Close()
	return errors.Join(err, server.Close())
}

// announce tells that requests are served. The file appears whole or not at all, so that a script may wait for it.
func announce(lines, readyFile string, stdout io.Writer) error {
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

func logRequest(w io.Writer, r clerktest.Request) {
	route := r.Route
	if route == "" {
		route = "(unknown path)"
	}
	fmt.Fprintf(w, "%s %s %d\n", r.Method, route, r.Status)
}
