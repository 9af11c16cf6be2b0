// The stand-in agent of the sandbox: small, harmless, and honest about what its container lets it do.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"
)

const usage = `usage: agent [serve | health | read NAME | dial HOST:PORT | id | received [--json]]`

// Exit codes of the commands that look from inside a container.
const (
	exitOK      = 0
	exitFailed  = 1
	exitTimeout = 2
	exitUsage   = 64
)

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	command := "serve"
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	switch {
	case command == "serve" && len(args) == 0:
		return serve()
	case command == "health" && len(args) == 0:
		return health()
	case command == "read" && len(args) == 1:
		return read(args[0])
	case command == "dial" && len(args) == 1:
		verdict, code := dial(args[0], 3*time.Second)
		fmt.Println(verdict)
		return code
	case command == "received" && len(args) == 0:
		return showReceived(false, os.Stdout)
	case command == "received" && len(args) == 1 && args[0] == "--json":
		return showReceived(true, os.Stdout)
	case command == "id" && len(args) == 0:
		json.NewEncoder(os.Stdout).Encode(identity())
		return exitOK
	}
	fmt.Fprintln(os.Stderr, usage)
	return exitUsage
}

// port is $PORT, or 8080.
func port() string {
	if p := os.Getenv("PORT"); p != "" {
		return p
	}
	return "8080"
}

// health asks the running agent of the same container, for Docker's health check.
func health() int {
	client := http.Client{Timeout: 2 * time.Second}
	response, err := client.Get("http://127.0.0.1:" + port() + "/healthz")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitFailed
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return exitFailed
	}
	return exitOK
}
