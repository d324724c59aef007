// Command clerk-simulator serves Clerk's Backend API for OAuth applications from memory, for trying
// the provider without a Clerk account. Once it serves requests it prints two lines for a shell,
// which set CLERK_API_URL and CLERK_SECRET_KEY. With -ready-file they are in a file too, for a
// script:
//
//	clerk-simulator -ready-file simulator.env &
//	while ! test -e simulator.env; do sleep 0.1; done; . ./simulator.env
//
// The program removes the file when it starts and when it ends, so that the file means that
// requests are served. In a container, listen on every address and name the host under which others
// reach the container:
//
//	clerk-simulator -addr 0.0.0.0:4010 -url http://clerk-simulator:4010
//
// The instance id follows from the key: with -key, a later run is the same instance. The program
// ends on SIGINT and SIGTERM.
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
	"strconv"
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

// configuration is what the flags say.
type configuration struct {
	address, url, readyFile, key string
	seed                         int
	latency                      time.Duration
	limit                        clerktest.RateLimit
	verbose                      bool
	switches                     clerktest.Switches
}

func parseFlags(arguments []string, stderr io.Writer) (configuration, error) {
	c := configuration{limit: clerktest.RateLimit{Per: 10 * time.Second}}
	flags := flag.NewFlagSet("clerk-simulator", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&c.address, "addr", "127.0.0.1:0",
		"`address` to listen on; port 0 takes a free one")
	flags.Func("url", "`URL` under which clients reach the program, for the printed lines and the "+
		"URLs of applications (default the address it listens on)", func(text string) (err error) {
		c.url, err = parseURL(text)
		return err
	})
	flags.IntVar(&c.seed, "seed", 0, "`number` of applications to begin with")
	flags.StringVar(&c.key, "key", "", "secret `key` to accept; the instance id follows from it "+
		"(default a random key)")
	flags.DurationVar(&c.latency, "latency", 0, "`time` that every answer takes at least")
	flags.IntVar(&c.limit.Requests, "rate-limit", 0, "most `requests` in any 10 seconds; "+
		"Clerk allows a development instance 100 (default no limit)")
	flags.StringVar(&c.readyFile, "ready-file", "", "`file` to write the two lines to, once requests "+
		"are served")
	flags.BoolVar(&c.verbose, "v", false, "log method, route and status of each request")
	flags.Func("switch", "`name=value` of an uncertainty of the API, such as "+
		"scopes_order=alphabetical; may be repeated", func(text string) error {
		return setSwitch(&c.switches, text)
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
	return c, nil
}

func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	c, err := parseFlags(arguments, stderr)
	if err != nil {
		return err
	}
	if c.readyFile != "" {
		if err := os.Remove(c.readyFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		defer os.Remove(c.readyFile)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.address)
	if err != nil {
		return err
	}
	if c.url == "" {
		c.url = "http://" + reachable(listener.Addr()) + "/v1"
	}
	options := []clerktest.Option{
		clerktest.WithURL(c.url), clerktest.WithKey(c.key), clerktest.WithSwitches(c.switches),
		clerktest.WithRateLimit(c.limit), clerktest.WithLatency(c.latency),
		clerktest.WithoutRequestLog(),
	}
	if c.verbose {
		options = append(options, clerktest.WithWatch(func(r clerktest.Request, _ clerktest.Answer) {
			fmt.Fprintln(stderr, r.Method, cmp.Or(r.Route, r.Path), r.Status)
		}))
	}
	simulator := clerktest.NewServer(options...)
	defer simulator.Close()
	simulator.SeedMany(c.seed, "application-%d", func(a *clerktest.Application) {
		a.RedirectURIs = []string{"https://" + a.Name + ".example.com/callback"}
	})

	server := &http.Server{Handler: simulator.Handler(), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	err = announce(simulator, c.readyFile, stdout)
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
	address, isTCP := listening.(*net.TCPAddr)
	if !isTCP || !address.IP.IsUnspecified() {
		return listening.String()
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(address.Port))
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
