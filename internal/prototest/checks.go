package prototest

import (
	"errors"
	"fmt"

	"github.com/zclconf/go-cty/cty"
)

// violation is one broken rule, found at a path.
type violation struct {
	path cty.Path
	text string
}

// violations gathers what a check finds. The schema tells what must not be printed.
type violations struct {
	root  *schema
	found []violation
}

func (v *violations) add(path cty.Path, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if v.root.sensitiveAt(path) {
		text = "a sensitive value breaks the rule" // as vague as Terraform is here
	}
	v.found = append(v.found, violation{path: path.Copy(), text: text})
}

// missingArguments reports required attributes which the configuration leaves out, as Terraform does before it asks
// the provider.
func missingArguments(s *schema, config cty.Value, path cty.Path) Diagnostics {
	if config.IsNull() || !config.IsKnown() {
		return nil
	}
	var ds Diagnostics
	for _, name := range s.names {
		f, value, path := s.fields[name], config.GetAttr(name), path.GetAttr(name)
		if f.required && value.IsNull() {
			ds = ds.and(terraformError(formatPath(path), "Missing required argument",
				"The argument %q is required, but no definition was found.", name))
			continue
		}
		f.eachObject(value, path, func(object cty.Value, path cty.Path) {
			ds = ds.and(missingArguments(f.object, object, path))
		})
	}
	return ds
}

// eachObject visits the objects inside a block or nested attribute.
func (f *field) eachObject(value cty.Value, path cty.Path, visit func(cty.Value, cty.Path)) {
	switch {
	case f.object == nil || value.IsNull() || !value.IsKnown():
	case f.nesting == nestedOnce || f.nesting == nestedGroup:
		visit(value, path)
	default:
		for key, element := range value.Elements() {
			visit(element, path.Index(key))
		}
	}
}

// checkPlan reports where a plan goes beyond what a provider may choose. It may choose any value for an attribute that
// is computed and not configured. An attribute that is configured is planned as configured, or as it was before, by
// which a provider says that the two are equivalent. Nothing else may be planned, and nothing unknown but in the first
// case.
func (s *schema) checkPlan(prior, config, planned cty.Value) []violation {
	v := &violations{root: s}
	s.checkPlannedObject(v, prior, config, planned, nil)
	return v.found
}

func (s *schema) checkPlannedObject(v *violations, prior, config, planned cty.Value, path cty.Path) {
	switch {
	case planned.IsNull() && config.IsNull():
		return
	case planned.IsNull():
		v.add(path, "planned for absence but the configuration wants existence")
		return
	case config.IsNull():
		v.add(path, "planned for existence but the configuration wants absence")
		return
	case planned.RawEquals(config):
		return
	case !planned.IsKnown():
		v.add(path, "planned as unknown, though configured; only attributes inside may be unknown")
		return
	case !config.IsKnown():
		v.add(path, "planned as %s, though the configuration is still unknown", printValue(planned))
		return
	}
	for _, name := range s.names {
		f, path := s.fields[name], path.GetAttr(name)
		before := cty.NullVal(f.typ)
		if !prior.IsNull() {
			before = prior.GetAttr(name)
		}
		f.checkPlanned(v, before, config.GetAttr(name), planned.GetAttr(name), path)
	}
}

func (f *field) checkPlanned(v *violations, prior, config, planned cty.Value, path cty.Path) {
	if f.block && f.nesting != nestedOnce && planned.IsNull() {
		v.add(path, "a %s of blocks must be empty when there are none, not null", f.nesting)
		return
	}
	if planned.RawEquals(config) {
		return
	}
	if !f.block {
		switch {
		case planned.RawEquals(prior) && !prior.IsNull() && !config.IsNull():
			return
		case f.writeOnly:
			if !planned.IsNull() {
				v.add(path, "a write-only attribute must be planned as null")
			}
			return
		case f.computed && (!f.optional || config.IsNull()):
			return
		case config.IsNull():
			v.add(path, "planned value %s for a non-computed attribute", printValue(planned))
			return
		case f.object == nil && prior.IsNull():
			v.add(path, "planned value %s does not match config value %s", printValue(planned), printValue(config))
			return
		case f.object == nil:
			v.add(path, "planned value %s does not match config value %s nor prior value %s",
				printValue(planned), printValue(config), printValue(prior))
			return
		}
	}
	f.checkPlannedNested(v, prior, config, planned, path)
}

