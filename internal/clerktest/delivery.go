package clerktest

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
)

// deliver puts an answer onto the wire, whole or broken as the fault says.
func (s *Server) deliver(w http.ResponseWriter, r *http.Request, f *Fault, request *Request, found answer) {
	switch {
	case f.Delivery != DeliverWhole:
		markOutside(w, "a fault broke the delivery")
	case f.Change != nil:
		markOutside(w, "a fault changed the answer")
	case found.outside != "":
		markOutside(w, found.outside)
	}
	switch f.Delivery {
	case DeliverReset, DeliverClose:
		disconnect(w, f.Delivery == DeliverReset)
		return
	case DeliverNothing:
		select {
		case <-r.Context().Done():
		case <-s.closed:
		}
		panic(http.ErrAbortHandler)
	case DeliverEndless, DeliverGzipBomb:
		s.note(request, func(request *Request) { request.Status = http.StatusOK })
		s.flood(r.Context(), w, f)
		return
	}

	s.mu.Lock()
	date := s.now().Add(s.dateSkew)
	request.Status = found.status
	s.mu.Unlock()
	encoded := found.encode(r, date, f.Change)
	maps.Copy(w.Header(), encoded.header)
	if f.Delivery == DeliverWhole {
		writeWhole(w, encoded)
		return
	}
	s.writeBroken(r.Context(), w, f, encoded)
}

func writeWhole(w http.ResponseWriter, encoded wire) {
	w.WriteHeader(encoded.status)
	// An error means that the client left, which is its right.
	_, _ = w.Write(encoded.body)
	if len(encoded.body) > 0 {
		// A flush before the end makes the body chunked, as Clerk's are.
		_ = http.NewResponseController(w).Flush()
	}
}

func (s *Server) writeBroken(ctx context.Context, w http.ResponseWriter, f *Fault, encoded wire) {
	controller := http.NewResponseController(w)
	half := encoded.body[:len(encoded.body)/2]
	switch f.Delivery {
	case DeliverShort:
		w.Header().Set("Content-Length", strconv.Itoa(len(encoded.body)))
	case DeliverCutUndeclared:
		w.Header().Set("Transfer-Encoding", "identity")
	case DeliverCutGzip:
		if w.Header().Get("Content-Encoding") == "" {
			w.Header().Set("Content-Encoding", "gzip")
			compressed := compress(encoded.body)
			half = compressed[:len(compressed)/2]
		}
	}
	w.WriteHeader(encoded.status)
	if f.Delivery == DeliverDrip {
		for i := range encoded.body {
			if _, err := w.Write(encoded.body[i : i+1]); err != nil {
				return
			}
			_ = controller.Flush()
			if !s.wait(ctx, f.Every) {
				panic(http.ErrAbortHandler)
			}
		}
		return
	}
	_, _ = w.Write(half)
	_ = controller.Flush()
	if f.Delivery == DeliverCutChunks {
		panic(http.ErrAbortHandler)
	}
}

// flood writes a body that is larger than anybody should read.
func (s *Server) flood(ctx context.Context, w http.ResponseWriter, f *Fault) {
	w.Header().Set("Content-Type", contentJSON)
	out, left := io.Writer(w), int64(-1)
	if f.Delivery == DeliverGzipBomb {
		w.Header().Set("Content-Encoding", "gzip")
		compressor, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // a level that exists is no error
		defer func() { _ = compressor.Close() }()
		out, left = compressor, f.Size
	}
	w.WriteHeader(http.StatusOK)
	block := bytes.Repeat([]byte("a"), 32<<10)
	text := []byte(`{"object":"oauth_application","name":"`)
	for left != 0 {
		if left > 0 && left < int64(len(text)) {
			text = text[:left]
		}
		if _, err := out.Write(text); err != nil || !s.wait(ctx, 0) {
			return
		}
		select {
		case <-s.closed:
			panic(http.ErrAbortHandler)
		default:
		}
		if left > 0 {
			left -= int64(len(text))
		}
		text = block
	}
}

// disconnect ends the connection without an answer. Where the connection cannot be had (HTTP/2) the stream is reset.
func disconnect(w http.ResponseWriter, reset bool) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if reset {
		connection = prepareReset(connection)
	}
	_ = connection.Close()
}

// prepareReset makes the closing of a connection a reset. For TLS it gives the connection below, whose closing says no
// goodbye.
func prepareReset(connection net.Conn) net.Conn {
	if secure, ok := connection.(interface{ NetConn() net.Conn }); ok {
		return prepareReset(secure.NetConn())
	}
	if lingering, ok := connection.(interface{ SetLinger(seconds int) error }); ok {
		_ = lingering.SetLinger(0) // fails only on a connection that is gone already
	}
	return connection
}

// markOutside tells a middleware that the answer is deliberately not what Clerk's OpenAPI document says. A middleware that
// wants to know has an OutsideDocument method on its response writer.
func markOutside(w http.ResponseWriter, reason string) {
	for w != nil {
		if marked, ok := w.(interface{ OutsideDocument(reason string) }); ok {
			marked.OutsideDocument(reason)
		}
		wrapped, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return
		}
		w = wrapped.Unwrap()
	}
}
