package lifecycle

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/secrettest"
)

// secretLiterals is a configuration that has secrets as literals, each of them in an argument where it is wrong. Values of the
// blocks are JSON.
type secretLiterals struct {
	providers  []map[string]any          // each with an application
	resources  map[string]map[string]any // applications of the default provider
	ephemerals map[string]map[string]any
	secrets    []string // what must not be printed, nor any piece of it
	problems   int      // diagnostics to expect
}

// pieceLength is the shortest piece of a secret that counts as printed.
const pieceLength = 12

// pieces are all pieces of a secret that the test searches for.
func pieces(secret string) (all []string) {
	for i := 0; i+pieceLength <= len(secret); i++ {
		all = append(all, secret[i:i+pieceLength])
	}
	return all
}

// literalsForPlan are wrong when the configuration is planned.
func literalsForPlan(t *testing.T, server *clerktest.Server) secretLiterals {
	t.Helper()
	l := secretLiterals{ephemerals: map[string]map[string]any{}}
	addProvider := func(secret string, arguments map[string]any) {
		arguments["alias"] = fmt.Sprintf("p%d", len(l.providers))
		l.providers = append(l.providers, arguments)
		l.secrets = append(l.secrets, secret)
		l.problems++
	}
	for _, form := range []string{"sk_test_%s and more", "%s\nand another line", "\"sk_live_%s\"", "CLERK_SECRET_KEY=sk_test_%s", "pk_test_%s"} {
		secret := rand.Text()
		addProvider(secret, map[string]any{"secret_key": fmt.Sprintf(form, secret), "api_url": server.URL()})
	}
	for _, form := range []string{"https://user:%s@api.clerk.com", "https://%s@api.clerk.com/v1", "https://api.clerk.com?key=sk_test_%s", "http://sk_live_%s.example.com", "sk_test_%s"} {
		secret := rand.Text()
		addProvider(secret, map[string]any{"secret_key": server.Key(), "api_url": fmt.Sprintf(form, secret)})
	}

	mine, sshPair := secrettest.NewKey(t), secrettest.NewSSHKey(t, "ed25519")
	mySecret, otherSecret := mine.Lines()[0], secrettest.NewKey(t).Lines()[0]
	sshKey, sshLines := sshPair.Identity, sshPair.Lines()
	ciphertext := secrettest.Encrypt(t, rand.Text(), mine)
	plain := rand.Text() + rand.Text()
	decrypt := func(ciphertext any, identity string) {
		l.ephemerals[fmt.Sprintf("e%d", len(l.ephemerals))] = map[string]any{"ciphertext": ciphertext, "identity": identity}
		l.problems++
	}
	decrypt(ciphertext, "AGE-SECRET-KEY-1"+otherSecret[:40])
	decrypt(ciphertext, otherSecret)
	decrypt(ciphertext, sshKey)
	decrypt(ciphertext, strings.Join(strings.Split(sshKey, "\n")[:5], "\n"))
	decrypt(ciphertext, strings.Join(sshLines, "\n"))
	decrypt(nil, "\""+mine.Identity+"\"")
	decrypt(plain, mine.Identity)
	decrypt(plain+"\n"+ciphertext, mine.Identity)
	decrypt(ciphertext[:len(ciphertext)-100], mine.Identity)
	l.secrets = append(l.secrets, mySecret, otherSecret, plain)
	l.secrets = append(l.secrets, sshLines...)
	return l
}

// literalsForValidation are wrong already when the configuration is validated.
func literalsForValidation(t *testing.T) secretLiterals {
	t.Helper()
	l := secretLiterals{resources: map[string]map[string]any{}}
	key, sshPair := secrettest.NewKey(t), secrettest.NewSSHKey(t, "ed25519")
	secret := key.Lines()[0]
	sshKey, sshLines := sshPair.Identity, sshPair.Lines()
	for _, recipients := range [][]any{
		{key.Identity},
		{sshKey},
		{key.Identity, nil},
		{key.Identity, "not a recipient"},
		{"age1cut", key.Identity, key.Recipient},
		{strings.ToLower(key.Identity)},
		{"\"" + key.Identity + "\""},
		{secret},
		{nil, secret},
		{key.Recipient, secret[:30]},
		{strings.Join(sshLines, "\n")},
		{sshLines[0], "age1cut"},
		{"age1cut\n" + secret},
	} {
		l.resources[fmt.Sprintf("r%d", len(l.resources))] = map[string]any{"name": "web", "encrypt_client_secret_to": recipients}
		l.problems++
	}
	l.problems += 2 // two sets have two problems each
	l.secrets = append([]string{secret, strings.ToLower(secret)}, sshLines...)
	return l
}

// applications are the applications of the configuration, by name.
func (l secretLiterals) applications() map[string]map[string]any {
	all := maps.Clone(l.resources)
	if all == nil {
		all = map[string]map[string]any{}
	}
	for _, block := range l.providers {
		alias := block["alias"].(string)
		all[alias] = map[string]any{"name": "web", "provider": "clerk." + alias}
	}
	return all
}

