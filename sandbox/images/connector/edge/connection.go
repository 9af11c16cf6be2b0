package edge

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/net/http2"

	"creel/sandbox/images/connector/proxy"
)

// ServerName is what the certificate of Cloudflare's network is for, over HTTP/2.
const ServerName = "h2.cftunnel.com"

// dialLimit is how long connecting and the TLS handshake may take together.
const dialLimit = 15 * time.Second

// purpose is the header by which Cloudflare's network says that a request is no ordinary one.
const purpose = "Cf-Cloudflared-Proxy-Connection-Upgrade"

var errLost = errors.New("connection with the edge closed")

// unreachable is an edge that could not be dialed.
type unreachable struct{ error }

// connection is one connection to the edge. The connector opens it, and is the HTTP/2 server on it.
type connection struct {
	tunnel  *Tunnel
	index   uint8
	attempt attempt
	log     zerolog.Logger
	// registered is called once, when the edge has accepted this connection.
	registered func()

	conn net.Conn
	open sync.WaitGroup

	lock     sync.Mutex
	graceful bool
	failure  error
}

// dial opens a TLS 1.3 connection.
//
// Errors: unreachable.
func dial(ctx context.Context, address *net.TCPAddr, trust *tls.Config) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	dialer := tls.Dialer{Config: trust}
	conn, err := dialer.DialContext(ctx, "tcp", address.String())
	if err != nil {
		return nil, unreachable{fmt.Errorf("cannot connect with the edge: %w", err)}
	}
	return conn, nil
}

// serve answers what arrives until the connection ends: nil after a graceful end.
func (c *connection) serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		<-ctx.Done()
		c.open.Wait()
		c.conn.Close()
	}()
	server := http2.Server{MaxConcurrentStreams: math.MaxUint32}
	server.ServeConn(c.conn, &http2.ServeConnOpts{Context: ctx, Handler: c})
	c.lock.Lock()
	defer c.lock.Unlock()
	switch {
	case c.graceful:
		return nil
	case c.failure != nil:
		return c.failure
	default:
		return errLost
	}
}

// ServeHTTP answers one stream.
func (c *connection) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	c.open.Add(1)
	defer c.open.Done()
	kind := request.Header.Get(purpose)
	response := proxy.NewResponse(w, kind == "websocket")
	var err error
	switch {
	case kind == "control-stream":
		if err = c.control(request.Context(), stream{request.Body, w}); err != nil {
			c.lock.Lock()
			c.failure = err
			c.lock.Unlock()
		}
	case kind == "update-configuration":
		err = c.configure(response, request)
	case request.Header.Get("Cf-Cloudflared-Proxy-Src") != "":
		err = errors.New("this stand-in carries HTTP and WebSocket only")
	default:
		request.Header.Del(purpose)
		err = c.tunnel.Proxy.Serve(response, request, kind == "websocket")
	}
	if err != nil && !response.Fail() {
		panic(http.ErrAbortHandler) // The answer is under way: break it off.
	}
}

// control registers, waits for the end and unregisters.
func (c *connection) control(ctx context.Context, stream io.ReadWriteCloser) error {
	edge := newRegistrar(ctx, stream)
	defer edge.close()
	found, err := edge.register(ctx, c.tunnel.Credentials, c.tunnel.Client, c.attempt)
	if err != nil {
		return err
	}
	c.log.Info().Str("connection", hex.EncodeToString(found.connection)).Str("location", found.location).
		Str("protocol", "http2").Msg("Registered tunnel connection")
	c.registered()
	if c.index == 0 && !found.remotelyManaged {
		if err := edge.sendConfiguration(ctx, c.tunnel.Proxy.Local()); err != nil {
			c.log.Error().Err(err).Msg("the edge did not take the local configuration")
		}
	}
	select {
	case <-ctx.Done():
		return errLost
	case <-c.tunnel.Shutdown:
	}
	c.lock.Lock()
	c.graceful = true
	c.lock.Unlock()
	c.tunnel.ready(c.index, false)
	if err := edge.unregister(ctx, c.tunnel.Grace); err != nil {
		return fmt.Errorf("cannot unregister: %w", err)
	}
	c.log.Info().Msg("Unregistered tunnel connection")
	return nil
}

// configure puts pushed rules in force, and says which version is.
func (c *connection) configure(w io.Writer, request *http.Request) error {
	var pushed struct {
		Version int32           `json:"version"`
		Config  json.RawMessage `json:"config"`
	}
	if err := json.NewDecoder(request.Body).Decode(&pushed); err != nil {
		return err
	}
	version, changed, err := c.tunnel.Proxy.Update(pushed.Version, pushed.Config)
	answer := map[string]any{"lastAppliedVersion": version, "err": nil}
	switch {
	case err != nil:
		answer["err"] = struct{}{} // What is wrong is said in the log only, as cloudflared does.
		c.log.Error().Err(err).Int32("version", pushed.Version).RawJSON("config", pushed.Config).
			Msg("Failed to update ingress")
	case changed:
		c.log.Info().Int32("version", version).RawJSON("config", pushed.Config).Msg("Updated to new configuration")
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// stream is a control stream: what the edge sends and what is sent back, each message at once.
type stream struct {
	body io.ReadCloser
	w    http.ResponseWriter
}

func (s stream) Read(into []byte) (int, error) { return s.body.Read(into) }

func (s stream) Write(piece []byte) (int, error) {
	n, err := s.w.Write(piece)
	if err == nil {
		s.w.(http.Flusher).Flush()
	}
	return n, err
}

func (s stream) Close() error { return nil }
