package clerktest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// memoryURL is the URL of a server without a listener: a loopback address, which clients accept
// without TLS, and a port where nobody listens, in case a request leaves the memory network.
const memoryURL = "http://127.0.0.1:1" + basePath

// network carries HTTP over pipes. It starts with its first connection.
type network struct {
	start, stop sync.Once
	accepted    chan net.Conn
	closed      chan struct{}
	server      *http.Server
	served      chan struct{}
	mu          sync.Mutex
	connections []net.Conn // the clients' ends
}

// RoundTripper returns a transport that reaches the server without sockets, whatever host a URL
// names. Connection reuse, gzip, resets and closed connections are as over TCP. In a
// testing/synctest bubble the server must be created inside the bubble.
func (s *Server) RoundTripper() http.RoundTripper {
	return &http.Transport{DialContext: s.DialContext, MaxIdleConnsPerHost: 16}
}

// DialContext connects to the server without sockets, for a client with its own http.Transport.
func (s *Server) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	n := &s.memory
	n.start.Do(func() {
		n.accepted, n.closed, n.served = make(chan net.Conn), make(chan struct{}), make(chan struct{})
		n.server = &http.Server{Handler: s.Handler(), ReadHeaderTimeout: time.Minute}
		go func() {
			defer close(n.served)
			_ = n.server.Serve(n) // ends with ErrServerClosed
		}()
	})
	client, server := newPipe()
	select {
	case n.accepted <- server:
		n.mu.Lock()
		defer n.mu.Unlock()
		n.connections = append(n.connections, client)
		return client, nil
	case <-n.closed:
		return nil, &net.OpError{Op: "dial", Net: "memory", Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// close ends the network with every connection. A network that was never used stays unused.
func (n *network) close() {
	n.start.Do(func() {
		n.closed = make(chan struct{})
		_ = n.Close()
	})
	if n.server != nil {
		_ = n.server.Close()
		<-n.served
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, connection := range n.connections {
		_ = connection.Close()
	}
}

// Accept, Close and Addr make the network a listener.
func (n *network) Accept() (net.Conn, error) {
	select {
	case connection := <-n.accepted:
		return connection, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

func (n *network) Close() error {
	n.stop.Do(func() { close(n.closed) })
	return nil
}

func (n *network) Addr() net.Addr { return &net.TCPAddr{} }

// pipe is one end of a net.Pipe that can be reset like a TCP connection.
type pipe struct {
	net.Conn
	isReset *atomic.Bool // of both ends
	abrupt  atomic.Bool  // SetLinger(0) was called
}

func newPipe() (client, server *pipe) {
	a, b := net.Pipe()
	isReset := &atomic.Bool{}
	return &pipe{Conn: a, isReset: isReset}, &pipe{Conn: b, isReset: isReset}
}

// SetLinger makes Close a reset if seconds is 0, like [net.TCPConn.SetLinger].
func (p *pipe) SetLinger(seconds int) error {
	p.abrupt.Store(seconds == 0)
	return nil
}

func (p *pipe) Close() error {
	if p.abrupt.Load() {
		p.isReset.Store(true)
	}
	return p.Conn.Close()
}

func (p *pipe) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	return n, p.likeTCP("read", err)
}

func (p *pipe) Write(b []byte) (int, error) {
	n, err := p.Conn.Write(b)
	return n, p.likeTCP("write", err)
}

// likeTCP returns the error that TCP would give.
func (p *pipe) likeTCP(operation string, err error) error {
	switch {
	case err == nil:
		return nil
	case p.isReset.Load():
		err = syscall.ECONNRESET
	case operation == "write" && errors.Is(err, io.ErrClosedPipe):
		err = syscall.EPIPE
	default:
		return err
	}
	return &net.OpError{Op: operation, Net: "memory", Err: err}
}