// hcl is the configuration with each argument on a line of its own.
func (l secretLiterals) hcl() string {
	var text strings.Builder
	text.WriteString(requiredClerk)
	block := func(header string, arguments map[string]any) {
		fmt.Fprintf(&text, "%s {\n", header)
		for name, value := range arguments {
			encoded, _ := json.Marshal(value) // texts, null and lists of them
			if name == "provider" {
				encoded = []byte(value.(string))
			}
			fmt.Fprintf(&text, "  %s = %s\n", name, encoded)
		}
		text.WriteString("}\n")
	}
	for _, arguments := range l.providers {
		block(`provider "clerk"`, arguments)
	}
	for name, arguments := range l.applications() {
		block(fmt.Sprintf("resource %q %q", applicationType, name), arguments)
	}
	for name, arguments := range l.ephemerals {
		block(fmt.Sprintf("ephemeral %q %q", decryptedSecretType, name), arguments)
	}
	return text.String()
}

// json is the configuration as a .tf.json file.
func (l secretLiterals) json(t *testing.T, indent string) string {
	t.Helper()
	root := map[string]any{
		"terraform": map[string]any{"required_providers": map[string]any{"clerk": map[string]any{"source": enginetest.Address}}},
		"resource":  map[string]any{applicationType: l.applications()},
	}
	if len(l.providers) > 0 {
		root["provider"] = map[string]any{"clerk": l.providers}
	}
	if len(l.ephemerals) > 0 {
		root["ephemeral"] = map[string]any{decryptedSecretType: l.ephemerals}
	}
	text, err := json.MarshalIndent(root, "", indent)
	if indent == "" {
		text, err = json.Marshal(root)
	}
	must(t, err)
	return string(text)
}

// TestAccSecretLiterals: a secret that stands in the configuration as a literal, where it is wrong, is printed neither in the
// message nor by the engine, which prints the line of the configuration that a message is about.
//
// A provider can do nothing about one layout: in a .tf.json file of one line, the engine prints that line under every message, because
// the block begins on it. There, the test checks only the message.
func TestAccSecretLiterals(t *testing.T) {
	t.Parallel()
	engine := enginetest.Find(t)
	if !engine.Supports("1.11", "1.11") {
		t.Skip("needs ephemeral resources")
	}
	server := clerktest.New(t)
	for name, l := range map[string]secretLiterals{"plan": literalsForPlan(t, server), "validate": literalsForValidation(t)} {
		for layout, file := range map[string][2]string{
			"tf":               {"main.tf", l.hcl()},
			"tf.json":          {"main.tf.json", l.json(t, "  ")},
			"tf.json, 1 line":  {"main.tf.json", l.json(t, "")},
			"tf with one line": {"main.tf", oneLineProvider(l)},
		} {
			if file[1] == "" {
				continue
			}
			t.Run(name+" "+layout, func(t *testing.T) {
				t.Parallel()
				clerk := enginetest.Clerk(t)
				clerk.Override = true
				w := newWorkspaceFor(t, engine, server, clerk)
				delete(w.Env, envAPIURL)
				w.Write(file[0], file[1])
				w.searchLiterals(l, layout == "tf.json, 1 line", layout == "tf with one line")
			})
		}
	}
	if sent := server.RequestLines(); len(sent) > 0 {
		t.Errorf("requests were sent: %q", sent)
	}
}

// oneLineProvider is a provider block of one line, where the line of the block is that of the key.
func oneLineProvider(l secretLiterals) string {
	if len(l.providers) == 0 {
		return ""
	}
	key, _ := json.Marshal(l.providers[0]["secret_key"])
	return requiredClerk + fmt.Sprintf("provider \"clerk\" { secret_key = %s }\nresource %q \"p0\" {\n  name = \"web\"\n}\n", key, applicationType)
}

// sourceLine is a line of the configuration as engines print it.
var sourceLine = regexp.MustCompile(`(?m)^[│ ]*\d+: .*$`)

func (w *workspace) searchLiterals(l secretLiterals, sourceIsShown, oneProblem bool) {
	w.Helper()
	var all []string
	for _, secret := range l.secrets {
		all = append(all, pieces(secret)...)
	}
	c := secrettest.NewCanary(all...)
	problems := l.problems
	if oneProblem {
		problems = 1
	}
	for _, arguments := range [][]string{
		{"validate"},
		{"validate", "-json"},
		{"plan"},
		{"plan", "-json"},
		{"apply", "-auto-approve"},
		{"apply", "-auto-approve", "-json"},
		{"import", "clerk_oauth_application.p0", documentedID},
		{"plan", "-refresh-only"},
	} {
		result := w.try(arguments...)
		json := slices.Contains(arguments, "-json")
		if slices.Equal(arguments, []string{"plan", "-json"}) {
			found := 0
			for _, d := range result.Diagnostics() {
				if d.Severity == tfjson.DiagnosticSeverityError {
					found++
				}
				if what := c.Find(d.Summary + "\n" + d.Detail); what != "" {
					w.Errorf("a message of %q holds %s", arguments, what)
				}
			}
			if found != problems || result.Code == 0 {
				w.Errorf("%d errors, want %d:\n%s", found, problems, result.Output())
			}
		}
		output := result.Output()
		if sourceIsShown {
			if json {
				continue // the messages were checked
			}
			output = sourceLine.ReplaceAllString(output, "")
		}
		if what := c.Find(output); what != "" {
			w.Errorf("the output of %q holds %s:\n%s", arguments, what, output)
		}
	}
}
