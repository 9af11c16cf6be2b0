package main

import (
	"bufio"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// recordLimit is how many requests are remembered; the oldest go first.
const recordLimit = 1000

// Received is one request as it reached the agent: never its query, body or credentials.
type Received struct {
	Time    string            `json:"time"`
	Peer    string            `json:"peer"`
	Method  string            `json:"method"`
	Host    string            `json:"host"`
	Path    string            `json:"path"`
	Headers map[string]string `json:"headers"`
	// Status is what the agent answered; 0 while it has not, and 101 for a WebSocket.
	Status int `json:"status"`
}

// recordedHeaders are the ones that tell who is said to have sent a request, and on which way it came.
var recordedHeaders = []string{
	"x-creel-probe", "cf-access-authenticated-user-email", "cf-connecting-ip", "cf-ipcountry", "cf-ray", "forwarded",
	"origin", "upgrade", "user-agent", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip",
}

// credentialHeaders are recorded as present, without their value.
var credentialHeaders = []string{
	"authorization", "cf-access-client-id", "cf-access-client-secret", "cf-access-jwt-assertion", "cookie",
}

// record remembers what was received, whatever was answered.
type record struct {
	mutex    sync.Mutex
	requests []*Received
}

// around records every request that comes from outside the container before it is handled.
func (rec *record) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, _, _ := net.SplitHostPort(r.RemoteAddr)
		if ip := net.ParseIP(peer); ip != nil && ip.IsLoopback() {
			next.ServeHTTP(w, r) // the container's own health check
			return
		}
		entry := rec.add(received(r, peer))
		answer := &answerStatus{ResponseWriter: w, set: func(status int) { rec.answered(entry, status) }}
		next.ServeHTTP(answer, r)
	})
}

func (rec *record) add(entry *Received) *Received {
	rec.mutex.Lock()
	defer rec.mutex.Unlock()
	rec.requests = append(rec.requests, entry)
	if len(rec.requests) > recordLimit {
		rec.requests = rec.requests[len(rec.requests)-recordLimit:]
	}
	return entry
}

func (rec *record) answered(entry *Received, status int) {
	rec.mutex.Lock()
	defer rec.mutex.Unlock()
	if entry.Status == 0 {
		entry.Status = status
	}
}

// ServeHTTP gives everything that was received, oldest first.
func (rec *record) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	rec.mutex.Lock()
	defer rec.mutex.Unlock()
	if rec.requests == nil {
		rec.requests = []*Received{}
	}
	reply(w, rec.requests)
}

func received(r *http.Request, peer string) *Received {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	headers := map[string]string{}
	for _, name := range recordedHeaders {
		if value := r.Header.Get(name); value != "" {
			headers[name] = value
		}
	}
	for _, name := range credentialHeaders {
		if r.Header.Get(name) != "" {
			headers[name] = "[present]"
		}
	}
	now := time.Now().UTC().Format(time.RFC3339Nano)
	return &Received{Time: now, Peer: peer, Method: r.Method, Host: r.Host, Path: path, Headers: headers}
}

// answerStatus tells the status of an answer when it is sent, 101 when a WebSocket takes the connection over.
type answerStatus struct {
	http.ResponseWriter
	set func(int)
}

func (a *answerStatus) WriteHeader(status int) {
	a.set(status)
	a.ResponseWriter.WriteHeader(status)
}

func (a *answerStatus) Write(content []byte) (int, error) {
	a.set(http.StatusOK)
	return a.ResponseWriter.Write(content)
}

func (a *answerStatus) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	a.set(http.StatusSwitchingProtocols)
	return a.ResponseWriter.(http.Hijacker).Hijack()
}
