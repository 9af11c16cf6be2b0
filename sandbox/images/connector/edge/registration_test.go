package edge

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	capnp "zombiezen.com/go/capnproto2"
	rpccapnp "zombiezen.com/go/capnproto2/std/capnp/rpc"
)

// recorded are the messages of one session of cloudflared 2026.8.2, with a made-up tunnel, in order.
func recorded(t *testing.T) (frames [][]byte) {
	file, err := os.Open("testdata/session.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if line := lines.Text(); line != "" && line[0] != '#' {
			frame, err := hex.DecodeString(line)
			if err != nil {
				t.Fatal(err)
			}
			frames = append(frames, frame)
		}
	}
	return frames
}

func unhex(text string) []byte {
	decoded, _ := hex.DecodeString(text)
	return decoded
}

var (
	someone = Credentials{
		Account: "e01a18060f3e5703a9aae5236a8469ad",
		Secret:  unhex("3dc2f7e920994ae007f905b3e23a946ee3a5036bf1fd4dea3459fceb681fb5fc"),
	}
	program = Client{Version: "2026.8.2-local", Arch: "linux_amd64"}
	trial   = attempt{local: net.ParseIP("127.0.0.1")}
)

func init() {
	copy(someone.Tunnel[:], unhex("ac6206070fb3440088e7363b71bf51b2"))
	copy(program.ID[:], unhex("3e76523f49f342dfb125fbe2290a108c"))
}

// peer is the edge's end of a control stream.
type peer struct {
	net.Conn
	received bytes.Buffer
	decoder  *capnp.Decoder
}

func connected(t *testing.T) (*registrar, *peer) {
	mine, theirs := net.Pipe()
	theirs.SetDeadline(time.Now().Add(5 * time.Second))
	edge := &peer{Conn: theirs}
	edge.decoder = capnp.NewDecoder(io.TeeReader(theirs, &edge.received))
	t.Cleanup(func() { theirs.Close() })
	return newRegistrar(context.Background(), mine), edge
}

// skip reads messages without answering.
func (p *peer) skip(t *testing.T, count int) {
	for i := 0; i < count; i++ {
		if _, err := p.decoder.Decode(); err != nil {
			t.Fatal(err)
		}
	}
}

// answer returns results for a question, filled by fill.
func (p *peer) answer(t *testing.T, question uint32, fill func(*capnp.Segment, rpccapnp.Payload) error) {
	message, segment, _ := capnp.NewMessage(capnp.SingleSegment(nil))
	root, _ := rpccapnp.NewRootMessage(segment)
	answer, _ := root.NewReturn()
	answer.SetAnswerId(question)
	answer.SetReleaseParamCaps(false)
	payload, _ := answer.NewResults()
	if err := fill(segment, payload); err != nil {
		t.Fatal(err)
	}
	if err := capnp.NewEncoder(p).Encode(message); err != nil {
		t.Fatal(err)
	}
}

func bootstrap(segment *capnp.Segment, payload rpccapnp.Payload) error {
	table, err := payload.NewCapTable(1)
	table.At(0).SetSenderHosted(0)
	return firstError(err, payload.SetContentPtr(capnp.NewInterface(segment, 0).ToPtr()))
}

// accepted is the answer to a registration that succeeds.
func accepted(segment *capnp.Segment, payload rpccapnp.Payload) error {
	return connectionResponse(segment, payload, 1, capnp.ObjectSize{DataSize: 8, PointerCount: 2}, func(body capnp.Struct) error {
		body.SetBit(0, true)
		return firstError(body.SetData(0, make([]byte, 16)), body.SetText(1, "box01"))
	})
}

func refused(segment *capnp.Segment, payload rpccapnp.Payload) error {
	return connectionResponse(segment, payload, 0, capnp.ObjectSize{DataSize: 16, PointerCount: 1}, func(body capnp.Struct) error {
		body.SetBit(64, true)
		return body.SetText(0, "Unauthorized: Invalid tunnel secret")
	})
}

func connectionResponse(
	segment *capnp.Segment, payload rpccapnp.Payload, kind uint16, size capnp.ObjectSize, fill func(capnp.Struct) error,
) error {
	results, err := capnp.NewStruct(segment, capnp.ObjectSize{PointerCount: 1})
	if err != nil {
		return err
	}
	return firstError(
		within(results, 0, capnp.ObjectSize{DataSize: 8, PointerCount: 1}, func(response capnp.Struct) error {
			response.SetUint16(0, kind)
			return within(response, 0, size, fill)
		}),
		payload.SetContentPtr(results.ToPtr()),
	)
}

func nothing(segment *capnp.Segment, payload rpccapnp.Payload) error {
	empty, err := capnp.NewStruct(segment, capnp.ObjectSize{})
	return firstError(err, payload.SetContentPtr(empty.ToPtr()))
}

func TestSessionIsThatOfCloudflaredByteForByte(t *testing.T) {
	mine, edge := connected(t)
	done := make(chan error, 1)
	go func() {
		found, err := mine.register(context.Background(), someone, program, trial)
		if err == nil && (!found.remotelyManaged || found.location != "box01" || len(found.connection) != 16) {
			err = errors.New("wrong details")
		}
		done <- err
	}()
	edge.skip(t, 2) // Bootstrap, register.
	edge.answer(t, 0, bootstrap)
	edge.skip(t, 1)
	edge.answer(t, 1, accepted)
	edge.skip(t, 1)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	go func() {
		done <- mine.unregister(context.Background(), time.Second)
		mine.close()
	}()
	edge.skip(t, 1)
	edge.answer(t, 1, nothing)
	edge.skip(t, 2) // Finish, abort.
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got, want := edge.received.Bytes(), bytes.Join(recorded(t), nil); !bytes.Equal(got, want) {
		t.Errorf("sent     %x\nrecorded %x", got, want)
	}
}

func TestBootstrapMayBeAnsweredBeforeTheCall(t *testing.T) {
	mine, edge := connected(t)
	edge.skip(t, 1)
	edge.answer(t, 0, bootstrap)
	edge.skip(t, 1) // Finish.
	done := make(chan error, 1)
	go func() {
		_, err := mine.register(context.Background(), someone, program, trial)
		done <- err
	}()
	edge.skip(t, 1)
	edge.answer(t, 0, accepted)
	edge.skip(t, 1)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestRefusalSaysWhy(t *testing.T) {
	mine, edge := connected(t)
	done := make(chan error, 1)
	go func() {
		_, err := mine.register(context.Background(), someone, program, trial)
		done <- err
	}()
	edge.skip(t, 2)
	edge.answer(t, 0, bootstrap)
	edge.skip(t, 1)
	edge.answer(t, 1, refused)
	edge.skip(t, 1)
	var said *refusal
	if err := <-done; !errors.As(err, &said) || !said.retry || !curable(err) || strings.Contains(err.Error(), string(someone.Secret)) {
		t.Errorf("got %v", err)
	}
}

func TestRegistrationEndsWithItsStream(t *testing.T) {
	mine, edge := connected(t)
	done := make(chan error, 1)
	go func() {
		_, err := mine.register(context.Background(), someone, program, trial)
		done <- err
	}()
	edge.skip(t, 2)
	edge.Close()
	if err := <-done; err == nil || curable(err) {
		t.Errorf("got %v", err)
	}
}
