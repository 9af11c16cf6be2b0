package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// token is what a tunnel's token says once decoded. The secret is never logged.
type token struct {
	Account string `json:"a"`
	Tunnel  string `json:"t"`
	Secret  []byte `json:"s"`
}

// parseToken reads base64 of {"a": account, "t": tunnel id, "s": base64 of the secret}; surrounding space is ignored.
func parseToken(text string) (token, error) {
	var parsed token
	malformed := errors.New("Provided Tunnel token is not valid.")
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || json.Unmarshal(decoded, &parsed) != nil {
		return token{}, malformed
	}
	if parsed.Account == "" || parsed.Tunnel == "" || len(parsed.Secret) == 0 {
		return token{}, malformed
	}
	return parsed, nil
}

// readToken prefers the token itself over the file, as cloudflared does.
func readToken(given options) (token, error) {
	if given.token != "" {
		return parseToken(given.token)
	}
	if given.tokenFile == "" {
		return token{}, errors.New("no token: give --token-file or TUNNEL_TOKEN_FILE")
	}
	content, err := os.ReadFile(given.tokenFile)
	if err != nil {
		return token{}, fmt.Errorf("Failed to read token file: %w", err)
	}
	return parseToken(string(content))
}

// runTunnel reports ready until SIGTERM.
func runTunnel(given options, stderr io.Writer) int {
	read, err := readToken(given)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitMalformed
	}
	metrics := given.metrics
	if metrics == "" {
		metrics = "0.0.0.0:20241" // cloudflared's default in a container
	}
	listener, err := net.Listen("tcp", metrics)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	id := connectorID()
	write := func(message string) {
		json.NewEncoder(stderr).Encode(map[string]string{
			"level": "info", "time": time.Now().UTC().Format(time.RFC3339), "message": message,
			"tunnelID": read.Tunnel, "connectorID": id,
		})
	}
	write("Starting metrics server on " + listener.Addr().String())
	go http.Serve(listener, metricsRoutes(id))
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	write("Ready")
	<-stop
	write("Shutting down")
	return 0
}

func metricsRoutes(id string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/ready", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{"status": 200, "readyConnections": 1, "connectorId": id})
	})
	mux.HandleFunc("/healthcheck", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("OK\n")) })
	return mux
}

// connectorID is a random UUID, version 4.
func connectorID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
