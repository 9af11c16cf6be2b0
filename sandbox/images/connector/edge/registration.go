// Package edge keeps connections to Cloudflare's network: finds it, dials it, registers and serves what it asks for.
package edge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	capnp "zombiezen.com/go/capnproto2"
	"zombiezen.com/go/capnproto2/rpc"
)

// registrationServer is the interface that Cloudflare's network offers on the control stream. Its layouts are those of
// cloudflared's tunnelrpc.capnp.
const registrationServer = 0xf71695ec7fe85497

const (
	registerConnection = iota
	unregisterConnection
	updateLocalConfiguration
)

// answerLimit is how long cloudflared waits for the answer to a call.
const answerLimit = 5 * time.Second

// Features that this connector says it has: those of cloudflared 2026.8.2, in its order.
var features = []string{
	"management_logs", "allow_remote_config", "serialized_headers", "support_datagram_v2", "support_quic_eof",
}

// Credentials say which tunnel a connector belongs to and prove it. The secret is never logged.
type Credentials struct {
	Account string
	Tunnel  [16]byte
	Secret  []byte
}

// Client describes this program to Cloudflare's network.
type Client struct {
	ID            [16]byte
	Version, Arch string
}

// attempt is one registration.
type attempt struct {
	index, previous uint8
	local           net.IP
}

// details are what a registration is answered with.
type details struct {
	connection      []byte
	location        string
	remotelyManaged bool
}

// refusal is a registration that Cloudflare's network declined.
type refusal struct {
	cause string
	retry bool
}

func (r *refusal) Error() string { return r.cause }

// registrar calls the registration server.
type registrar struct {
	connection *rpc.Conn
	server     capnp.Client
}

func newRegistrar(ctx context.Context, stream io.ReadWriteCloser) *registrar {
	connection := rpc.NewConn(rpc.StreamTransport(stream), rpc.ConnLog(nil))
	return &registrar{connection, connection.Bootstrap(ctx)}
}

// close ends the stream with an abort message.
func (r *registrar) close() {
	r.connection.Close()
}

func (r *registrar) call(
	ctx context.Context, limit time.Duration, method uint16, size capnp.ObjectSize, fill func(capnp.Struct) error,
) (capnp.Struct, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return r.server.Call(&capnp.Call{
		Ctx:        ctx,
		Method:     capnp.Method{InterfaceID: registrationServer, MethodID: method},
		ParamsSize: size,
		ParamsFunc: fill,
	}).Struct()
}

// register asks for traffic.
//
// Errors: *refusal; others when the stream fails or no answer comes.
func (r *registrar) register(ctx context.Context, who Credentials, client Client, this attempt) (details, error) {
	size := capnp.ObjectSize{DataSize: 8, PointerCount: 3}
	results, err := r.call(ctx, answerLimit, registerConnection, size, func(params capnp.Struct) error {
		params.SetUint8(0, this.index)
		return firstError(
			within(params, 0, capnp.ObjectSize{PointerCount: 2}, func(auth capnp.Struct) error {
				return firstError(auth.SetText(0, who.Account), auth.SetData(1, who.Secret))
			}),
			params.SetData(1, who.Tunnel[:]),
			within(params, 2, capnp.ObjectSize{DataSize: 8, PointerCount: 2}, func(options capnp.Struct) error {
				options.SetUint8(2, this.previous)
				return firstError(
					within(options, 0, capnp.ObjectSize{PointerCount: 4}, client.write),
					options.SetData(1, this.local),
				)
			}),
		)
	})
	if err != nil {
		return details{}, err
	}
	return readAnswer(results)
}

func (c Client) write(to capnp.Struct) error {
	if err := to.SetData(0, c.ID[:]); err != nil {
		return err
	}
	list, err := capnp.NewTextList(to.Segment(), int32(len(features)))
	if err != nil {
		return err
	}
	for i, feature := range features {
		if err := list.Set(i, feature); err != nil {
			return err
		}
	}
	return firstError(to.SetPtr(1, list.List.ToPtr()), to.SetText(2, c.Version), to.SetText(3, c.Arch))
}

func readAnswer(results capnp.Struct) (details, error) {
	answer, err := child(results, 0)
	if err != nil {
		return details{}, err
	}
	const refused, accepted = 0, 1
	body, err := child(answer, 0)
	if err != nil {
		return details{}, err
	}
	text := func(index uint16) string {
		value, _ := body.Ptr(index)
		return value.Text()
	}
	switch kind := answer.Uint16(0); kind {
	case refused:
		return details{}, &refusal{cause: text(0), retry: body.Bit(64)}
	case accepted:
		id, err := body.Ptr(0)
		return details{id.Data(), text(1), body.Bit(0)}, err
	default:
		return details{}, fmt.Errorf("registration answered with kind %d", kind)
	}
}

// unregister says that no more requests are wanted.
func (r *registrar) unregister(ctx context.Context, limit time.Duration) error {
	_, err := r.call(ctx, limit, unregisterConnection, capnp.ObjectSize{}, func(capnp.Struct) error { return nil })
	return err
}

// sendConfiguration tells the rules of a tunnel that is not configured from afar.
func (r *registrar) sendConfiguration(ctx context.Context, text []byte) error {
	size := capnp.ObjectSize{PointerCount: 1}
	_, err := r.call(ctx, answerLimit, updateLocalConfiguration, size, func(params capnp.Struct) error {
		return params.SetData(0, text)
	})
	return err
}

// within makes the struct that a pointer leads to and fills it.
func within(parent capnp.Struct, pointer uint16, size capnp.ObjectSize, fill func(capnp.Struct) error) error {
	made, err := capnp.NewStruct(parent.Segment(), size)
	if err != nil {
		return err
	}
	if err := parent.SetPtr(pointer, made.ToPtr()); err != nil {
		return err
	}
	return fill(made)
}

func child(parent capnp.Struct, pointer uint16) (capnp.Struct, error) {
	value, err := parent.Ptr(pointer)
	if err == nil && !value.IsValid() {
		err = errors.New("registration answered with nothing")
	}
	return value.Struct(), err
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
