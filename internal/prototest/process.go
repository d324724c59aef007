package prototest

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// process is one life of the provider's program, or with [SharedProcess] a share in one: what serves one walk.
type process struct {
	provider *Provider
	server   tfprotov6.ProviderServer
	deaf     func() bool // stops listening to the user's interrupt
}

// newProcess starts a server without configuring it. An end of ctx is the user's interrupt.
func (p *Provider) newProcess(ctx context.Context) *process {
	return p.listen(ctx, p.factory())
}

func (p *Provider) listen(ctx context.Context, server tfprotov6.ProviderServer) *process {
	proc := &process{provider: p, server: server}
	proc.deaf = context.AfterFunc(ctx, func() {
		if err := proc.stop(); err != nil {
			p.tb.Errorf("prototest: StopProvider: %s", err)
		}
	})
	return proc
}

// end is the end of the walk. The protocol has no farewell: Terraform ends the program.
func (proc *process) end() { proc.deaf() }

// stop passes on that the user interrupted. The contexts of the calls end by themselves: the interrupt is the end of
// the context from which they come.
func (proc *process) stop() error {
	response, err := proc.server.StopProvider(context.Background(), &tfprotov6.StopProviderRequest{})
	if err != nil {
		return err
	}
	if response != nil && response.Error != "" {
		return errors.New(response.Error)
	}
	return nil
}

// call makes one RPC. The context that the provider sees ends with the call, as it does behind gRPC. The response is nil
// if there is none; then the diagnostics say why.
func call[Request, Response any](
	ctx context.Context, proc *process, name string,
	rpc func(context.Context, *Request) (*Response, error), request *Request,
) (response *Response, ds Diagnostics) {
	provider := proc.provider
	provider.tb.Helper()
	callCtx, done := context.WithCancel(ctx)
	defer done()
	defer func() {
		if recovered := recover(); recovered != nil {
			response = nil
			ds = provider.bug("", "Plugin did not respond",
				"The provider panicked in its %s call: %v\n%s", name, recovered, debug.Stack())
		}
	}()

	response, err := rpc(callCtx, request)
	if err != nil {
		return nil, provider.bug("", "Plugin error", "The provider failed in its %s call: %s", name, err)
	}
	if response == nil {
		return nil, provider.bug("", "Plugin did not respond", "The provider answered its %s call with nothing", name)
	}
	return response, nil
}

// bug fails the test because of something that Terraform, too, would call a bug in the provider.
func (p *Provider) bug(path, summary, format string, args ...any) Diagnostics {
	p.tb.Helper()
	p.tb.Errorf("%s\n%s", summary, fmt.Sprintf(format, args...))
	return terraformError(path, summary, format, args...)
}

// bugIn is bug about an object or the value at a path in it.
func (p *Provider) bugIn(address, path, summary, format string, args ...any) Diagnostics {
	p.tb.Helper()
	if path != "" {
		address += "." + path
	}
	return p.bug(path, summary, "%s: %s", address, fmt.Sprintf(format, args...))
}
