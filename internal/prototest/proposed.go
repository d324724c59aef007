package prototest

import "github.com/zclconf/go-cty/cty"

// proposedNewState is what Terraform asks a provider to plan: the configuration, completed from the prior state where
// the provider may choose the value. Objects inside collections are matched with their predecessors by index, by key,
// or in sets by all that the configuration says about them.
//
// The prior state must be known. A null configuration or an unknown one leaves the prior state as it is.
func (s *schema) proposedNewState(prior, config cty.Value) cty.Value {
	if config.IsNull() || !config.IsKnown() {
		return prior
	}
	return s.proposed(prior, config)
}

func (s *schema) proposed(prior, config cty.Value) cty.Value {
	if !config.IsKnown() {
		return config
	}
	attributes := make(map[string]cty.Value, len(s.fields))
	for name, f := range s.fields {
		before := cty.NullVal(f.typ)
		if !prior.IsNull() {
			before = prior.GetAttr(name)
		}
		attributes[name] = f.proposed(before, config.GetAttr(name))
	}
	return cty.ObjectVal(attributes)
}

func (f *field) proposed(prior, config cty.Value) cty.Value {
	if !f.block && f.computed && config.IsNull() {
		if f.optional && f.wasConfigured(prior) {
			return config
		}
		return prior
	}
	if f.object == nil || config.IsNull() || !config.IsKnown() {
		return config
	}

	switch f.nesting {
	case nestedList:
		return f.proposedList(prior, config)
	case nestedMap:
		return f.proposedMap(prior, config)
	case nestedSet:
		return f.proposedSet(prior, config)
	default:
		return f.object.proposed(prior, config)
	}
}

func (f *field) proposedList(prior, config cty.Value) cty.Value {
	if config.LengthInt() == 0 {
		return config
	}
	var before []cty.Value
	if !prior.IsNull() {
		before = prior.AsValueSlice()
	}
	elements := config.AsValueSlice()
	for i := range elements {
		if i < len(before) {
			elements[i] = f.object.proposedElement(before[i], elements[i])
		}
	}
	return cty.ListVal(elements)
}

func (f *field) proposedMap(prior, config cty.Value) cty.Value {
	if config.LengthInt() == 0 {
		return config
	}
	var before map[string]cty.Value
	if !prior.IsNull() {
		before = prior.AsValueMap()
	}
	elements := config.AsValueMap()
	for key, element := range elements {
		if predecessor, ok := before[key]; ok {
			elements[key] = f.object.proposedElement(predecessor, element)
		}
	}
	return cty.MapVal(elements)
}

func (f *field) proposedSet(prior, config cty.Value) cty.Value {
	if config.LengthInt() == 0 {
		return config
	}
	var before []cty.Value
	if !prior.IsNull() {
		before = prior.AsValueSlice()
	}
	taken := make([]bool, len(before))
	elements := config.AsValueSlice()
	for i, element := range elements {
		for j, candidate := range before {
			if !taken[j] && f.object.couldComeFrom(candidate, element) {
				taken[j] = true
				elements[i] = f.object.proposedElement(candidate, element)
				break
			}
		}
	}
	return cty.SetVal(elements)
}

func (s *schema) proposedElement(prior, config cty.Value) cty.Value {
	if config.IsNull() {
		return config
	}
	return s.proposed(prior, config)
}

// wasConfigured tells if a nested attribute that the provider may compute must have come from the user at least in
// part, because something in it can have no other origin. If it is gone from the configuration, then it is to go, and
// not to be kept as a computed value would be.
func (f *field) wasConfigured(prior cty.Value) bool {
	if f.object == nil || prior.IsNull() {
		return false
	}
	found := false
	_ = cty.Walk(prior, func(path cty.Path, value cty.Value) (bool, error) {
		inner := f.object.atElement(path)
		if !value.IsNull() && inner != nil && !inner.computed {
			found = true
		}
		return !found && !value.IsNull(), nil
	})
	return found
}

// atElement is at for a path that begins in a collection of this object rather than in the object itself.
func (s *schema) atElement(path cty.Path) *field {
	for len(path) > 0 {
		if _, ok := path[0].(cty.IndexStep); !ok {
			break
		}
		path = path[1:]
	}
	return s.at(path)
}

// couldComeFrom tells if a prior element of a set can be what the provider once made of the configured element: the
// two differ only where the configuration leaves the choice to the provider.
func (s *schema) couldComeFrom(prior, config cty.Value) bool {
	if prior.IsNull() || config.IsNull() || !config.IsKnown() {
		return prior.RawEquals(config)
	}
	for name, f := range s.fields {
		if !f.couldComeFrom(prior.GetAttr(name), config.GetAttr(name)) {
			return false
		}
	}
	return true
}

func (f *field) couldComeFrom(prior, config cty.Value) bool {
	switch {
	case config.RawEquals(prior):
		return true
	case f.computed && config.IsNull():
		return true
	case f.object == nil || prior.IsNull() || config.IsNull() || !config.IsKnown():
		return false
	}

	switch f.nesting {
	case nestedSet:
		return false // which element of a set within a set belongs to which cannot be told
	case nestedList:
		before, after := prior.AsValueSlice(), config.AsValueSlice()
		if len(before) != len(after) {
			return false
		}
		for i := range before {
			if !f.object.couldComeFrom(before[i], after[i]) {
				return false
			}
		}
		return true
	case nestedMap:
		before, after := prior.AsValueMap(), config.AsValueMap()
		if len(before) != len(after) {
			return false
		}
		for key := range before {
			element, ok := after[key]
			if !ok || !f.object.couldComeFrom(before[key], element) {
				return false
			}
		}
		return true
	default:
		return f.object.couldComeFrom(prior, config)
	}
}
