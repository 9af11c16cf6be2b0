package proxy

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/rs/zerolog"

	"creel/sandbox/images/connector/ingress"
	"creel/sandbox/images/connector/metrics"
)

// Proxy sends requests to the services that the current rules name.
type Proxy struct {
	Configuration
	// Connector is the id that origins see in the header Cf-Warp-Tag-Id.
	Connector string
	Log       zerolog.Logger
	Counters  *metrics.Counters
}

// Serve answers one request.
//
// Errors: no answer could be had, and none was begun unless Response says so.
func (p *Proxy) Serve(w *Response, request *http.Request, websocket bool) error {
	atomic.AddInt64(&p.Counters.Requests, 1)
	atomic.AddInt64(&p.Counters.Open, 1)
	defer atomic.AddInt64(&p.Counters.Open, -1)
	request.Header.Add("Cf-Warp-Tag-Id", p.Connector)
	rule, number := p.rules().Match(request.Host, request.URL.Path)
	log := p.Log.With().Str("cfRay", request.Header.Get("Cf-Ray")).Int("ingressRule", number).
		Str("originService", rule.Service.String()).Logger()
	refused, err := p.proxy(w, request, websocket, rule)
	if refused != "" {
		log.Error().Str("error", "request refused: "+refused).Send()
	}
	if err != nil {
		log.Error().Err(err).Send()
	}
	if refused != "" || err != nil {
		atomic.AddInt64(&p.Counters.Errors, 1)
	}
	return err
}

func (p *Proxy) proxy(w *Response, request *http.Request, websocket bool, rule ingress.Rule) (string, error) {
	if rule.Check != nil {
		refusal, err := rule.Check.Refusal(request)
		if err != nil {
			return "", fmt.Errorf("access token cannot be verified: %w", err)
		}
		if refusal != "" {
			w.Start(http.StatusForbidden, nil)
			return refusal, nil
		}
	}
	answer, err := rule.Service.RoundTrip(forOrigin(request, websocket, rule.Settings))
	if err != nil {
		return "", fmt.Errorf("the service did not answer: %w", err)
	}
	defer answer.Body.Close()
	w.Start(answer.StatusCode, answer.Header)
	if answer.StatusCode == http.StatusSwitchingProtocols {
		origin, ok := answer.Body.(io.ReadWriter)
		if !ok {
			return "", fmt.Errorf("the service switched protocols to nothing")
		}
		pipe(both{request.Body, w}, origin)
		return "", nil
	}
	if _, err := io.Copy(w, answer.Body); err != nil {
		return "", err
	}
	w.Trailers(answer.Trailer)
	p.Counters.Answered(answer.StatusCode)
	return "", nil
}

// forOrigin prepares a request of the tunnel for a round trip over HTTP/1.
func forOrigin(request *http.Request, websocket bool, settings ingress.Settings) *http.Request {
	out := request
	if websocket {
		out = request.Clone(request.Context())
		out.Header.Set("Connection", "Upgrade")
		out.Header.Set("Upgrade", "websocket")
		out.Header.Set("Sec-Websocket-Version", "13")
		out.ContentLength = 0
		out.Body = nil
	} else {
		if settings.DisableChunkedEncoding {
			out.TransferEncoding = []string{"gzip", "deflate"} // Anything but "chunked" keeps Go from chunking.
			if length, err := strconv.ParseInt(request.Header.Get("Content-Length"), 10, 64); err == nil {
				out.ContentLength = length
			}
		}
		out.Header.Set("Connection", "keep-alive")
	}
	if out.URL.Host == "" {
		out.URL.Host = "localhost:8080" // A service on a socket: any host will do.
	}
	if out.Header.Get("User-Agent") == "" {
		out.Header.Set("User-Agent", "") // Keeps Go from adding its own.
	}
	return out
}

type both struct {
	io.Reader
	io.Writer
}
