package ingress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Service answers requests: an origin, or the connector itself.
type Service interface {
	http.RoundTripper
	json.Marshaler
	String() string
}

// newService reads the service of a rule as cloudflared writes them: a URL without a path, unix:, unix+tls:,
// http_status:NNN, or the name of something that only the real cloudflared offers.
func newService(text string, settings Settings) (Service, error) {
	for prefix, scheme := range map[string]string{"unix:": "http", "unix+tls:": "https"} {
		if strings.HasPrefix(text, prefix) {
			return newOrigin(text, &url.URL{Scheme: scheme}, strings.TrimPrefix(text, prefix), settings)
		}
	}
	if strings.HasPrefix(text, "http_status:") {
		code, err := strconv.Atoi(strings.TrimPrefix(text, "http_status:"))
		if err != nil || code < 100 || code > 999 {
			return nil, fmt.Errorf("%q is no HTTP status", text)
		}
		return status(code), nil
	}
	switch text {
	case "hello_world", "hello-world", "socks-proxy", "bastion":
		return foreign(text), nil
	}
	address, err := url.Parse(text)
	if err != nil {
		return nil, err
	}
	if address.Scheme == "" || address.Hostname() == "" {
		return nil, fmt.Errorf("%q needs a scheme and a hostname", text)
	}
	if address.Path != "" {
		return nil, fmt.Errorf("%q has a path: requests keep their own", text)
	}
	switch address.Scheme {
	case "ws":
		address.Scheme = "http"
	case "wss":
		address.Scheme = "https"
	case "http", "https":
	default:
		return foreign(text), nil
	}
	return newOrigin(text, address, "", settings)
}

// origin is an HTTP server.
type origin struct {
	text, hostHeader string
	address          *url.URL
	transport        *http.Transport
}

func newOrigin(text string, address *url.URL, socket string, settings Settings) (Service, error) {
	authorities, err := trusted(settings.CAPool)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: settings.ConnectTimeout.Duration, KeepAlive: settings.TCPKeepAlive.Duration}
	if settings.NoHappyEyeballs {
		dialer.FallbackDelay = -1
	}
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		MaxIdleConns:          settings.KeepAliveConnections,
		MaxIdleConnsPerHost:   settings.KeepAliveConnections,
		IdleConnTimeout:       settings.KeepAliveTimeout.Duration,
		TLSHandshakeTimeout:   settings.TLSTimeout.Duration,
		ExpectContinueTimeout: time.Second,
		ForceAttemptHTTP2:     settings.HTTP2Origin,
		TLSClientConfig: &tls.Config{
			RootCAs:            authorities,
			InsecureSkipVerify: settings.NoTLSVerify,
			ServerName:         settings.OriginServerName,
		},
	}
	if socket != "" {
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", socket)
		}
	}
	return &origin{text, settings.HTTPHostHeader, address, transport}, nil
}

// trusted are this computer's authorities and those of a file, if one is named.
func trusted(file string) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if file == "" {
		return pool, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("caPool: %w", err)
	}
	pool.AppendCertsFromPEM(content)
	return pool, nil
}

// RoundTrip sends a request on with its own path, as it was written.
func (o *origin) RoundTrip(request *http.Request) (*http.Response, error) {
	request.URL.Scheme = o.address.Scheme
	if o.address.Host != "" {
		request.URL.Host = o.address.Host
	}
	if o.hostHeader != "" {
		request.Header.Set("X-Forwarded-Host", request.Host)
		request.Host = o.hostHeader
	}
	return o.transport.RoundTrip(request)
}

func (o *origin) String() string { return o.text }

func (o *origin) MarshalJSON() ([]byte, error) { return json.Marshal(o.text) }

// status answers every request with one HTTP status and no body.
type status int

func (s status) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: int(s), Body: io.NopCloser(strings.NewReader(""))}, nil
}

func (s status) String() string { return fmt.Sprintf("http_status:%d", int(s)) }

func (s status) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// foreign is a service that the real cloudflared offers and this stand-in does not. It is accepted in a configuration.
type foreign string

func (f foreign) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("this stand-in has no service " + string(f))
}

func (f foreign) String() string { return string(f) }

func (f foreign) MarshalJSON() ([]byte, error) { return json.Marshal(string(f)) }
