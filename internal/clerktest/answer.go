package clerktest

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
)

// apiVersions are the versions that Clerk documents, oldest first. The oldest is the default.
var apiVersions = []string{"2021-02-05", "2024-10-01", "2025-04-10", "2025-11-10", "2026-05-12"}

const versionHeader = "Clerk-Api-Version"

// answer is the result of an operation, or a fault's reply. The body is one of value, errors and
// raw.
type answer struct {
	status      int
	header      http.Header
	value       any          // encoded as JSON
	errors      []clerkError // encoded in Clerk's envelope
	raw         string
	contentType string // of raw
}

// Answer is an answer in the form in which it is sent, before compression.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// envelope is the body of every error answer in JSON.
type envelope struct {
	Errors  []clerkError `json:"errors"`
	TraceID string       `json:"clerk_trace_id"`
}

// encode adds the headers of Clerk's answers.
func (s *Server) encode(a *answer, r *http.Request) Answer {
	s.mu.Lock()
	date := s.now().Add(s.dateSkew).UTC().Format(http.TimeFormat)
	s.mu.Unlock()
	var id [16]byte
	rand.Read(id[:])
	trace := hex.EncodeToString(id[:])
	version := r.Header.Get(versionHeader)
	if !slices.Contains(apiVersions, version) {
		version = apiVersions[0]
	}
	encoded := Answer{Status: a.status, Header: http.Header{
		"Content-Type": {contentJSON}, "X-Clerk-Trace-Id": {trace}, "X-Cloud-Trace-Context": {trace},
		versionHeader: {version}, "Cf-Ray": {trace[:16] + "-SIM"}, "Date": {date},
		"Vary": {"Accept-Encoding"},
	}}
	switch {
	case a.errors != nil:
		encoded.Body = encodeJSON(envelope{Errors: a.errors, TraceID: trace})
	case a.value != nil:
		encoded.Body = encodeJSON(a.value)
	default:
		encoded.Body = []byte(a.raw)
		encoded.Header["Content-Type"] = nil // keeps net/http from guessing a type
		if a.contentType != "" {
			encoded.Header.Set("Content-Type", a.contentType)
		}
	}
	maps.Copy(encoded.Header, a.header)
	return encoded
}

func encodeJSON(value any) []byte {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("clerktest: an answer cannot be encoded: %v", err))
	}
	return encoded
}

// compressors are reused: each has tables of hundreds of kilobytes.
var compressors = sync.Pool{New: func() any {
	writer, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // the level exists
	return writer
}}

func compress(body []byte) []byte {
	var compressed bytes.Buffer
	writer := compressors.Get().(*gzip.Writer)
	defer compressors.Put(writer)
	writer.Reset(&compressed)
	_, _ = writer.Write(body) // a bytes.Buffer takes everything
	_ = writer.Close()
	return compressed.Bytes()
}
