package clerktest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

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
	body := a.Body
	if f.change != nil {
		body = changeJSON(body, f.change)
	}
	accepts := strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
	if len(body) > 0 && (accepts || f.Delivery == DeliverCutGzip) {
		body = compress(body)
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
	_, _ = w.Write(body) // an error means that the client left, which is its right
	if len(body) > 0 {
		_ = http.NewResponseController(w).Flush() // makes the body chunked, like Clerk's
	}
	if f.Delivery == DeliverCutChunks {
		panic(http.ErrAbortHandler)
	}
}

// changeJSON lets a fault change an answer that is a JSON object; other answers stay as they are.
func changeJSON(body []byte, change func(map[string]any)) []byte {
	var object map[string]any
	if err := json.Unmarshal(body, &object); err != nil || object == nil {
		return body
	}
	change(object)
	return encodeJSON(object)
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

// reset ends the connection without an answer. HTTP/2 has no connection of its own for a request:
// there the stream is reset.
func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if secure, ok := connection.(interface{ NetConn() net.Conn }); ok {
		connection = secure.NetConn() // below TLS, so that closing says no goodbye
	}
	if lingering, ok := connection.(interface{ SetLinger(seconds int) error }); ok {
		_ = lingering.SetLinger(0) // fails only on a connection that is gone
	}
	_ = connection.Close()
}
