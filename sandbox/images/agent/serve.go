package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
)

// serve runs the agent's HTTP surface until SIGTERM, then lets open requests end.
func serve() int {
	log.SetFlags(0)
	received := &record{}
	if err := serveRecord(received); err != nil {
		log.Printf(`{"message":"no record of what is received","error":%q}`, err.Error())
	}
	handler := received.around(attributed(os.Getenv("TRUSTED_PROXIES"), routes(secretFolder)))
	server := &http.Server{Addr: ":" + port(), Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	log.Printf(`{"message":"listening","address":"%s"}`, server.Addr)
	select {
	case err := <-failed:
		log.Printf(`{"message":"cannot listen","error":%q}`, err.Error())
		return exitFailed
	case <-stop:
		grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		server.Shutdown(grace)
		return exitOK
	}
}

func routes(secrets string) http.Handler {
	mux := http.NewServeMux()
	started := time.Now().UTC()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", "text/plain")
		w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("/secrets", func(w http.ResponseWriter, _ *http.Request) {
		fingerprints, err := fingerprints(secrets)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		reply(w, fingerprints)
	})
	mux.HandleFunc("/ws", echo)
	for _, hook := range webhooks {
		mux.HandleFunc(hook.path, hook.handler(secrets))
	}
	mux.HandleFunc("/", page(started))
	return mux
}

func reply(w http.ResponseWriter, value any) {
	w.Header().Set("content-type", "application/json")
	json.NewEncoder(w).Encode(value)
}

// echo sends every WebSocket message back as it came.
func echo(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	connection, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer connection.Close()
	for {
		kind, message, err := connection.ReadMessage()
		if err != nil {
			return
		}
		if connection.WriteMessage(kind, message) != nil {
			return
		}
	}
}
