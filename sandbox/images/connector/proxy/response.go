// Package proxy answers the requests that arrive through the tunnel.
package proxy

import (
	"encoding/base64"
	"io"
	"net/http"
	"strings"

	"golang.org/x/net/http2"
)

// Headers of a response that Cloudflare's network reads and removes. An origin's own headers travel packed in one of them,
// because HTTP/2 would refuse some that HTTP/1 allows.
const (
	packedHeaders = "Cf-Cloudflared-Response-Headers"
	answeredBy    = "Cf-Cloudflared-Response-Meta"
	byOrigin      = `{"src":"origin"}`
	byConnector   = `{"src":"cloudflared"}`
)

// Response writes the answer to one request.
type Response struct {
	w       http.ResponseWriter
	eager   bool
	started bool
}

// NewResponse wraps what the HTTP/2 server gives. An eager response sends each piece of its body at once.
func NewResponse(w http.ResponseWriter, eager bool) *Response {
	return &Response{w: w, eager: eager}
}

// Start sends status and headers. 101 is sent as 200, for HTTP/2 has no 101.
func (r *Response) Start(status int, headers http.Header) {
	own := r.w.Header()
	for name, values := range headers {
		if strings.EqualFold(name, "content-length") {
			own[name] = values
		}
	}
	own.Set(packedHeaders, pack(headers))
	own.Set(answeredBy, byOrigin)
	if status == http.StatusSwitchingProtocols {
		status = http.StatusOK
	}
	r.w.WriteHeader(status)
	r.started = true
	r.eager = r.eager || streams(headers)
	if r.eager {
		r.flush()
	}
}

// Fail answers that the connector could not get an answer. It returns false when a response was already under way.
func (r *Response) Fail() bool {
	if r.started {
		return false
	}
	r.w.Header().Set(answeredBy, byConnector)
	r.w.WriteHeader(http.StatusBadGateway)
	r.started = true
	return true
}

// Write sends a piece of the body.
func (r *Response) Write(piece []byte) (int, error) {
	n, err := r.w.Write(piece)
	if err == nil && r.eager {
		r.flush()
	}
	return n, err
}

// Trailers sends what the origin sent after its body.
func (r *Response) Trailers(trailers http.Header) {
	for name, values := range trailers {
		for _, value := range values {
			r.w.Header().Add(http2.TrailerPrefix+name, value)
		}
	}
}

func (r *Response) flush() { r.w.(http.Flusher).Flush() }

// pack joins headers as base64(name):base64(value) pairs, without those that belong to Cloudflare.
func pack(headers http.Header) string {
	encode := base64.RawStdEncoding.EncodeToString
	var pairs []string
	for name, values := range headers {
		if reserved(strings.ToLower(name)) {
			continue
		}
		for _, value := range values {
			pairs = append(pairs, encode([]byte(name))+":"+encode([]byte(value)))
		}
	}
	return strings.Join(pairs, ";")
}

func reserved(name string) bool {
	for _, prefix := range []string{":", "cf-int-", "cf-cloudflared-", "cf-proxy-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// streams says whether a response may be one that arrives piece by piece.
func streams(headers http.Header) bool {
	if headers.Get("Content-Length") == "" {
		return true
	}
	kind := strings.ToLower(headers.Get("Content-Type"))
	return strings.HasPrefix(kind, "text/event-stream") || strings.HasPrefix(kind, "application/grpc") ||
		strings.HasPrefix(kind, "application/x-ndjson") ||
		strings.Contains(strings.ToLower(headers.Get("Transfer-Encoding")), "chunked")
}

// pipe copies both ways until either side ends.
func pipe(tunnel io.ReadWriter, origin io.ReadWriter) {
	ended := make(chan struct{}, 2)
	one := func(to io.Writer, from io.Reader) {
		// The HTTP/2 stream of a request that has ended panics when it is written to.
		defer func() { recover(); ended <- struct{}{} }()
		io.Copy(to, from)
	}
	go one(tunnel, origin)
	go one(origin, tunnel)
	<-ended
}
