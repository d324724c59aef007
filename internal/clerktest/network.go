package clerktest

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
)

// memoryURL is the URL of a server without a listener: a loopback address, which clients accept
// without TLS, and a port where nobody listens, in case a request leaves the memory network.
const memoryURL = "http://127.0.0.1:1" + basePath

// network is a listener for pipes.
type network struct {
	accepted chan net.Conn
	closed   <-chan struct{} // of the simulator
}

// RoundTripper returns a transport that reaches the server without sockets, whatever host a URL
// names. Connection reuse, gzip, resets and closed connections are as over TCP. In a
// testing/synctest bubble the server must be created inside the bubble.
func (s *Server) RoundTripper() http.RoundTripper {
	return &http.Transport{DialContext: s.memory.dial, MaxIdleConnsPerHost: 16}
}

func (n network) dial(ctx context.Context, _, _ string) (net.Conn, error) {
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

// Accept, Close and Addr make the network a listener.
func (n network) Accept() (net.Conn, error) {
	select {
	case connection := <-n.accepted:
		return connection, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

func (n network) Close() error { return nil }

func (n network) Addr() net.Addr { return &net.TCPAddr{} }

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

// Read returns the error that TCP would give. A reset never meets a Write: the server has read the
// request by then.
func (p *pipe) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	if err != nil && p.isReset.Load() {
		err = &net.OpError{Op: "read", Net: "memory", Err: syscall.ECONNRESET}
	}
	return n, err
}
