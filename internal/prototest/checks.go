package prototest

import (
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
		if f.object != nil {
			ds = ds.and(missingArguments(f.object, value, path))
		}
	}
	return ds
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
		before, configured, value := attributeOrNull(prior, name, f.typ), config.GetAttr(name), planned.GetAttr(name)
		if f.object != nil {
			f.object.checkPlannedObject(v, before, configured, value, path)
		} else {
			f.checkPlanned(v, before, configured, value, path)
		}
	}
}

func (f *field) checkPlanned(v *violations, prior, config, planned cty.Value, path cty.Path) {
	switch {
	case planned.RawEquals(config):
	case planned.RawEquals(prior) && !prior.IsNull() && !config.IsNull():
	case f.computed && (!f.optional || config.IsNull()):
	case config.IsNull():
		v.add(path, "planned value %s for a non-computed attribute", printValue(planned))
	case prior.IsNull():
		v.add(path, "planned value %s does not match config value %s", printValue(planned), printValue(config))
	default:
		v.add(path, "planned value %s does not match config value %s nor prior value %s",
			printValue(planned), printValue(config), printValue(prior))
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
	case typ.IsObjectType():
		for name, before := range planned.Elements() {
			checkFulfilled(v, before, actual.GetAttr(name.AsString()), path.GetAttr(name.AsString()))
		}
		return
	case typ.IsSetType():
		checkSetFulfilled(v, planned, actual, path)
		return
	}
	if !planned.RawEquals(actual) {
		v.add(path, "was %s, but now %s", printValue(planned), printValue(actual))
	}
}

// checkSetFulfilled asks that each planned element can be found in the result and the other way round. Elements which
// became known may coincide, so that there are fewer than planned, but never more.
func checkSetFulfilled(v *violations, planned, actual cty.Value, path cty.Path) {
	if planned.RawEquals(actual) {
		return // looking for each element in a large set takes seconds
	}
	for _, before := range planned.AsValueSlice() {
		if before.IsKnown() && !hasElement(actual, before) {
			v.add(path, "planned element %s is not there", printValue(before))
		}
	}
	if planned.IsWhollyKnown() {
		for _, after := range actual.AsValueSlice() {
			if !hasElement(planned, after) {
				v.add(path, "element %s was not planned", printValue(after))
			}
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

// changedPaths finds what differs between two objects: attributes as a whole, and attributes inside blocks. A null or
// absent object differs in everything that is not null.
func (s *schema) changedPaths(before, after cty.Value, path cty.Path) []cty.Path {
	var found []cty.Path
	for _, name := range s.names {
		f, path := s.fields[name], path.GetAttr(name)
		was, is := attributeOrNull(before, name, f.typ), attributeOrNull(after, name, f.typ)
		switch {
		case was.RawEquals(is):
		case f.object != nil && is.IsKnown() && was.IsKnown() && !was.IsNull() && !is.IsNull():
			found = append(found, f.object.changedPaths(was, is, path)...)
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
		next, err := step.Apply(value)
		if err != nil {
			return cty.NilVal, err
		}
		value = next
	}
	return value, nil
}
