package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"creel/sandbox/images/connector/metrics"
	"creel/sandbox/images/connector/proxy"
)

// mostConnections is how many connections a connector keeps where the edge has as many addresses.
const mostConnections = 4

// Waiting times of cloudflared: between two attempts of one connection, and before connections that were lost come back.
const (
	attemptBase   = time.Second
	reconnectBase = 10 * time.Second
)

// Tunnel is a connector at work.
type Tunnel struct {
	Credentials Credentials
	Client      Client
	Proxy       *proxy.Proxy
	Counters    *metrics.Counters
	Trust       *tls.Config
	Log         zerolog.Logger
	// Addresses of the edge as host:port; none: those that DNS gives, of IP version Family ("4", "6" or "auto").
	Addresses []string
	Family    string
	// Grace is how long open requests may go on after Shutdown is closed.
	Grace    time.Duration
	Shutdown <-chan struct{}

	addresses *addresses
	reconnect *backoff
	lock      sync.Mutex
	connected [mostConnections]bool
}

// Run keeps the tunnel connected until the context ends or, after Shutdown, the last connection has ended.
//
// Errors: no address of the edge; a first connection that failed for a reason that time does not cure.
func (t *Tunnel) Run(ctx context.Context) error {
	var err error
	if len(t.Addresses) > 0 {
		t.addresses, err = static(t.Addresses)
	} else {
		t.addresses, err = discover(t.Family)
	}
	if err != nil {
		return err
	}
	t.reconnect = newBackoff(reconnectBase)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	count := t.addresses.count()
	if count > mostConnections {
		count = mostConnections
	}
	ended := make(chan error, count)
	first := make(chan struct{})
	var connected sync.Once
	go func() { ended <- t.keep(ctx, 0, func() { connected.Do(func() { close(first) }) }) }()
	running := 1
	for failure := error(nil); ; {
		select {
		case <-first:
			first = nil
			for index := 1; index < count; index++ {
				index := uint8(index)
				running++
				go func() { ended <- t.keep(ctx, index, func() {}) }()
			}
		case err := <-ended:
			if err != nil {
				failure = err
				cancel()
			}
			if running--; running == 0 {
				return failure
			}
		}
	}
}

// keep holds one connection, for ever but for a graceful end (nil) or a hopeless first one.
func (t *Tunnel) keep(ctx context.Context, index uint8, connected func()) error {
	retries := newBackoff(attemptBase)
	initial, once := index == 0, false
	for ctx.Err() == nil && !t.stopping() {
		err := t.connect(ctx, index, retries, func() {
			once = true
			connected()
			retries.reset()
			t.reconnect.connected()
		})
		if err == nil || ctx.Err() != nil {
			return nil
		}
		t.Log.Error().Err(err).Uint8("connIndex", index).Msg("Connection terminated")
		if errors.As(err, &unreachable{}) || doubled(err) {
			t.addresses.change(index)
		}
		if !t.pause(ctx, retries) || t.stopping() {
			return nil
		}
		if initial && curable(err) {
			continue
		}
		if initial && !once {
			return err
		}
		initial = false
		if !t.pause(ctx, t.reconnect) {
			return nil
		}
	}
	return nil
}

// curable says whether a connector that was never connected tries again soon: the edge is away, or does not know the tunnel or its
// secret, which may be news that has not reached it yet.
func curable(err error) bool {
	return errors.As(err, &unreachable{}) || doubled(err) || strings.Contains(err.Error(), "Unauthorized")
}

// doubled says whether the edge still has this connection from before.
func doubled(err error) bool {
	var refused *refusal
	return errors.As(err, &refused) && refused.cause == "EDUPCONN"
}

func (t *Tunnel) connect(ctx context.Context, index uint8, retries *backoff, registered func()) error {
	address := t.addresses.of(index)
	if address == nil {
		return unreachable{errors.New("no address of the edge is free")}
	}
	log := t.Log.With().Uint8("connIndex", index).Str("ip", address.IP.String()).Logger()
	conn, err := dial(ctx, address, t.Trust)
	if err != nil {
		return err
	}
	defer conn.Close()
	host, _, _ := net.SplitHostPort(conn.LocalAddr().String())
	served := &connection{
		tunnel: t, index: index, log: log, conn: conn,
		attempt: attempt{index: index, previous: retries.tried(), local: net.ParseIP(host)},
		registered: func() {
			atomic.AddInt64(&t.Counters.Registered, 1)
			t.ready(index, true)
			registered()
		},
	}
	defer t.ready(index, false)
	return served.serve(ctx)
}

// pause waits before the next attempt. False: the context ended.
func (t *Tunnel) pause(ctx context.Context, spacing *backoff) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-t.Shutdown:
			cancel()
		case <-ctx.Done():
		}
	}()
	return spacing.wait(ctx)
}

func (t *Tunnel) stopping() bool {
	select {
	case <-t.Shutdown:
		return true
	default:
		return false
	}
}

func (t *Tunnel) ready(index uint8, is bool) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.connected[index] = is
}

// Ready is how many connections are registered.
func (t *Tunnel) Ready() int {
	t.lock.Lock()
	defer t.lock.Unlock()
	count := 0
	for _, is := range t.connected {
		if is {
			count++
		}
	}
	return count
}

// Config is the configuration in force.
func (t *Tunnel) Config() (int32, []byte, error) {
	text, err := t.Proxy.Shown()
	return t.Proxy.Version(), text, err
}
