// The stand-in connector of the sandbox: cloudflared's command line, token file and readiness, and no tunnel yet.
package main

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// version is that of the cloudflared whose command line this one follows.
const version = "2026.8.2"

// exitMalformed is what cloudflared exits with when its token cannot be read or parsed.
const exitMalformed = 255

func main() {
	os.Exit(run(os.Args[1:], os.Getenv, os.Stderr))
}

// options are the flags and environment variables that a tunnel is run with. Flags win over the environment.
type options struct {
	metrics, token, tokenFile string
}

// run reads the command line in cloudflared's order: flags of the program, `tunnel`, flags of tunnel, `run` or `ready`,
// flags of run.
func run(args []string, env func(string) string, stderr io.Writer) int {
	given := options{metrics: env("TUNNEL_METRICS"), token: env("TUNNEL_TOKEN"), tokenFile: env("TUNNEL_TOKEN_FILE")}
	fail := func(format string, values ...any) int {
		fmt.Fprintf(stderr, format+"\n", values...)
		return 1
	}
	args, err := flags("cloudflared", args, &given, stderr)
	if err != nil {
		return 1
	}
	if len(args) == 0 || args[0] == "version" {
		fmt.Printf("cloudflared version %s (stand-in)\n", version)
		return 0
	}
	if args[0] != "tunnel" {
		return fail("unknown command %q: this stand-in knows version and tunnel", args[0])
	}
	if args, err = flags("tunnel", args[1:], &given, stderr); err != nil {
		return 1
	}
	if len(args) == 0 {
		return fail("tunnel needs a command: run or ready")
	}
	switch args[0] {
	case "ready":
		return ready(given.metrics, stderr)
	case "run":
		if args, err = flags("run", args[1:], &given, stderr); err != nil {
			return 1
		}
		if len(args) > 0 {
			return fail("tunnel run takes a token here, not the name %q", args[0])
		}
		return runTunnel(given, stderr)
	}
	return fail("unknown command tunnel %q: this stand-in knows run and ready", args[0])
}

// flags reads one level of the command line and returns what follows it.
func flags(level string, args []string, given *options, stderr io.Writer) ([]string, error) {
	set := flag.NewFlagSet(level, flag.ContinueOnError)
	set.SetOutput(stderr)
	set.Bool("no-autoupdate", false, "")
	if level != "cloudflared" {
		set.StringVar(&given.metrics, "metrics", given.metrics, "")
		for _, name := range []string{"protocol", "loglevel", "edge-ip-version", "grace-period", "output"} {
			set.String(name, "", "")
		}
		set.Bool("no-prechecks", false, "")
	}
	if level == "run" {
		set.StringVar(&given.token, "token", given.token, "")
		set.StringVar(&given.tokenFile, "token-file", given.tokenFile, "")
	}
	err := set.Parse(args)
	return set.Args(), err
}

// ready asks the running connector of the same container whether it is connected.
func ready(metrics string, stderr io.Writer) int {
	if metrics == "" {
		fmt.Fprintln(stderr, "--metrics or TUNNEL_METRICS is needed to ask a running tunnel")
		return 1
	}
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get("http://" + metrics + "/ready")
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		fmt.Fprintf(stderr, "%s/ready answered %d\n", metrics, response.StatusCode)
		return 1
	}
	return 0
}
