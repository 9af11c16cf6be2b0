package main

import (
	"time"

	"github.com/urfave/cli/v2"
)

// tunnelFlags are accepted before and after `tunnel`, under cloudflared's names and environment variables.
func tunnelFlags() []cli.Flag {
	return append(commonFlags(),
		&cli.StringFlag{Name: "metrics", EnvVars: []string{"TUNNEL_METRICS"}, Usage: "address of the metrics server"},
		&cli.StringSliceFlag{Name: "edge", EnvVars: []string{"TUNNEL_EDGE"}, Usage: "addresses of the edge; default: those that DNS gives"},
		&cli.StringFlag{Name: "cacert", EnvVars: []string{"TUNNEL_CACERT"}, Usage: "file with the authorities that the edge's certificate comes from"},
		&cli.StringFlag{Name: "edge-ip-version", EnvVars: []string{"TUNNEL_EDGE_IP_VERSION"}, Value: "auto", Usage: "4, 6 or auto"},
		&cli.DurationFlag{Name: "grace-period", EnvVars: []string{"TUNNEL_GRACE_PERIOD"}, Value: 30 * time.Second, Usage: "how long open requests may go on after SIGTERM"},
		&cli.StringFlag{Name: "config", Usage: "file with ingress rules, for the ingress commands"},
		protocolFlag(),
	)
}

// commonFlags say how to log, and what a stand-in has no use for.
func commonFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "loglevel", EnvVars: []string{"TUNNEL_LOGLEVEL"}, Value: "info", Usage: "debug, info, warn, error or fatal"},
		&cli.StringFlag{Name: "transport-loglevel", EnvVars: []string{"TUNNEL_PROTO_LOGLEVEL", "TUNNEL_TRANSPORT_LOGLEVEL"}, Usage: "no effect"},
		&cli.StringFlag{Name: "output", EnvVars: []string{"TUNNEL_MANAGEMENT_OUTPUT", "TUNNEL_LOG_OUTPUT"}, Usage: "no effect: the log is JSON"},
		&cli.BoolFlag{Name: "no-autoupdate", EnvVars: []string{"NO_AUTOUPDATE"}, Usage: "no effect: there are no updates"},
		&cli.DurationFlag{Name: "autoupdate-freq", Usage: "no effect: there are no updates"},
		&cli.BoolFlag{Name: "no-prechecks", EnvVars: []string{"TUNNEL_NO_PRECHECKS"}, Usage: "no effect: there are none"},
	}
}

func runFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "token", EnvVars: []string{"TUNNEL_TOKEN"}, Usage: "token of the tunnel; wins over the file"},
		&cli.StringFlag{Name: "token-file", EnvVars: []string{"TUNNEL_TOKEN_FILE"}, Usage: "file with the token of the tunnel"},
		protocolFlag(),
	}
}

func protocolFlag() cli.Flag {
	return &cli.StringFlag{
		Name: "protocol", Aliases: []string{"p"}, EnvVars: []string{"TUNNEL_TRANSPORT_PROTOCOL"}, Value: "auto",
		Usage: "auto or http2; this stand-in has no QUIC",
	}
}
