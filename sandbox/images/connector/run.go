package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"github.com/urfave/cli/v2"

	"creel/sandbox/images/connector/edge"
	"creel/sandbox/images/connector/metrics"
	"creel/sandbox/images/connector/proxy"
)

// longestGrace is the longest grace period that cloudflared accepts.
const longestGrace = 3 * time.Minute

// runTunnel keeps a tunnel connected until SIGTERM or SIGINT, then lets open requests end.
func runTunnel(c *cli.Context, stderr io.Writer) error {
	if c.NArg() > 0 {
		return usageError{fmt.Errorf("tunnel run takes a token here, not the name %q", c.Args().First())}
	}
	credentials, err := readToken(c)
	if err != nil {
		return usageError{err}
	}
	if protocol := c.String("protocol"); protocol != "auto" && protocol != "http2" {
		return fmt.Errorf("protocol %q: this stand-in speaks http2 only", protocol)
	}
	grace := c.Duration("grace-period")
	if grace > longestGrace {
		return fmt.Errorf("grace-period must be equal or less than %v", longestGrace)
	}
	trust, err := edgeTrust(c.String("cacert"))
	if err != nil {
		return err
	}
	log := newLog(stderr, c.String("loglevel"))
	id := connectorID()
	log.Info().Str("connectorID", uuid(id)).Str("tunnelID", uuid(credentials.Tunnel)).
		Msgf("Starting tunnel: stand-in for cloudflared %s", version)

	shutdown := make(chan struct{})
	counters := &metrics.Counters{}
	answers := &proxy.Proxy{Connector: uuid(id), Log: log, Counters: counters}
	answers.Reset()
	tunnel := &edge.Tunnel{
		Credentials: credentials,
		Client:      edge.Client{ID: id, Version: version, Arch: runtime.GOOS + "_" + runtime.GOARCH},
		Proxy:       answers,
		Counters:    counters,
		Trust:       trust,
		Log:         log,
		Addresses:   c.StringSlice("edge"),
		Family:      c.String("edge-ip-version"),
		Grace:       grace,
		Shutdown:    shutdown,
	}
	listener, err := metrics.Listen(c.String("metrics"))
	if err != nil {
		return fmt.Errorf("Error opening metrics server listener: %w", err)
	}
	defer listener.Close()
	log.Info().Msgf("Starting metrics server on %s/metrics", listener.Addr())
	server := &http.Server{
		Handler:     metrics.Routes(uuid(id), version, tunnel, counters),
		ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
	}
	go server.Serve(listener)
	return untilStopped(tunnel, shutdown, grace, log)
}

// untilStopped runs the tunnel. A first signal closes shutdown, which starts the grace period.
func untilStopped(tunnel *edge.Tunnel, shutdown chan struct{}, grace time.Duration, log zerolog.Logger) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- tunnel.Run(ctx) }()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	select {
	case err := <-ended:
		log.Error().Err(err).Msg("Initiating shutdown")
		return err
	case received := <-signals:
		log.Info().Msgf("Initiating graceful shutdown due to signal %s ...", received)
		signal.Stop(signals) // A second one ends the process at once.
		close(shutdown)
	}
	select {
	case <-ended:
		return nil
	case <-time.After(grace):
		cancel()
		<-ended
		return nil
	}
}

// edgeTrust is TLS 1.3 with Cloudflare's network, whose certificate comes from the authorities in a file or, without one,
// from those of this computer.
func edgeTrust(file string) (*tls.Config, error) {
	trust := &tls.Config{ServerName: edge.ServerName, MinVersion: tls.VersionTLS13}
	if file == "" {
		return trust, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cacert: %w", err)
	}
	trust.RootCAs = x509.NewCertPool()
	if !trust.RootCAs.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("cacert: %s holds no certificate", file)
	}
	return trust, nil
}

// newLog writes JSON lines.
func newLog(to io.Writer, level string) zerolog.Logger {
	least, err := zerolog.ParseLevel(level)
	if err != nil || least == zerolog.NoLevel {
		least = zerolog.InfoLevel
	}
	zerolog.TimestampFunc = func() time.Time { return time.Now().UTC() }
	return zerolog.New(to).Level(least).With().Timestamp().Logger()
}

// connectorID is a random UUID, version 4.
func connectorID() [16]byte {
	var id [16]byte
	rand.Read(id[:])
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id
}

func uuid(id [16]byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
