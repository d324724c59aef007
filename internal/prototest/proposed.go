package prototest

import "github.com/zclconf/go-cty/cty"

// proposedNewState is what Terraform asks a provider to plan: the configuration, completed from the prior state where
// the provider may choose the value.
//
// The prior state must be known. A null configuration or an unknown one leaves the prior state as it is.
func (s *schema) proposedNewState(prior, config cty.Value) cty.Value {
	if config.IsNull() || !config.IsKnown() {
		return prior
	}
	attributes := make(map[string]cty.Value, len(s.fields))
	for name, f := range s.fields {
		before, configured := attributeOrNull(prior, name, f.typ), config.GetAttr(name)
		switch {
		case f.computed && configured.IsNull():
			configured = before
		case f.object != nil && !configured.IsNull() && configured.IsKnown():
			configured = f.object.proposedNewState(before, configured)
		}
		attributes[name] = configured
	}
	return cty.ObjectVal(attributes)
}
