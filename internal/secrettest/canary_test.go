package secrettest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestCanaryFindsEveryForm(t *testing.T) {
	t.Parallel()
	const secret = `sk_test_Zm9v/+?"&\bar<ü>`
	sings := map[string]string{
		"plain":          "it is " + secret + " there",
		"JSON":           string(must(json.Marshal(map[string]string{"a": secret}))),
		"bytes in JSON":  string(must(json.Marshal(map[string][]byte{"a": []byte("Bearer " + secret)}))),
		"query":          url.Values{"a": {secret}}.Encode(),
		"path":           (&url.URL{Path: "/" + secret}).String() + url.PathEscape(secret),
		"hexadecimal":    fmt.Sprintf("%x", secret),
		"hexadecimal up": fmt.Sprintf("%X", secret),
	}
	for shift := range 4 {
		before := strings.Repeat("x", shift)
		for name, encoding := range map[string]*base64.Encoding{
			"std": base64.StdEncoding, "raw": base64.RawStdEncoding, "url": base64.URLEncoding, "raw url": base64.RawURLEncoding,
		} {
			sings[fmt.Sprintf("base64 %s after %d bytes", name, shift)] = encoding.EncodeToString([]byte(before + secret + " after"))
		}
	}
	c := NewCanary("something else", secret)
	for name, text := range sings {
		if !strings.Contains(c.Find(text), "secret 2 of 2") {
			t.Errorf("%s: not found", name)
		}
		if c.Without(secret).Find(text) != "" {
			t.Errorf("%s: found although it is allowed", name)
		}
	}
	if what := c.Find("sk_test_Zm9v and c2tfdGVzdF9abTl2"); what != "" {
		t.Errorf("%s found in a text that has the beginning only", what)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
