package provider_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// An argument that is not known yet stops only what has to send a request, and a wrong
// one stops everything.
func TestConfigure(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		known := tf.block
		for name, test := range map[string]struct {
			block                 values
			configure, plan, read string // a part of the error, "" for none
		}{
			"all arguments": {
				values{"instance_id": tf.clerk.InstanceID(), "request_timeout": "1m30s", "max_retries": int64(1), "requests_per_10s": int64(50)},
				"", "", "",
			},
			"an unknown key":          {values{"secret_key": tftypes.UnknownValue}, "", "", "argument secret_key is known only after"},
			"an unknown address":      {values{"api_url": tftypes.UnknownValue}, "", "", "environment variable CLERK_API_URL"},
			"an unknown limit":        {values{"max_retries": tftypes.UnknownValue}, "", "", "set the argument to a known value"},
			"an empty instance_id":    {values{"instance_id": ""}, "Unable to use Clerk instance id", "", ""},
			"an instance_id of a key": {values{"instance_id": "sk_test_a"}, "Unable to use Clerk instance id", "", ""},
			"no usable key":           {values{"secret_key": "pk_test_a"}, "", "this is a publishable key", "this is a publishable key"},
		} {
			tf.block = maps.Clone(known)
			maps.Copy(tf.block, test.block)
			p, heard := tf.process(t.Context())
			says := func(what string, heard messages, want string) {
				if heard.failed() != (want != "") || !strings.Contains(heard.String(), want) {
					t.Errorf("%s: the %s says %s", name, what, heard)
				}
			}
			if says("configuration", heard, test.configure); test.configure != "" {
				continue
			}
			_, heard = p.plan(&object{kind: application}, portal)
			says("plan", heard, test.plan)
			_, heard = p.data("clerk_oauth_applications", values{})
			says("data source", heard, test.read)
		}
	})
}
