package provider

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible makes a text that someone else wrote safe on a terminal: a character that shows
// nothing, ends a line or controls the terminal is replaced by its code point, such as
// <U+202E>. The name of an application that registered itself can hold any character.
func visible(text string) string {
	var safe strings.Builder
	for _, r := range text {
		if isShown(r) {
			safe.WriteRune(r)
		} else {
			safe.WriteString("<" + codePoint(r) + ">")
		}
	}
	return safe.String()
}

// isShown reports whether a terminal shows a character, or leaves a space for it.
func isShown(r rune) bool { return unicode.IsPrint(r) && !isInvisible(r) }

// quote puts the visible form of a text in quotation marks.
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
// characters have checks of their own.
func isInvisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Variation_Selector) || invisible[r]
}

func codePoint(r rune) string { return fmt.Sprintf("U+%04X", r) }

// sentence turns the text of a Go error into a sentence.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "…") {
		text += "."
	}
	return text
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// lines and paragraphs join what is not empty.
func lines(texts ...string) string      { return joined("\n", texts) }
func paragraphs(texts ...string) string { return joined("\n\n", texts) }

func joined(separator string, texts []string) string {
	empty := func(text string) bool { return text == "" }
	return strings.Join(slices.DeleteFunc(texts, empty), separator)
}

// quoted lists texts in quotation marks.
func quoted(texts []string) string {
	return strings.Join(slices.Sorted(slices.Values(mapped(texts, quote))), ", ")
}

// mapped returns what f makes of each item.
func mapped[T, V any](items []T, f func(T) V) []V {
	all := make([]V, len(items))
	for i, item := range items {
		all[i] = f(item)
	}
	return all
}

func withoutPassword(uri string) string {
	if parsed, err := url.Parse(uri); err == nil && parsed.User != nil {
		return parsed.Redacted()
	}
	return uri
}
