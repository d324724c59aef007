package provider

import "testing"

func TestVisible(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                          "",
		"Grafana":                   "Grafana",
		"Café für 日本 🚀":             "Café für 日本 🚀",
		"<b>\"a\" & 'b'</b>":        "<b>\"a\" & 'b'</b>",
		"a\nb\r\nc\td":              "a<U+000A>b<U+000D><U+000A>c<U+0009>d",
		"\x1b[2J\x1b]0;title\x07":   "<U+001B>[2J<U+001B>]0;title<U+0007>",
		"a\x00b\x7fc\u0085d\u009be": "a<U+0000>b<U+007F>c<U+0085>d<U+009B>e",
		"\u202egnp.exe":             "<U+202E>gnp.exe",
		"a\u2066b\u2069c\u200fd":    "a<U+2066>b<U+2069>c<U+200F>d",
		"a\u200bb\ufeffc\u00add":    "a<U+200B>b<U+FEFF>c<U+00AD>d",
		"a\u2028b\u2029c\u00a0d":    "a<U+2028>b<U+2029>c<U+00A0>d",
		"\u3164\u2800\ufe0f":        "<U+3164><U+2800><U+FE0F>",
		"\U000e0061\ue000":          "<U+E0061><U+E000>",
		"a\xffb":                    "a\ufffdb",
	} {
		if got := visible(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
	if got, want := quote("say \"hi\"\n"), `"say \"hi\"<U+000A>"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
