package clerktest

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
)

// Answer is an answer in the form in which it is sent, before compression.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// answerJSON is an answer with a value as JSON.
func answerJSON(status int, value any) Answer {
	return Answer{status, http.Header{"Content-Type": {contentJSON}}, encodeJSON(value)}
}

func encodeJSON(value any) []byte {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("clerktest: an answer cannot be encoded: %v", err))
	}
	return encoded
}

// completed adds the headers of every answer.
func (s *Server) completed(a Answer) Answer {
	defer s.lock()()
	a.Header = a.Header.Clone()
	a.Header.Set("Date", s.now().Add(s.dateSkew).UTC().Format(http.TimeFormat))
	a.Header.Set(traceHeader, cmp.Or(a.Header.Get(traceHeader), randomText(32)))
	if a.Header.Get("Content-Type") == "" {
		a.Header["Content-Type"] = nil // keeps net/http from guessing a type
	}
	return a
}

const traceHeader = "X-Clerk-Trace-Id"

// clerkError is one error of Clerk's error envelope.
type clerkError struct {
	Message     string            `json:"message"`
	LongMessage string            `json:"long_message"`
	Code        string            `json:"code"`
	Meta        map[string]string `json:"meta,omitempty"`

	status int // of the answer, if this is the first error; 0 is 422
}

// failure is an answer with errors.
func failure(errs ...clerkError) Answer {
	trace := randomText(32)
	a := answerJSON(cmp.Or(errs[0].status, http.StatusUnprocessableEntity),
		map[string]any{"errors": errs, "clerk_trace_id": trace})
	a.Header.Set(traceHeader, trace)
	return a
}

// about names the parameter that an error is about.
func about(parameter, code, message, long string) clerkError {
	meta := map[string]string{"param_name": parameter}
	return clerkError{Code: code, Message: message, LongMessage: long, Meta: meta}
}

// invalid is an error about a value, in the words that follow "is invalid.".
func invalid(parameter, format string, arguments ...any) clerkError {
	return about(parameter, "form_param_value_invalid", "is invalid",
		parameter+" is invalid. "+fmt.Sprintf(format, arguments...))
}

func notAllowed(parameter, value string) clerkError {
	return about(parameter, "form_param_value_invalid", "is invalid",
		value+" does not match one of the allowed values for parameter "+parameter)
}

// messages are texts of Clerk's error catalogue, for the codes that the server answers with.
// Others, of faults, are their own text.
var messages = map[string]string{
	"authorization_header_format_invalid": "Invalid Authorization header format. " +
		"Must be 'Bearer <YOUR_API_KEY>'",
	"clerk_key_invalid": "The provided Clerk Secret Key is invalid. " +
		"Make sure that your Clerk Secret Key is correct.",
	"duplicate_record":   "the redirect URI already exists",
	"form_param_missing": "Image file missing",
	"image_too_large":    "Image too large",
	"oauth_invalid_scope": "An invalid scope was used. " +
		"Specify a different scope and try again.",
	"request_body_invalid": "The request body is invalid. " +
		"Please consult the API documentation for more information.",
	"resource_not_found": "Resource not found",
	"too_many_requests":  "Too many requests, retry later",
}

// known is an error of Clerk's catalogue.
func known(status int, code string) clerkError {
	text := cmp.Or(messages[code], code)
	return clerkError{Code: code, Message: text, LongMessage: text, status: status}
}

// catalogued is an answer with an error of Clerk's catalogue.
func catalogued(status int, code string) Answer { return failure(known(status, code)) }

// deliver sends an answer, whole or broken as the fault says.
func (s *Server) deliver(
	w http.ResponseWriter, r *http.Request, f Fault, request *Request, a Answer,
) {
	if f.Delivery == DeliverReset {
		reset(w)
		return
	}
	s.mu.Lock()
	request.Status = a.Status
	s.mu.Unlock()
	maps.Copy(w.Header(), a.Header)
	maps.Copy(w.Header(), f.Header)
	body := a.Body
	if f.change != nil {
		body = f.change(body)
	}
	accepts := strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
	if len(body) > 0 && (accepts || f.Delivery == DeliverCutGzip) {
		body = compressed(body)
		w.Header().Set("Content-Encoding", "gzip")
	}
	switch f.Delivery {
	case DeliverShort:
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	case DeliverCutUndeclared:
		w.Header().Set("Transfer-Encoding", "identity")
	}
	if f.Delivery != DeliverWhole {
		body = body[:len(body)/2]
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(body)                      // fails if the client has left
	_ = http.NewResponseController(w).Flush() // makes the body chunked, like Clerk's
	if f.Delivery == DeliverCutChunks {
		panic(http.ErrAbortHandler)
	}
}

// compressed is a body as gzip. Any other level would allocate tables of hundreds of kilobytes.
func compressed(body []byte) []byte {
	var buffer bytes.Buffer
	writer, _ := gzip.NewWriterLevel(&buffer, gzip.HuffmanOnly) // the level exists
	// A bytes.Buffer takes everything.
	_, _ = writer.Write(body)
	_ = writer.Close()
	return buffer.Bytes()
}

// reset ends the connection with a TCP reset and without an answer. HTTP/2 is not served: it has no
// connection of its own for a request.
func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_ = connection.(interface{ SetLinger(int) error }).SetLinger(0) // fails only if it is gone
	_ = connection.Close()
}
