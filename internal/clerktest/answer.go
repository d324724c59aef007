package clerktest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"
)

// answer is what an operation, or a fault in its place, wants to say. One of value, errors and raw is the body.
type answer struct {
	status      int
	header      http.Header
	value       any          // encoded as JSON
	errors      []clerkError // encoded in Clerk's envelope
	raw         []byte
	contentType string // of raw

	// outside says why the answer is not one that Clerk's OpenAPI document knows, "" when it is.
	outside string
}

// wire is an answer as it goes over the network.
type wire struct {
	status int
	header http.Header
	body   []byte
}

// encode turns an answer into bytes and gives it the headers that Clerk's answers have.
func (a *answer) encode(r *http.Request, now time.Time, change func(map[string]any)) wire {
	trace := newTraceID()
	encoded := wire{status: a.status, header: http.Header{}}
	encoded.header.Set("Content-Type", contentJSON)
	encoded.header.Set("X-Clerk-Trace-Id", trace)
	encoded.header.Set("X-Cloud-Trace-Context", trace)
	encoded.header.Set("Clerk-Api-Version", answeredVersion(r))
	encoded.header.Set("Cf-Ray", trace[:16]+"-SIM")
	encoded.header.Set("Date", now.UTC().Format(http.TimeFormat))
	encoded.header.Set("Vary", "Accept-Encoding")
	switch {
	case a.errors != nil:
		encoded.body = encodeJSON(envelope{Errors: a.errors, TraceID: trace})
	case a.value != nil:
		encoded.body = encodeJSON(a.value)
	default:
		encoded.body = a.raw
		encoded.header["Content-Type"] = nil // keeps net/http from guessing one
		if a.contentType != "" {
			encoded.header.Set("Content-Type", a.contentType)
		}
	}
	maps.Copy(encoded.header, a.header)
	if change != nil {
		encoded.body = changeJSON(encoded.body, change)
	}
	if len(encoded.body) > 0 && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		encoded.body = compress(encoded.body)
		encoded.header.Set("Content-Encoding", "gzip")
	}
	return encoded
}

func encodeJSON(value any) []byte {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("clerktest: an answer cannot be encoded: %v", err))
	}
	return encoded
}

// changeJSON lets a hook change an answer that is a JSON object; others stay as they are. Numbers keep their text.
func changeJSON(body []byte, change func(map[string]any)) []byte {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil || object == nil {
		return body
	}
	change(object)
	return encodeJSON(object)
}

// compressors are used again: each has tables of hundreds of kilobytes.
var compressors = sync.Pool{New: func() any {
	writer, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // a level that exists is no error
	return writer
}}

func compress(body []byte) []byte {
	var compressed bytes.Buffer
	writer := compressors.Get().(*gzip.Writer)
	defer compressors.Put(writer)
	writer.Reset(&compressed)
	// A bytes.Buffer takes everything.
	_, _ = writer.Write(body)
	_ = writer.Close()
	return compressed.Bytes()
}
