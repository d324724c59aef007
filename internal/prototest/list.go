package prototest

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
)

// ListResult is one object that a list resource found.
type ListResult struct {
	DisplayName string
	Identity    Object
	Resource    Object // does not exist unless it was asked for
	Diagnostics Diagnostics
}

// List lists what exists of a resource type, as `terraform query` does: at most limit objects (Terraform's own default
// is 100), with the whole object if includeResource. Errors fail the test.
func (p *Provider) List(typeName string, config Values, limit int64, includeResource bool) []ListResult {
	p.tb.Helper()
	results, ds := p.TryList(p.context(), typeName, config, limit, includeResource)
	mustNotFail(p.tb, "list of "+typeName, ds)
	return results
}

// TryList is [Provider.List] with a context, whose end is the user's interrupt. As in Terraform the first error ends
// the list; what came before it is returned. A warning may come without an object.
func (p *Provider) TryList(ctx context.Context, typeName string, config Values, limit int64, includeResource bool) ([]ListResult, Diagnostics) {
	p.tb.Helper()
	s := p.schemas.lists[typeName]
	switch {
	case p.options.oldEngine:
		p.tb.Fatalf("prototest: an old engine has no list resources")
	case s == nil:
		p.tb.Fatalf("prototest: the provider has no list resource %s", typeName)
	case p.schemas.resources[typeName] == nil || p.schemas.identities[typeName] == nil:
		p.tb.Fatalf("prototest: the list resource %s needs a resource of the same name that has an identity", typeName)
	}
	value := p.blockConfiguration(s, "list resource "+typeName, config)
	ds := missingArguments(s, value, nil)
	if ds.HasError() {
		return nil, ds
	}
	unconfigured := p.newProcess(ctx)
	defer unconfigured.end()
	if ds = p.validateList(ctx, unconfigured, typeName, value); ds.HasError() {
		return nil, ds
	}

	proc, more := p.start(ctx)
	defer proc.end()
	if ds = ds.and(more).and(p.validateList(ctx, proc, typeName, value)); ds.HasError() {
		return nil, ds
	}
	results, more := p.list(ctx, proc, &tfprotov6.ListResourceRequest{
		TypeName: typeName, Config: p.encode(s, value), Limit: limit, IncludeResource: includeResource,
	})
	return results, ds.and(more)
}

// validateList sends neither limit nor include_resource: Terraform leaves them out, too.
func (p *Provider) validateList(ctx context.Context, proc *process, typeName string, config cty.Value) Diagnostics {
	p.tb.Helper()
	server := p.listServer(proc)
	response, ds := call(ctx, proc, "ValidateListResourceConfig", server.ValidateListResourceConfig,
		&tfprotov6.ValidateListResourceConfigRequest{TypeName: typeName, Config: p.encode(p.schemas.lists[typeName], config)})
	if response == nil {
		return ds
	}
	return fromProtocol("ValidateListResourceConfig", response.Diagnostics)
}

func (p *Provider) listServer(proc *process) tfprotov6.ListResourceServer {
	p.tb.Helper()
	server, ok := proc.server.(tfprotov6.ListResourceServer)
	if !ok {
		p.tb.Fatalf("prototest: the provider's server has no list resources")
	}
	return server
}

func (p *Provider) list(ctx context.Context, proc *process, request *tfprotov6.ListResourceRequest) (results []ListResult, ds Diagnostics) {
	p.tb.Helper()
	server := p.listServer(proc)

	// The results are made while they are read, so the call lasts until then.
	ctx, done := context.WithCancel(ctx)
	defer done()
	defer func() {
		if recovered := recover(); recovered != nil {
			ds = ds.and(p.bug("", "Plugin did not respond",
				"The provider panicked while it listed %s: %v\n%s", request.TypeName, recovered, debug.Stack()))
		}
	}()
	stream, err := server.ListResource(ctx, request)
	if err != nil {
		return nil, p.bug("", "Plugin error", "The provider failed in its ListResource call: %s", err)
	}
	if stream == nil || stream.Results == nil || request.Limit <= 0 {
		return nil, nil
	}
	for sent := range stream.Results {
		result, more := p.listResult(request, sent)
		ds = ds.and(more)
		if ds.HasError() {
			break
		}
		if !result.Identity.Exists() {
			continue // a warning only
		}
		results = append(results, result)
		if int64(len(results)) >= request.Limit {
			break
		}
	}
	return results, ds
}

func (p *Provider) listResult(request *tfprotov6.ListResourceRequest, sent tfprotov6.ListResourceResult) (ListResult, Diagnostics) {
	p.tb.Helper()
	resourceSchema, identitySchema := p.schemas.resources[request.TypeName], p.schemas.identities[request.TypeName]
	result := ListResult{
		DisplayName: sent.DisplayName,
		Identity:    Object{tb: p.tb, schema: identitySchema, value: cty.NullVal(identitySchema.typ)},
		Resource:    Object{tb: p.tb, schema: resourceSchema, value: cty.NullVal(resourceSchema.typ)},
		Diagnostics: fromProtocol("ListResource", sent.Diagnostics),
	}
	ds := result.Diagnostics
	bug := func(format string, args ...any) {
		p.tb.Helper()
		ds = ds.and(p.bugIn("list."+request.TypeName, "", "Provider produced invalid list result",
			"%q: %s", sent.DisplayName, fmt.Sprintf(format, args...)))
	}
	if ds.HasError() {
		return result, ds
	}

	switch {
	case sent.Identity != nil && sent.Identity.IdentityData != nil:
		identity, err := decode(sent.Identity.IdentityData, identitySchema.typ)
		switch {
		case err != nil:
			bug("the identity does not fit its schema: %s", err)
		case identity.IsNull() || !identity.IsWhollyKnown():
			bug("the identity is null or not wholly known")
		default:
			result.Identity.value = identity
		}
	case len(ds) == 0:
		bug("missing identity data")
	}

	if sent.Resource != nil && request.IncludeResource {
		value, err := decode(sent.Resource, resourceSchema.typ)
		switch {
		case err != nil:
			bug("the resource object does not fit its schema: %s", err)
		case !value.IsWhollyKnown():
			bug("the resource object has unknown values: %v", formatPaths(unknownPaths(value)))
		default:
			result.Resource.value = value
		}
	}
	return result, ds
}
