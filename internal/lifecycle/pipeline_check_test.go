package lifecycle

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/itchyny/gojq"
)

const pipelineCheckFile = "examples/pipeline-check/client-secrets.jq"

// TestDocumentation_pipelineCheck runs the check for pipelines over the JSON of plans. gojq stands in for jq, which not every
// machine has.
func TestDocumentation_pipelineCheck(t *testing.T) {
	t.Parallel()
	const (
		quiet    = ""
		rotated  = "the client secret is rotated"
		public   = "becomes a public client"
		replaced = "destroyed or replaced"
	)
	application := func(version any, more ...string) map[string]any {
		attributes := map[string]any{"name": "Internal dashboard", "public": false, "client_secret_version": version}
		for _, pair := range more {
			name, value, _ := strings.Cut(pair, "=")
			attributes[name] = value
		}
		return attributes
	}
	publicClient := map[string]any{"name": "Field app", "public": true, "client_secret_version": nil}
	unknown := func(names ...string) map[string]any {
		all := map[string]any{"updated_at": true}
		for _, name := range names {
			all[name] = true
		}
		return all
	}
	without := func(attributes map[string]any, name string) map[string]any {
		delete(attributes, name) // as in the JSON of a plan, for an unknown value
		return attributes
	}

	for name, tc := range map[string]struct {
		actions       []string
		before, after map[string]any
		unknown       map[string]any
		want          string
	}{
		"no change":              {[]string{"no-op"}, application(5), application(5), nil, quiet},
		"rename":                 {[]string{"update"}, application(5), application(5, "name=Dashboard"), unknown(), quiet},
		"create":                 {[]string{"create"}, nil, without(application(nil), "client_secret_version"), unknown("client_secret_version"), quiet},
		"import":                 {[]string{"no-op"}, application(nil), application(nil), nil, quiet},
		"forget":                 {[]string{"forget"}, application(5), nil, nil, quiet},
		"public client, renamed": {[]string{"update"}, publicClient, map[string]any{"name": "Field", "public": true, "client_secret_version": nil}, unknown(), quiet},
		"becoming confidential": {
			[]string{"update"}, publicClient, without(application(nil), "client_secret_version"), unknown("client_secret_version"), quiet,
		},
		"rotation":               {[]string{"update"}, application(5), application(6), unknown("client_secret"), rotated},
		"rotation of an import":  {[]string{"update"}, application(nil), application(6), unknown("client_secret"), rotated},
		"rotation, perhaps":      {[]string{"update"}, application(5), without(application(5), "client_secret_version"), unknown("client_secret_version"), rotated},
		"of an import, perhaps":  {[]string{"update"}, application(nil), without(application(5), "client_secret_version"), unknown("client_secret_version"), rotated},
		"recipients changed":     {[]string{"update"}, application(5), application(6), unknown("client_secret_encrypted"), rotated},
		"becoming public":        {[]string{"update"}, application(5), publicClient, unknown(), public},
		"an import made public":  {[]string{"update"}, application(nil), publicClient, unknown(), public},
		"public is unknown":      {[]string{"update"}, application(5), without(application(5), "public"), unknown("public"), public},
		"replacement":            {[]string{"delete", "create"}, application(5), without(application(5), "client_secret_version"), unknown("client_secret_version"), replaced},
		"create before destroy":  {[]string{"create", "delete"}, application(5), without(application(5), "client_secret_version"), unknown("client_secret_version"), replaced},
		"replaced and forgotten": {[]string{"create", "forget"}, application(5), without(application(5), "client_secret_version"), unknown("client_secret_version"), replaced},
		"destroy":                {[]string{"delete"}, application(5), nil, nil, replaced},
		"public client replaced": {[]string{"delete", "create"}, publicClient, publicClient, unknown("client_id"), replaced},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			harmless := change("clerk_oauth_application.other", "managed", []string{"no-op"}, application(9), application(9), nil)
			read := change("data.clerk_oauth_application.other", "data", []string{"read"}, application(4), application(nil), unknown("client_secret_version"))
			plan := map[string]any{
				"format_version": "1.2", "planned_values": map[string]any{},
				"resource_changes": []any{harmless, read, change("clerk_oauth_application.app", "managed", tc.actions, tc.before, tc.after, tc.unknown)},
			}
			line, err := runJQ(t, pipelineLine(t), true, plan)
			if want := map[bool]string{true: "no output", false: "clerk_oauth_application.app"}[tc.want == quiet]; line != want && (err == nil || err.Error() != want) {
				t.Errorf("the one line of the guide gives %q, %v; want %q", line, err, want)
			}
			output, err := runPipelineCheck(t, plan)
			if tc.want == quiet {
				if err != nil || output != "no client secret is rotated or lost" {
					t.Errorf("got %q, %v", output, err)
				}
				return
			}
			want := "clerk_oauth_application.app: "
			halt, ok := errors.AsType[*gojq.HaltError](err)
			if !ok || halt.ExitCode() != 1 {
				t.Fatalf("got %q, %v; want exit code 1", output, err)
			}
			if text, _ := halt.Value().(string); !strings.HasPrefix(text, want) || !strings.Contains(text, tc.want) || strings.Count(text, "\n") != 1 {
				t.Errorf("got %q, want one line that begins with %q and has %q", text, want, tc.want)
			}
		})
	}
}

