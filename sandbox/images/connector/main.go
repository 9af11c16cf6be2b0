// The stand-in connector of the sandbox: behaves as cloudflared does where the sandbox and the program in it rely on it.
package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/urfave/cli/v2"
)

// version is that of the cloudflared which this program follows.
const version = "2026.8.2"

// Exit codes of cloudflared.
const (
	exitFailed = 1
	exitUsage  = 255
)

func main() {
	os.Exit(run(os.Args, os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	cli.OsExiter = func(int) {} // The code is returned instead.
	cli.ErrWriter = stderr
	cli.VersionPrinter = func(*cli.Context) { fmt.Fprintf(stdout, "cloudflared version %s (stand-in)\n", version) }
	// What cannot be parsed is said, and ends with code 0: cloudflared does not look at that error.
	misused := func(_ *cli.Context, err error, _ bool) error {
		fmt.Fprintln(stderr, "Incorrect Usage.", err)
		return nil
	}
	app := &cli.App{
		Name:         "cloudflared",
		Usage:        "stand-in for the connector of Cloudflare Tunnel",
		Version:      version,
		Writer:       stdout,
		ErrWriter:    stderr,
		Flags:        tunnelFlags(),
		Commands:     []*cli.Command{versionCommand(stdout), tunnelCommand(stdout, stderr)},
		OnUsageError: misused,
		Action: func(c *cli.Context) error {
			return fmt.Errorf("no such command %q: this stand-in knows version and tunnel", c.Args().First())
		},
	}
	for _, command := range app.Commands {
		reportMisuse(command, misused)
	}
	err := app.Run(args)
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, err)
	var usage usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

func reportMisuse(command *cli.Command, how cli.OnUsageErrorFunc) {
	command.OnUsageError = how
	for _, inner := range command.Subcommands {
		reportMisuse(inner, how)
	}
}

// usageError is one that cloudflared ends with code 255 for.
type usageError struct{ error }

func versionCommand(stdout io.Writer) *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print the version of cloudflared that this stand-in follows",
		Flags: []cli.Flag{&cli.BoolFlag{Name: "short", Aliases: []string{"s"}, Usage: "nothing but the number"}},
		Action: func(c *cli.Context) error {
			if c.Bool("short") {
				fmt.Fprintln(stdout, version)
				return nil
			}
			cli.ShowVersion(c)
			return nil
		},
	}
}

func tunnelCommand(stdout, stderr io.Writer) *cli.Command {
	return &cli.Command{
		Name:  "tunnel",
		Usage: "run a tunnel, ask whether it is connected, check ingress rules",
		Flags: tunnelFlags(),
		Subcommands: []*cli.Command{
			{Name: "run", Usage: "connect a tunnel", Flags: runFlags(), Action: func(c *cli.Context) error {
				return runTunnel(c, stderr)
			}},
			{Name: "ready", Usage: "ask the running connector whether it is connected", Action: ready},
			ingressCommand(stdout),
		},
		Action: func(c *cli.Context) error {
			return fmt.Errorf("no such command tunnel %q: this stand-in knows run, ready and ingress", c.Args().First())
		},
	}
}

// ready asks the running connector of the same container whether it is connected.
func ready(c *cli.Context) error {
	if !c.IsSet("metrics") {
		return errors.New("--metrics has to be provided")
	}
	address := "http://" + c.String("metrics") + "/ready"
	answer, err := http.Get(address)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	return fmt.Errorf("%s answered %d\n%s", address, answer.StatusCode, body)
}
