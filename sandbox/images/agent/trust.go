package main

import (
	"net"
	"net/http"
	"strings"
)

// forwardingHeaders say that somebody passed a request on, and for whom.
var forwardingHeaders = []string{
	"Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-User", "X-Real-Ip",
}

// attributed refuses requests as OpenClaw's gateway does when it has trusted proxies: from a peer that is not one of them,
// everything that carries a forwarding header; from one that is, everything without a client's address in
// X-Forwarded-For. The health page and webhooks, which have proofs of their own, are open to every peer.
// Without trusted proxies nothing is refused.
//
// trusted is a comma-separated list of exact addresses.
func attributed(trusted string, next http.Handler) http.Handler {
	if strings.TrimSpace(trusted) == "" {
		return next
	}
	proxies := map[string]bool{}
	for _, address := range strings.Split(trusted, ",") {
		proxies[strings.TrimSpace(address)] = true
	}
	open := map[string]bool{"/healthz": true}
	for _, hook := range webhooks {
		open[hook.path] = true
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, _, _ := net.SplitHostPort(r.RemoteAddr)
		refused := forwarded(r.Header) && !proxies[peer] || proxies[peer] && !namesClient(r.Header)
		if refused && !open[r.URL.Path] {
			w.Header().Set("content-type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			w.Write([]byte(`{"error":"proxy_attribution_required"}` + "\n"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func forwarded(header http.Header) bool {
	for _, name := range forwardingHeaders {
		if header.Get(name) != "" {
			return true
		}
	}
	return false
}

// namesClient says whether X-Forwarded-For names at least one address that is not loopback.
func namesClient(header http.Header) bool {
	for _, part := range strings.Split(header.Get("X-Forwarded-For"), ",") {
		if ip := net.ParseIP(strings.TrimSpace(part)); ip != nil && !ip.IsLoopback() {
			return true
		}
	}
	return false
}
