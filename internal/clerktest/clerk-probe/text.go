package main

import "fmt"

// show gives one field of an object as text: "absent" when the object lacks it.
func show(o object, name string) string {
	value, found := o[name]
	switch {
	case !found:
		return "absent"
	case value == nil:
		return "null"
	default:
		return fmt.Sprint(value)
	}
}

// with adds a field of a successful answer to its status.
func with(got answer, name string) string {
	if !got.ok() {
		return got.String()
	}
	return got.String() + " " + name + "=" + show(got.json, name)
}
