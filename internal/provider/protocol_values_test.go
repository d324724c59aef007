package provider_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"math/big"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/provider"
)

var schemas = sync.OnceValue(func() *tfprotov6.GetProviderSchemaResponse {
	server := provider.NewServer("test")()
	return must(server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{}))
})

// must is the value of a call that fails for no input.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

var identityType = tftypes.Object{AttributeTypes: map[string]tftypes.Type{"id": tftypes.String}}

func typeOf(kind string) tftypes.Object {
	typ, _ := schemas().ResourceSchemas[kind].ValueType().(tftypes.Object)
	return typ
}

func isComputed(kind, name string) bool {
	attributes := schemas().ResourceSchemas[kind].Block.Attributes
	return slices.ContainsFunc(attributes, func(a *tfprotov6.SchemaAttribute) bool {
		return a.Name == name && a.Computed
	})
}

// proposedNewState is the configuration, with the prior value where a computed attribute is
// not configured. That is Terraform's rule for a schema without nested attributes.
func proposedNewState(kind string, prior, config tftypes.Value) tftypes.Value {
	before, proposed := fields(prior), maps.Clone(fields(config))
	for name, value := range proposed {
		if old, ok := before[name]; ok && value.IsNull() && isComputed(kind, name) {
			proposed[name] = old
		}
	}
	return tftypes.NewValue(config.Type(), proposed)
}

// encode makes a value of the protocol.
func encode(value tftypes.Value) *tfprotov6.DynamicValue {
	encoded := must(tfprotov6.NewDynamicValue(value.Type(), value))
	return &encoded
}

func decode(typ tftypes.Type, encoded *tfprotov6.DynamicValue) tftypes.Value {
	if encoded == nil {
		return tftypes.NewValue(typ, nil)
	}
	return must(encoded.Unmarshal(typ))
}

// valueOf makes a value of the type; plain is its inverse.
func valueOf(typ tftypes.Type, of any) tftypes.Value {
	switch of := of.(type) {
	case values:
		object, isObject := typ.(tftypes.Object)
		if of == nil || !isObject {
			return tftypes.NewValue(typ, nil)
		}
		attributes := map[string]tftypes.Value{}
		for name, attribute := range object.AttributeTypes {
			attributes[name] = valueOf(attribute, of[name])
		}
		return tftypes.NewValue(typ, attributes)
	case []string:
		elements := make([]tftypes.Value, len(of))
		for i, element := range of {
			elements[i] = tftypes.NewValue(tftypes.String, element)
		}
		return tftypes.NewValue(typ, elements)
	}
	return tftypes.NewValue(typ, of)
}

// plain is a value in the types of Go: string, bool, int64, []any (sorted, if it is a set),
// values, tftypes.UnknownValue, nil.
func plain(value tftypes.Value) any {
	switch typ := value.Type(); {
	case typ == nil || value.IsNull():
		return nil
	case !value.IsKnown():
		return tftypes.UnknownValue
	case typ.Is(tftypes.Object{}):
		object := values{}
		for name, field := range fields(value) {
			if of := plain(field); of != nil {
				object[name] = of
			}
		}
		return object
	case typ.Is(tftypes.Set{}), typ.Is(tftypes.List{}):
		all := []any{}
		for _, element := range into[[]tftypes.Value](value) {
			all = append(all, plain(element))
		}
		if typ.Is(tftypes.Set{}) {
			slices.SortFunc(all, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		}
		return all
	case typ.Is(tftypes.Number):
		number := into[big.Float](value)
		whole, _ := number.Int64()
		return whole
	case typ.Is(tftypes.Bool):
		return into[bool](value)
	}
	return into[string](value)
}

// into reads a value of a known type.
func into[T any](value tftypes.Value) (read T) {
	if err := value.As(&read); err != nil {
		panic(err)
	}
	return read
}

func fields(value tftypes.Value) map[string]tftypes.Value {
	if value.Type() == nil || value.IsNull() || !value.IsKnown() {
		return nil
	}
	return into[map[string]tftypes.Value](value)
}

func same(a, b tftypes.Value) bool { return reflect.DeepEqual(plain(a), plain(b)) }

// checkNoSecrets searches messages and log for the secrets of this Clerk: in plain text, as part
// of a URL and in base64, which is what becomes of credentials in a header.
func (t *terraform) checkNoSecrets() {
	t.tb.Helper()
	t.mu.Lock()
	text := strings.Join(t.said, "\n") + t.log.String()
	t.mu.Unlock()
	for _, secret := range slices.Concat(t.clerk.Keys(), t.clerk.IssuedSecrets()) {
		forms := []string{secret, url.QueryEscape(secret), strings.Trim(fmt.Sprintf("%q", secret), `"`)}
		for shift := range 3 { // what stands before the secret decides how its bits fall on digits
			digits := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), secret...))
			forms = append(forms, digits[(shift*8+5)/6:(shift+len(secret))*8/6])
		}
		for _, form := range forms {
			if at := strings.Index(text, form); at >= 0 {
				t.tb.Errorf("a secret is shown:\n%s", text[max(0, at-300):at+len(form)])
			}
		}
	}
}

// hasWorkingSecret reports whether the secret in the state is the one that Clerk has.
func (t *terraform) hasWorkingSecret(o *object) bool {
	return o.exists() && o.str("client_secret") == t.clerk.CurrentSecret(o.str("id"))
}
