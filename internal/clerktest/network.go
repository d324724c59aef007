package clerktest

import (
	"context"
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

// network is a listener for pipes.
type network struct {
	accepted chan net.Conn
	closed   <-chan struct{} // of the simulator
	server   http.Server
	serving  sync.WaitGroup
}

// RoundTripper returns a transport that reaches the server without sockets, whatever host a URL
// names. Connection reuse, gzip, resets and closed connections are as over TCP. In a
// testing/synctest bubble the server must be created inside the bubble.
func (s *Server) RoundTripper() http.RoundTripper {
	return &http.Transport{DialContext: s.dial, MaxIdleConnsPerHost: 16}
}

func (s *Server) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	n := &s.memory
	client, server := newPipe()
	select {
	case n.accepted <- server:
		return client, nil
	case <-n.closed:
		return nil, &net.OpError{Op: "dial", Net: "memory", Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// open begins to serve a simulator.
func (n *network) open(s *Server) {
	n.accepted, n.closed = make(chan net.Conn), s.open.Done()
	n.server.Handler, n.server.ReadHeaderTimeout = s, time.Minute
	n.serving.Go(func() { _ = n.server.Serve(n) }) // ends with the simulator
}

// close ends every connection of a closed simulator.
func (n *network) close() {
	n.serving.Wait() // so that the server knows every connection
	_ = n.server.Close()
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

func (n *network) Close() error { return nil }

func (n *network) Addr() net.Addr { return &net.TCPAddr{} }

// pipe is one end of a net.Pipe that can be reset like a TCP connection.
type pipe struct {
	net.Conn
	isReset *atomic.Bool // of both ends
}

func newPipe() (client, server *pipe) {
	a, b := net.Pipe()
	isReset := &atomic.Bool{}
	return &pipe{a, isReset}, &pipe{b, isReset}
}

// SetLinger makes the close that follows a reset, like [net.TCPConn.SetLinger] with 0.
func (p *pipe) SetLinger(int) error {
	p.isReset.Store(true)
	return nil
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
	if err != nil && p.isReset.Load() {
		return &net.OpError{Op: operation, Net: "memory", Err: syscall.ECONNRESET}
	}
	return err
}
