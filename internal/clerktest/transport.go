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
)

// memoryURL is the URL of a server without a listener: a loopback address, which clients accept without TLS, and a port
// where nobody listens, should a request leave the memory network by mistake.
const memoryURL = "http://127.0.0.1:1" + basePath

// memoryNetwork carries HTTP over pipes. It starts with its first connection: most servers never need it.
type memoryNetwork struct {
	start       sync.Once
	listener    *memoryListener
	server      *http.Server
	served      chan struct{}
	mu          sync.Mutex
	transports  []*http.Transport
	connections []*memoryConnection
}

// RoundTripper gives a transport that reaches the server without sockets, whatever host a URL names. It behaves like
// http.Transport, connection reuse and gzip included; resets and closed connections arrive as they do over TCP.
//
// In a testing/synctest bubble the server must be made inside the bubble.
func (s *Server) RoundTripper() http.RoundTripper {
	transport := &http.Transport{DialContext: s.DialContext, MaxIdleConnsPerHost: 16}
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	s.memory.transports = append(s.memory.transports, transport)
	return transport
}

// DialContext opens a connection to the server without sockets, for a client that has its own http.Transport.
func (s *Server) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	m := &s.memory
	m.start.Do(func() {
		m.listener = &memoryListener{accepted: make(chan net.Conn), closed: make(chan struct{})}
		m.server = newHTTPServer(s.handler)
		m.served = make(chan struct{})
		go func() {
			defer close(m.served)
			_ = m.server.Serve(m.listener) // ends with ErrServerClosed
		}()
	})
	client, server := newMemoryPipe()
	select {
	case m.listener.accepted <- server:
		m.mu.Lock()
		defer m.mu.Unlock()
		m.connections = append(m.connections, client)
		return client, nil
	case <-m.listener.closed:
		return nil, &net.OpError{Op: "dial", Net: "memory", Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// close ends the network, and every connection with it. A network that was never used stays unused.
func (m *memoryNetwork) close() {
	m.start.Do(func() {
		m.listener = &memoryListener{closed: make(chan struct{})}
		m.listener.Close()
	})
	if m.server != nil {
		_ = m.server.Close()
		<-m.served
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, transport := range m.transports {
		transport.CloseIdleConnections()
	}
	for _, connection := range m.connections {
		_ = connection.Close()
	}
}

type memoryListener struct {
	accepted chan net.Conn
	once     sync.Once
	closed   chan struct{}
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case connection := <-l.accepted:
		return connection, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *memoryListener) Addr() net.Addr { return memoryAddress{} }

type memoryAddress struct{}

func (memoryAddress) Network() string { return "memory" }
func (memoryAddress) String() string  { return "127.0.0.1:1" }

// memoryConnection is one end of a net.Pipe that can be reset as a TCP connection can.
type memoryConnection struct {
	net.Conn
	isReset *atomic.Bool // of both ends
	linger  atomic.Bool  // false once SetLinger(0) was called
}

func newMemoryPipe() (client, server *memoryConnection) {
	a, b := net.Pipe()
	isReset := &atomic.Bool{}
	client, server = &memoryConnection{Conn: a, isReset: isReset}, &memoryConnection{Conn: b, isReset: isReset}
	client.linger.Store(true)
	server.linger.Store(true)
	return client, server
}

// SetLinger makes the closing of the connection a reset when seconds is 0, as [net.TCPConn.SetLinger] does.
func (c *memoryConnection) SetLinger(seconds int) error {
	c.linger.Store(seconds != 0)
	return nil
}

func (c *memoryConnection) Close() error {
	if !c.linger.Load() {
		c.isReset.Store(true)
	}
	return c.Conn.Close()
}

func (c *memoryConnection) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	return n, c.like("read", err)
}

func (c *memoryConnection) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	return n, c.like("write", err)
}

// like gives the error that TCP would give.
func (c *memoryConnection) like(operation string, err error) error {
	if err == nil {
		return nil
	}
	var cause error
	switch {
	case c.isReset.Load():
		cause = syscall.ECONNRESET
	case operation == "write" && errors.Is(err, io.ErrClosedPipe):
		cause = syscall.EPIPE
	default:
		return err
	}
	return &net.OpError{Op: operation, Net: "memory", Err: cause}
}
