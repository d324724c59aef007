package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// uriSetType is the type of redirect_uris: a set of strings that may have a thousand
// elements. The framework compares each element of a set with every other one, to
// find duplicates, equal sets and semantically equal elements, several times in each
// call. A refresh of 1,000 URIs took seconds. With this type those comparisons are
// linear or left out. Models keep a types.Set, because the codec does not need the
// schema's type.
//
// It works around SetType.Validate, SetValue.Equal and ValueSemanticEqualitySetElements
// of terraform-plugin-framework 1.19, and may go when those are no longer quadratic:
// BenchmarkPlanOfManyURIs shows that.
type uriSetType struct{ basetypes.SetType }

// uriSet is a value of a uriSetType.
type uriSet struct{ basetypes.SetValue }

var (
	_ basetypes.SetTypable                    = uriSetType{}
	_ basetypes.SetValuableWithSemanticEquals = uriSet{}
	_ xattr.ValidateableAttribute             = uriSet{}
)

func newURISetType() uriSetType { return uriSetType{setOfStrings} }

// Equal implements attr.Type.
func (t uriSetType) Equal(other attr.Type) bool {
	_, ok := other.(uriSetType)
	return ok
}

// String implements attr.Type.
func (t uriSetType) String() string { return "uriSetType" }

// ValueType implements attr.Type.
func (t uriSetType) ValueType(context.Context) attr.Value { return uriSet{} }

// ValueFromSet implements basetypes.SetTypable.
func (t uriSetType) ValueFromSet(
	_ context.Context, set basetypes.SetValue,
) (basetypes.SetValuable, diag.Diagnostics) {
	return uriSet{set}, nil
}

// ValueFromTerraform implements attr.Type.
func (t uriSetType) ValueFromTerraform(ctx context.Context, raw tftypes.Value) (attr.Value, error) {
	value, err := t.SetType.ValueFromTerraform(ctx, raw)
	if err != nil {
		return nil, err
	}
	set, ok := value.(basetypes.SetValue)
	if !ok {
		return nil, fmt.Errorf("a set was read as %T", value)
	}
	return uriSet{set}, nil
}

// Type implements attr.Value.
func (s uriSet) Type(context.Context) attr.Type { return newURISetType() }

// Equal implements attr.Value.
func (s uriSet) Equal(other attr.Value) bool {
	o, ok := other.(uriSet)
	return ok && sameValue(s.SetValue, o.SetValue)
}

// SetSemanticEquals implements basetypes.SetValuableWithSemanticEquals. Two sets mean
// the same if they are the same; saying so keeps the framework from comparing their
// elements.
func (s uriSet) SetSemanticEquals(
	_ context.Context, prior basetypes.SetValuable,
) (bool, diag.Diagnostics) {
	return s.Equal(prior), nil
}

// ValidateAttribute implements xattr.ValidateableAttribute. It has nothing to do: the
// framework looks for duplicates, which a set of Terraform's cannot have.
func (s uriSet) ValidateAttribute(
	context.Context, xattr.ValidateAttributeRequest, *xattr.ValidateAttributeResponse,
) {
}
