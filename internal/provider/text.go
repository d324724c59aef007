package provider

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// visible returns a text that someone else wrote in a form that is safe on a terminal:
// a character that shows nothing, ends a line or controls the terminal is replaced by
// its code point, such as <U+202E>. The name of an application that registered itself
// can hold any character.
func visible(text string) string {
	var safe strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) && !isInvisible(r) {
			safe.WriteRune(r)
		} else {
			safe.WriteString("<" + codePoint(r) + ">")
		}
	}
	return safe.String()
}

// quote puts the visible form of a text in quotation marks. Messages quote names with it.
func quote(text string) string {
	return `"` + strings.ReplaceAll(visible(text), `"`, `\"`) + `"`
}

// invisible are the characters that show nothing although Unicode classes them as
// letters, marks or symbols.
var invisible = map[rune]bool{
	0x034F: true,               // combining grapheme joiner
	0x115F: true, 0x1160: true, // Hangul fillers
	0x17B4: true, 0x17B5: true, // Khmer inherent vowels
	0x2800: true,               // braille pattern blank
	0x3164: true, 0xFFA0: true, // Hangul fillers
}

// isInvisible reports whether a character shows nothing. White space and control
// characters are not among them: they have checks of their own.
func isInvisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Variation_Selector) || invisible[r]
}

// invisibleIn returns the code points of the invisible characters of a text, each once.
func invisibleIn(text string) []string {
	var found []string
	for _, r := range text {
		if isInvisible(r) {
			found = append(found, codePoint(r))
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// codePoint names a character that would not show.
func codePoint(r rune) string { return fmt.Sprintf("U+%04X", r) }

// textCheck is a validator of one string.
type textCheck struct {
	title string // summary of the diagnostic
	want  string // what is valid
	// problem returns the detail of the diagnostic, or "" for a valid text.
	problem func(text string) string
}

// Description implements validator.String.
func (c textCheck) Description(context.Context) string { return c.want }

// MarkdownDescription implements validator.String.
func (c textCheck) MarkdownDescription(context.Context) string { return c.want }

// ValidateString implements validator.String.
func (c textCheck) ValidateString(
	_ context.Context, req validator.StringRequest, resp *validator.StringResponse,
) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if problem := c.problem(req.ConfigValue.ValueString()); problem != "" {
		resp.Diagnostics.AddAttributeError(req.Path, c.title, problem)
	}
}

// nameCheck accepts the names that Clerk accepts.
var nameCheck = stringvalidator.All(
	stringvalidator.UTF8LengthBetween(1, clerk.MaxNameLength),
	stringvalidator.RegexMatches(notBlank, "must not be only white space"),
)

// triggerCheck rejects an empty trigger, which is most often a variable that was not set.
// It would rotate the secret.
var triggerCheck = stringvalidator.RegexMatches(notBlank,
	"must not be empty: an empty trigger, most often a variable that was not set, would rotate the "+
		"secret. Set null for no trigger")

// notBlank matches a text with a character that is not white space.
var notBlank = regexp.MustCompile(`[^\s\p{Z}]`)
