package lifecycle

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

const addressInHCL = applicationType + ".test"

// hcl writes what Terraform reads in a step: the provider block, and the application
// with this configuration.
func (r *run) hcl(provider, config values) string {
	var text strings.Builder
	text.WriteString(requiredClerk)
	block(&text, "", `provider "clerk"`, provider)
	switch target := r.step.adopt; {
	case target == byIdentity:
		fmt.Fprintf(&text, "import {\n  to = %s\n  identity = { id = %s }\n}\n", addressInHCL, expression(r.id))
	case target != adoptee{}:
		fmt.Fprintf(&text, "import {\n  to = %s\n  id = %s\n}\n", addressInHCL, expression(r.importID(target)))
	}
	if config != nil {
		block(&text, "", fmt.Sprintf("resource %q %q", applicationType, "test"), r.resolve(config))
	}
	for _, value := range config {
		list, _ := value.([]any)
		for _, element := range append(list, value) {
			if element, ok := element.(later); ok {
				block(&text, "", `resource "terraform_data" "later"`, values{"input": string(element)})
			}
		}
	}
	for index, read := range r.step.reads {
		block(&text, "", fmt.Sprintf("data %q %q", read.typeName, dataName(index)), r.resolve(read.config))
	}
	return text.String()
}

func dataName(index int) string { return fmt.Sprintf("read_%d", index) }

func block(text *strings.Builder, indent, header string, content values) {
	fmt.Fprintf(text, "%s%s {\n", indent, header)
	for _, name := range slices.Sorted(maps.Keys(content)) {
		if inner, ok := content[name].(values); ok {
			block(text, indent+"  ", name, inner)
			continue
		}
		fmt.Fprintf(text, "%s  %s = %s\n", indent, name, expression(content[name]))
	}
	fmt.Fprintf(text, "%s}\n", indent)
}

// expression writes a value. A text in JSON is one in HCL but for the two templates.
func expression(value any) string {
	switch value := value.(type) {
	case later:
		return "terraform_data.later.output"
	case ref:
		return addressInHCL + "." + string(value)
	case []any:
		var elements []string
		for _, element := range value {
			elements = append(elements, expression(element))
		}
		return "[" + strings.Join(elements, ", ") + "]"
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(string(encoded))
}

var (
	headerInHCL    = regexp.MustCompile(`^(provider|resource|data) `)
	attributeInHCL = regexp.MustCompile(`^  (\w+) `)
)

// attributeAt is the attribute or nested block that a line of a configuration is in;
// the first line has the number 1. It is empty for the header of a block, on which an
// engine puts what is about an attribute that is not written there, and for an import
// block.
func attributeAt(configuration string, line int) string {
	lines := strings.Split(configuration, "\n")
	name := ""
	for index := min(line, len(lines)) - 1; index >= 0; index-- {
		if found := attributeInHCL.FindStringSubmatch(lines[index]); found != nil && name == "" {
			name = found[1]
		}
		switch {
		case headerInHCL.MatchString(lines[index]):
			return name
		case !strings.HasPrefix(lines[index], " "):
			return ""
		}
	}
	return ""
}