// TestDocumentation_pipelineCheckNeedsAPlan: the check fails if it has nothing to check.
func TestDocumentation_pipelineCheckNeedsAPlan(t *testing.T) {
	t.Parallel()
	if output, err := runPipelineCheck(t); err == nil {
		t.Errorf("an empty input passed: %q", output)
	}
	if output, err := runPipelineCheck(t, map[string]any{"format_version": "1.0", "values": map[string]any{}}); err == nil {
		t.Errorf("the JSON of a state passed: %q", output)
	}
	if output, err := runPipelineCheck(t, map[string]any{"planned_values": map[string]any{}}); err != nil {
		t.Errorf("a plan without resources failed: %q, %v", output, err)
	}
}

// change is one of a plan's resource_changes.
func change(address, mode string, actions []string, before, after, unknown map[string]any) map[string]any {
	return map[string]any{
		"address": address, "mode": mode, "type": "clerk_oauth_application",
		"change": map[string]any{"actions": actions, "before": before, "after": after, "after_unknown": unknown},
	}
}

// pipelineLine is the program of the one line in the guide.
func pipelineLine(t *testing.T) string {
	t.Helper()
	for _, block := range documentationBlocks(t) {
		if _, program, ok := strings.Cut(block.code, "jq -r '"); ok {
			program, _, _ = strings.Cut(program, "'")
			return program
		}
	}
	t.Fatal("no page has a line with jq -r")
	return ""
}

// runPipelineCheck returns the output of jq -n -r -f, and its error.
func runPipelineCheck(t *testing.T, inputs ...map[string]any) (string, error) {
	t.Helper()
	program, err := os.ReadFile(filepath.Join(repository, pipelineCheckFile))
	must(t, err)
	return runJQ(t, string(program), false, inputs...)
}

// runJQ returns the first result of a program. The program reads its inputs itself, except a first one that it is given.
func runJQ(t *testing.T, program string, handed bool, inputs ...map[string]any) (string, error) {
	t.Helper()
	query, err := gojq.Parse(program)
	must(t, err)
	values := make([]any, len(inputs))
	for i, input := range inputs {
		text, err := json.Marshal(input)
		must(t, err)
		must(t, json.Unmarshal(text, &values[i]))
	}
	code, err := gojq.Compile(query, gojq.WithInputIter(gojq.NewIter(values...)))
	must(t, err)
	var first any
	if handed {
		first = values[0]
	}
	result, ok := code.Run(first).Next()
	if !ok {
		return "", errors.New("no output")
	}
	if err, ok := result.(error); ok {
		return "", err
	}
	text, _ := result.(string)
	return text, nil
}
