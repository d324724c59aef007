package provider

import (
	"reflect"
	"testing"
)

func TestReportedApplicationAttributes(t *testing.T) {
	t.Parallel()
	attributes := reportedApplicationAttributes(t.Context())
	model := reflect.TypeFor[reportedModel]()
	if len(attributes) != model.NumField() {
		t.Errorf("there are %d attributes for %d fields", len(attributes), model.NumField())
	}
	for field := range model.Fields() {
		name := field.Tag.Get("tfsdk")
		attribute, ok := attributes[name]
		switch {
		case !ok:
			t.Errorf("%s is missing", name)
		case !attribute.IsComputed() || attribute.IsOptional() || attribute.IsRequired():
			t.Errorf("%s is not merely computed", name)
		case attribute.IsSensitive():
			t.Errorf("%s is secret", name)
		case attribute.GetDeprecationMessage() != "": // in a list, OpenTofu takes quadratic time for it
			t.Errorf("%s has a deprecation message", name)
		case attribute.GetMarkdownDescription() == "":
			t.Errorf("%s has no description", name)
		}
	}
}
