// Command clerk-probe asks a development instance of Clerk what Clerk's documentation leaves open, and prints what it saw
// and which switch of the simulator (clerk-simulator -switch) that is. `make probe` runs it:
//
//	CLERK_TEST_SECRET_KEY=sk_test_… make probe
//
// The program creates a few OAuth applications under a random prefix and deletes them again, also after an error or an
// interrupt. It changes OAuth application settings of the instance for a moment and restores them. It sends at most 80
// requests. Neither the key nor a client secret is in its output. With -api-url or CLERK_API_URL it asks a simulator.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], environment{get: os.Getenv, stdout: os.Stdout, stderr: os.Stderr, transport: newTransport()})
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "clerk-probe:", err)
		os.Exit(1)
	}
}

// environment is what the program has from outside.
type environment struct {
	get            func(string) string // a variable
	stdout, stderr io.Writer
	transport      http.RoundTripper
}

// newTransport gives a transport of the program's own, so that nothing else in the process can change it.
func newTransport() http.RoundTripper {
	return http.DefaultTransport.(*http.Transport).Clone()
}

const (
	keyVariable = "CLERK_TEST_SECRET_KEY"
	urlVariable = "CLERK_API_URL"
)

func run(ctx context.Context, arguments []string, from environment) error {
	var asJSON bool
	var apiURL string
	flags := flag.NewFlagSet("clerk-probe", flag.ContinueOnError)
	flags.SetOutput(from.stderr)
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	flags.StringVar(&apiURL, "api-url", from.get(urlVariable), "`URL` of Clerk's Backend API or of a simulator (default $"+urlVariable+", else "+clerk.DefaultAPIURL+")")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if apiURL == "" {
		apiURL = clerk.DefaultAPIURL
	}
	address, err := clerk.ParseAPIURL(apiURL)
	if err != nil {
		return fmt.Errorf("the URL of the API: %w", err)
	}
	key, err := developmentKey(from.get(keyVariable))
	if err != nil {
		return err
	}
	p := newProbe(newClient(from.transport, address.String(), key), from.stderr)
	result, err := p.run(ctx)
	if len(result.Findings) > 0 {
		err = errors.Join(result.print(from.stdout, asJSON, p.client.scrub), err)
	}
	if err != nil {
		return errors.New(p.client.scrub(err.Error()))
	}
	return nil
}

// developmentKey takes the key of a development instance, and of no other: the program creates, changes and deletes.
func developmentKey(text string) (clerk.Secret, error) {
	key, err := clerk.ParseSecretKey(text)
	if err != nil {
		return clerk.Secret{}, fmt.Errorf("%s: %w", keyVariable, err)
	}
	if !strings.HasPrefix(key.Reveal(), "sk_test_") {
		return clerk.Secret{}, fmt.Errorf("%s is not the key of a development instance (sk_test_…)", keyVariable)
	}
	return key, nil
}
