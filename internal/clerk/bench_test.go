package clerk

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkDecode decodes a page of the maximal size.
func BenchmarkDecode(b *testing.B) {
	items := strings.Repeat(wholeApplication+",", 499) + wholeApplication
	a := answer{body: []byte(`{"data":[` + items + `],"total_count":500}`)}
	client := &Client{}
	b.SetBytes(int64(len(a.body)))
	b.ReportAllocs()
	for b.Loop() {
		if page, err := client.decodePage(a); err != nil || len(page.items) != 500 {
			b.Fatal(err)
		}
	}
}

// BenchmarkScrubber scrubs a trace id in a process that has created many applications, and learns
// one more secret. Neither may take longer because of them.
func BenchmarkScrubber(b *testing.B) {
	for _, secrets := range []int{1, 5000} {
		b.Run(fmt.Sprint(secrets), func(b *testing.B) {
			var s scrubber
			for i := range secrets {
				s.learn(NewSecret(fmt.Sprintf("VVgbT7i6sPo7sTljq2zj12fj%08d", i)))
			}
			for b.Loop() {
				s.learn(NewSecret("VVgbT7i6sPo7sTljq2zj12fj00000000"))
				s.clean("5f2b0a8fd0f64d5bb2a7b0a0d6c3e1f4")
			}
		})
	}
}
