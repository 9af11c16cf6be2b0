// Package metrics serves what a connector says about itself, on an address of its own.
package metrics

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof" // Registers /debug/pprof with the default mux, as cloudflared does.
	"strings"
	"sync"
	"sync/atomic"
)

// Counters are counted by the parts of a connector. The numbers are read and written atomically.
type Counters struct {
	Requests, Errors, Open int64
	Registered             int64

	lock   sync.Mutex
	byCode map[int]int64
}

// Answered counts a response of an origin.
func (c *Counters) Answered(code int) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.byCode == nil {
		c.byCode = map[int]int64{}
	}
	c.byCode[code]++
}

// Source is the connector that is asked.
type Source interface {
	// Ready is how many connections to Cloudflare's network are registered.
	Ready() int
	// Config is the version of the configuration in force and the whole of it as JSON.
	Config() (int32, []byte, error)
}

// containerAddresses are tried in order when no address was asked for (metrics/metrics.go of cloudflared 2026.8.2, built
// for containers): every interface, so the network around the connector has to keep others out.
var containerAddresses = []string{
	"0.0.0.0:20241", "0.0.0.0:20242", "0.0.0.0:20243", "0.0.0.0:20244", "0.0.0.0:20245", "0.0.0.0:0",
}

// Listen opens the address asked for, or else the first free default.
func Listen(asked string) (net.Listener, error) {
	if asked != "" {
		return net.Listen("tcp", asked)
	}
	return firstFree(containerAddresses)
}

func firstFree(addresses []string) (net.Listener, error) {
	var failure error
	for _, address := range addresses {
		listener, err := net.Listen("tcp", address)
		if err == nil {
			return listener, nil
		}
		failure = err
	}
	return nil, failure
}

// Routes are the pages of the metrics server.
func Routes(connector, version string, source Source, counters *Counters) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthcheck", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "OK") })
	mux.HandleFunc("/ready", func(w http.ResponseWriter, _ *http.Request) {
		status, ready := http.StatusServiceUnavailable, source.Ready()
		if ready > 0 {
			status = http.StatusOK
		}
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(readiness{status, ready, connector})
	})
	mux.HandleFunc("/config", func(w http.ResponseWriter, _ *http.Request) {
		_, text, err := source.Config()
		if err != nil {
			http.Error(w, "ERR: "+err.Error(), http.StatusInternalServerError)
			return
		}
		w.Write(text)
	})
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", "text/plain; version=0.0.4; charset=utf-8")
		fmt.Fprint(w, counters.text(version, source))
	})
	mux.HandleFunc("/debug/pprof/cmdline", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "forbidden", http.StatusForbidden) // The command line may hold a token.
	})
	mux.Handle("/debug/", http.DefaultServeMux)
	return mux
}

type readiness struct {
	Status           int    `json:"status"`
	ReadyConnections int    `json:"readyConnections"`
	ConnectorID      string `json:"connectorId"`
}

// text is the Prometheus exposition of the counters, under cloudflared's names.
func (c *Counters) text(version string, source Source) string {
	var out strings.Builder
	put := func(kind, name, labels string, value int64) {
		fmt.Fprintf(&out, "# TYPE %s %s\n%s%s %d\n", name, kind, name, labels, value)
	}
	configured, _, _ := source.Config()
	put("gauge", "build_info", fmt.Sprintf(`{version="%s"}`, version), 1)
	put("gauge", "cloudflared_tunnel_ha_connections", "", int64(source.Ready()))
	put("counter", "cloudflared_tunnel_total_requests", "", atomic.LoadInt64(&c.Requests))
	put("counter", "cloudflared_tunnel_request_errors", "", atomic.LoadInt64(&c.Errors))
	put("gauge", "cloudflared_tunnel_concurrent_requests_per_tunnel", "", atomic.LoadInt64(&c.Open))
	put("counter", "cloudflared_tunnel_tunnel_register_success", `{rpcName="registerConnection"}`, atomic.LoadInt64(&c.Registered))
	put("gauge", "cloudflared_orchestration_config_version", "", int64(configured))
	c.lock.Lock()
	defer c.lock.Unlock()
	if len(c.byCode) > 0 {
		fmt.Fprintln(&out, "# TYPE cloudflared_tunnel_response_by_code counter")
	}
	for code, count := range c.byCode {
		fmt.Fprintf(&out, "cloudflared_tunnel_response_by_code{status_code=\"%d\"} %d\n", code, count)
	}
	return out.String()
}
