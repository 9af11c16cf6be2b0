package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// recordSocket is asked by `agent received`. Nobody outside the container can reach it.
const recordSocket = "/tmp/agent-received.sock"

// serveRecord answers `agent received` of the same user in the same container.
func serveRecord(rec *record) error {
	os.Remove(recordSocket)
	listener, err := net.Listen("unix", recordSocket)
	if err != nil {
		return err
	}
	if err := os.Chmod(recordSocket, 0o600); err != nil {
		return err
	}
	go http.Serve(listener, rec)
	return nil
}

// showReceived prints what the running agent received, as lines for people or as one JSON document.
func showReceived(asJSON bool, out io.Writer) int {
	dial := func(string, string) (net.Conn, error) { return net.Dial("unix", recordSocket) }
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{Dial: dial}}
	response, err := client.Get("http://agent/")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitFailed
	}
	defer response.Body.Close()
	if asJSON {
		io.Copy(out, response.Body)
		return exitOK
	}
	var requests []Received
	if err := json.NewDecoder(response.Body).Decode(&requests); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitFailed
	}
	for _, r := range requests {
		fmt.Fprintf(out, "%s %s %s %s%s %d\n", r.Time, r.Peer, r.Method, r.Host, r.Path, r.Status)
	}
	return exitOK
}