func (f *field) checkPlannedNested(v *violations, prior, config, planned cty.Value, path cty.Path) {
	if f.nesting == nestedOnce || f.nesting == nestedGroup {
		f.object.checkPlannedObject(v, prior, config, planned, path)
		return
	}
	switch {
	case planned.IsNull():
		v.add(path, "planned for absence but the configuration wants existence")
		return
	case !planned.IsKnown():
		v.add(path, "planned as unknown, though configured")
		return
	case !config.IsKnown():
		v.add(path, "planned as %s, though the configuration is still unknown", printValue(planned))
		return
	}
	if f.nesting == nestedSet {
		// Terraform cannot tell which element belongs to which, and trusts the provider with the content.
		if !f.block && planned.LengthInt() != config.LengthInt() {
			v.add(path, "%d elements planned, %d configured", planned.LengthInt(), config.LengthInt())
		}
		for key, element := range planned.Elements() {
			if f.block && !element.IsKnown() {
				v.add(path.Index(key), "a block may not be unknown itself, only attributes inside")
			}
		}
		return
	}

	if planned.LengthInt() != config.LengthInt() {
		v.add(path, "%d elements planned, %d configured", planned.LengthInt(), config.LengthInt())
		return
	}
	for key, element := range planned.Elements() {
		path := path.Index(key)
		if config.HasIndex(key).False() {
			v.add(path, "planned but not configured")
			continue
		}
		before := cty.NullVal(f.object.typ)
		if !prior.IsNull() && prior.HasIndex(key).True() {
			before = prior.Index(key)
		}
		f.object.checkPlannedObject(v, before, config.Index(key), element, path)
	}
}

// checkResult reports where a value differs from what was planned: every planned value that was known must be there
// again. It serves for the result of an apply and for the plan that is made again at the beginning of an apply.
func (s *schema) checkResult(planned, actual cty.Value) []violation {
	v := &violations{root: s}
	switch {
	case planned.IsNull() && actual.IsNull():
	case planned.IsNull():
		v.add(nil, "the object was absent, but is now present")
	case actual.IsNull():
		v.add(nil, "the object was present, but is now absent")
	default:
		checkFulfilled(v, planned, actual, nil)
	}
	return v.found
}

func checkFulfilled(v *violations, planned, actual cty.Value, path cty.Path) {
	typ := planned.Type()
	switch {
	case !planned.IsKnown():
		return
	case planned.IsNull() && actual.IsNull():
		return
	case !actual.IsKnown():
		v.add(path, "was known, but is now unknown")
		return
	case planned.IsNull() || actual.IsNull():
		v.add(path, "was %s, but now %s", printValue(planned), printValue(actual))
		return
	case sameAttributes(typ, actual.Type()):
		for name, before := range planned.Elements() {
			checkFulfilled(v, before, actual.GetAttr(name.AsString()), path.GetAttr(name.AsString()))
		}
		return
	case !typ.Equals(actual.Type()): // possible for dynamic attributes only
		v.add(path, "was a %s, but is now a %s", typ.FriendlyName(), actual.Type().FriendlyName())
		return
	case typ.IsSetType():
		checkSetFulfilled(v, planned, actual, path)
		return
	case typ.IsCollectionType() || typ.IsTupleType():
		for key, before := range planned.Elements() {
			if actual.HasIndex(key).False() {
				v.add(path.Index(key), "has vanished")
				continue
			}
			checkFulfilled(v, before, actual.Index(key), path.Index(key))
		}
		for key := range actual.Elements() {
			if planned.HasIndex(key).False() {
				v.add(path.Index(key), "has appeared")
			}
		}
		return
	}
	if !planned.RawEquals(actual) {
		v.add(path, "was %s, but now %s", printValue(planned), printValue(actual))
	}
}

// sameAttributes tells if two types are objects with attributes of the same names, whose types may differ where the
// schema leaves them open.
func sameAttributes(a, b cty.Type) bool {
	if !a.IsObjectType() || !b.IsObjectType() || len(a.AttributeTypes()) != len(b.AttributeTypes()) {
		return false
	}
	for name := range a.AttributeTypes() {
		if !b.HasAttribute(name) {
			return false
		}
	}
	return true
}

