package provider_test

import (
	"context"
	"maps"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// configuring replaces the provider block: an argument may be unknown, which no values can say.
type configuring struct {
	tfprotov6.ProviderServer
	said    *messages
	unknown string
}

func (c configuring) ConfigureProvider(
	ctx context.Context, req *tfprotov6.ConfigureProviderRequest,
) (*tfprotov6.ConfigureProviderResponse, error) {
	typ := schemas().Provider.ValueType()
	block := must(req.Config.Unmarshal(typ))
	block = must(tftypes.Transform(block, func(at *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if at.Equal(tftypes.NewAttributePath().WithAttributeName(c.unknown)) {
			return tftypes.NewValue(v.Type(), tftypes.UnknownValue), nil
		}
		return v, nil
	}))
	req.Config = new(must(tfprotov6.NewDynamicValue(typ, block)))
	response, err := c.ProviderServer.ConfigureProvider(ctx, req)
	*c.said = messagesOf(response.Diagnostics)
	response.Diagnostics = nil
	return response, err
}

// An argument that is not known yet stops only what has to send a request, and a wrong
// one stops everything.
func TestProtocolConfigure(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		known := tf.block
		for name, test := range map[string]struct {
			block                          values
			unknown, configure, plan, read string // the unknown argument and parts of the errors
		}{
			"all arguments": {block: values{
				"instance_id": tf.clerk.InstanceID(), "request_timeout": "1m30s", "max_retries": 1,
				"requests_per_10s": 50,
			}},
			"an unknown key":          {unknown: "secret_key", read: "argument secret_key is known only after"},
			"an unknown address":      {unknown: "api_url", read: "environment variable CLERK_API_URL"},
			"an unknown limit":        {unknown: "max_retries", read: "set the argument to a known value"},
			"an empty instance_id":    {block: values{"instance_id": ""}, configure: "Unable to use Clerk instance id"},
			"an instance_id of a key": {block: values{"instance_id": "sk_test_a"}, configure: "Unable to use Clerk instance id"},
			"no usable key": {
				block: values{"secret_key": "pk_test_a"},
				plan:  "this is a publishable key", read: "this is a publishable key",
			},
		} {
			var heard messages
			tf.wrap = func(server tfprotov6.ProviderServer) tfprotov6.ProviderServer {
				return configuring{server, &heard, test.unknown}
			}
			tf.block = maps.Clone(known)
			maps.Copy(tf.block, test.block)
			p := tf.process(t.Context())
			says := func(what string, heard messages, want string) {
				if heard.failed() != (want != "") || !heard.say(want) {
					t.Errorf("%s: the %s says %s", name, what, heard)
				}
			}
			if says("configuration", heard, test.configure); test.configure != "" {
				continue
			}
			_, heard = p.plan(&object{kind: application}, portal)
			says("plan", heard, test.plan)
			_, heard = p.data(application+"s", values{})
			says("data source", heard, test.read)
		}
	})
}
