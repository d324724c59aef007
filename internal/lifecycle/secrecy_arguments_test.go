package lifecycle

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/secrettest"
)

// TestProtocolSecretArguments provokes the errors about each argument that may hold a secret. None has a path, and none holds
// a piece of the secret.
func TestProtocolSecretArguments(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	mine := secrettest.NewKey(t)
	secret := rand.Text() + rand.Text()
	key := func(value string) func(*prototest.Provider) prototest.Diagnostics {
		return configured(server, prototest.Values{"secret_key": value})
	}
	address := func(value string) func(*prototest.Provider) prototest.Diagnostics {
		return configured(server, prototest.Values{"api_url": value})
	}
	recipients := func(values ...any) func(*prototest.Provider) prototest.Diagnostics {
		return func(p *prototest.Provider) prototest.Diagnostics {
			return p.Resource(applicationType).Validate(prototest.Values{"name": "web", "encrypt_client_secret_to": values})
		}
	}
	decrypt := func(ciphertext any, identity string) func(*prototest.Provider) prototest.Diagnostics {
		return func(p *prototest.Provider) prototest.Diagnostics {
			_, ds := p.Ephemeral(decryptedSecretType).TryOpen(t.Context(), prototest.Values{"ciphertext": ciphertext, "identity": identity})
			return ds
		}
	}
	for name, provoke := range map[string]func(*prototest.Provider) prototest.Diagnostics{
		"key with a blank":             key("sk_test_" + secret + " x"),
		"key on two lines":             key(secret + "\nx"),
		"quoted key":                   key("'sk_test_" + secret + "'"),
		"assigned key":                 key("CLERK_SECRET_KEY=sk_test_" + secret),
		"publishable key":              key("pk_test_" + secret),
		"key as address":               address("sk_test_" + secret),
		"key in the address":           address("https://sk_test_" + secret + "@api.clerk.com"),
		"password in the address":      address("https://a:" + secret + "@api.clerk.com"),
		"key in the query":             address("https://api.clerk.com?key=" + secret),
		"address over http":            address("http://" + secret + ".example.com"),
		"private key as recipient":     recipients("AGE-SECRET-KEY-1" + secret),
		"private SSH key":              recipients("-----BEGIN OPENSSH PRIVATE KEY-----\n" + secret),
		"private key beside null":      recipients(nil, "AGE-SECRET-KEY-1"+secret),
		"private key beside another":   recipients("age1cut", "AGE-SECRET-KEY-1"+secret),
		"a piece of a private key":     recipients(secret),
		"a piece beside null":          recipients(nil, secret),
		"a piece on a second line":     recipients(mine.Recipient + "\n" + secret),
		"identity that is none":        decrypt(nil, secret),
		"identity that was cut off":    decrypt(nil, "AGE-SECRET-KEY-1"+secret),
		"quoted identity":              decrypt(nil, "\"AGE-SECRET-KEY-1"+secret+"\""),
		"plugin's identity":            decrypt(nil, "AGE-PLUGIN-YUBIKEY-1"+secret),
		"SSH identity that is cut off": decrypt(nil, "-----BEGIN OPENSSH PRIVATE KEY-----\n"+secret),
		"secret as ciphertext":         decrypt(secret, mine.Identity),
		"broken ciphertext":            decrypt("-----BEGIN AGE ENCRYPTED FILE-----\n"+secret, mine.Identity),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ds := provoke(newProvider(t, server))
			if !ds.HasError() {
				t.Fatal("there is no error")
			}
			c := secrettest.NewCanary(append(pieces(secret), pieces(strings.TrimPrefix(mine.Identity, "AGE-SECRET-KEY-1"))...)...)
			for _, d := range ds {
				if d.Path != "" {
					t.Errorf("the diagnostic stands on %s: %s", d.Path, d)
				}
				if what := c.Find(d.String()); what != "" {
					t.Errorf("%s is in: %s", what, d)
				}
			}
		})
	}
}

// configured plans an application with other arguments of the provider.
func configured(server *clerktest.Server, more prototest.Values) func(*prototest.Provider) prototest.Diagnostics {
	return func(p *prototest.Provider) prototest.Diagnostics {
		p.Reconfigure(providerConfig(server, more))
		_, ds := p.Resource(applicationType).TryPlan(context.Background(), prototest.Values{"name": "web"})
		return ds
	}
}
