package main

import "strings"

// object is a JSON object as Clerk sent it, unknown fields included.
type object map[string]any

func (o object) text(name string) string {
	text, _ := o[name].(string)
	return text
}

func (o object) has(name string) bool {
	_, found := o[name]
	return found
}

// list gives an array of strings.
func (o object) list(name string) []string {
	items, _ := o[name].([]any)
	list := make([]string, 0, len(items))
	for _, item := range items {
		text, _ := item.(string)
		list = append(list, text)
	}
	return list
}

func (o object) scopes() []string { return strings.Fields(o.text("scopes")) }