// checkSetFulfilled asks that each planned element can be found in the result and the other way round. Elements which
// became known may coincide, so that there are fewer than planned, but never more.
func checkSetFulfilled(v *violations, planned, actual cty.Value, path cty.Path) {
	if planned.RawEquals(actual) {
		return
	}
	fulfilled := func(before, after cty.Value) bool {
		probe := &violations{root: v.root}
		checkFulfilled(probe, before, after, path.Index(after))
		return len(probe.found) == 0
	}

	// Elements without unknown parts must be there as they are, which a set tells at once. What is left is compared
	// one by one.
	var open []cty.Value
	matched := map[int]bool{}
	actualElements := actual.AsValueSlice()
	for _, before := range planned.AsValueSlice() {
		switch {
		case !before.IsWhollyKnown():
			open = append(open, before)
		case !hasElement(actual, before):
			v.add(path, "planned element %s is not there", printValue(before))
		}
	}
	for _, before := range open {
		found := false
		for i, after := range actualElements {
			if fulfilled(before, after) {
				found, matched[i] = true, true
			}
		}
		if !found {
			v.add(path, "planned element %s is not there", printValue(before))
		}
	}
	for i, after := range actualElements {
		if !matched[i] && !hasElement(planned, after) {
			v.add(path, "element %s was not planned", printValue(after))
		}
	}
	if planned.LengthInt() < actual.LengthInt() {
		v.add(path, "%d elements were planned, but there are now %d", planned.LengthInt(), actual.LengthInt())
	}
}

// hasElement is false also where unknown elements of the set leave it open.
func hasElement(set, element cty.Value) bool {
	has := set.HasElement(element)
	return has.IsKnown() && has.True()
}

// unknownPaths finds what is unknown. Inside a set there is no stable path, so the set is named.
func unknownPaths(value cty.Value) []cty.Path {
	var found []cty.Path
	_ = cty.Walk(value, func(path cty.Path, value cty.Value) (bool, error) {
		switch {
		case !value.IsKnown():
			found = append(found, path.Copy())
			return false, nil
		case value.IsNull():
			return false, nil
		case value.Type().IsSetType():
			if !value.IsWhollyKnown() {
				found = append(found, path.Copy())
			}
			return false, nil
		}
		return true, nil
	})
	return found
}

// writeOnlyPaths finds write-only attributes that have a value, which no answer of a provider may contain.
func (s *schema) writeOnlyPaths(value cty.Value, path cty.Path) []cty.Path {
	if value.IsNull() || !value.IsKnown() {
		return nil
	}
	var found []cty.Path
	for _, name := range s.names {
		f, value, path := s.fields[name], value.GetAttr(name), path.GetAttr(name)
		if f.writeOnly && !value.IsNull() {
			found = append(found, path.Copy())
			continue
		}
		f.eachObject(value, path, func(object cty.Value, path cty.Path) {
			found = append(found, f.object.writeOnlyPaths(object, path)...)
		})
	}
	return found
}

// changedPaths finds what differs between two objects: plain attributes as a whole, and attributes inside nested
// objects unless these are elements of a set. A null or absent object differs in everything that is not null.
func (s *schema) changedPaths(before, after cty.Value, path cty.Path) []cty.Path {
	var found []cty.Path
	for _, name := range s.names {
		f, path := s.fields[name], path.GetAttr(name)
		was, is := attributeOrNull(before, name, f.typ), attributeOrNull(after, name, f.typ)
		if was.RawEquals(is) {
			continue
		}
		nested := f.object != nil && f.nesting != nestedSet && is.IsKnown() && was.IsKnown() && !was.IsNull() && !is.IsNull()
		switch {
		case nested && (f.nesting == nestedOnce || f.nesting == nestedGroup):
			found = append(found, f.object.changedPaths(was, is, path)...)
		case nested && was.LengthInt() == is.LengthInt():
			for key, element := range is.Elements() {
				if was.HasIndex(key).False() {
					found = append(found, path.Index(key).Copy())
					continue
				}
				found = append(found, f.object.changedPaths(was.Index(key), element, path.Index(key))...)
			}
		default:
			found = append(found, path.Copy())
		}
	}
	return found
}

func attributeOrNull(object cty.Value, name string, typ cty.Type) cty.Value {
	switch {
	case object == cty.NilVal || object.IsNull():
		return cty.NullVal(typ)
	case !object.IsKnown():
		return cty.UnknownVal(typ)
	}
	return object.GetAttr(name)
}

// follow applies a path that a provider sent. The value is null where the path leads through something null.
func follow(value cty.Value, path cty.Path) (cty.Value, error) {
	for _, step := range path {
		if value.IsNull() || !value.IsKnown() {
			return cty.NullVal(cty.DynamicPseudoType), nil
		}
		if index, ok := step.(cty.IndexStep); ok && value.Type().IsSetType() {
			if !index.Key.Type().Equals(value.Type().ElementType()) {
				return cty.NilVal, errors.New("not an element of the set")
			}
			if hasElement(value, index.Key) {
				value = index.Key
				continue
			}
			return cty.NilVal, errors.New("no such element")
		}
		next, err := step.Apply(value)
		if err != nil {
			return cty.NilVal, err
		}
		value = next
	}
	return value, nil
}
