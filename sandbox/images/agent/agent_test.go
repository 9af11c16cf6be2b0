package main

import (
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func TestFingerprintsNeverHoldValues(t *testing.T) {
	folder := t.TempDir()
	os.WriteFile(filepath.Join(folder, "KEY"), []byte("value"), 0o400)
	os.WriteFile(filepath.Join(folder, ".hidden"), []byte("x"), 0o400)
	found, err := fingerprints(folder)
	if err != nil || len(found) != 1 || found["KEY"] != "cd42404d52ad" {
		t.Fatalf("got %v, %v", found, err)
	}
	if found, err := fingerprints(filepath.Join(folder, "absent")); err != nil || len(found) != 0 {
		t.Fatalf("no folder means no secrets: %v, %v", found, err)
	}
}

func TestReadRefusesPaths(t *testing.T) {
	for _, name := range []string{"../etc/passwd", "a/b", ".hidden", ".."} {
		if code := read(name); code != exitUsage {
			t.Errorf("read(%q) = %d", name, code)
		}
	}
}

func TestDialTellsOpenRefusedAndUnresolvedApart(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if verdict, code := dial(address, time.Second); verdict != "open" || code != exitOK {
		t.Errorf("listening: %s %d", verdict, code)
	}
	listener.Close()
	if verdict, code := dial(address, time.Second); verdict != "refused" || code != exitFailed {
		t.Errorf("closed: %s %d", verdict, code)
	}
	if verdict, code := dial("no-such-name.invalid:80", time.Second); verdict != "unresolved" || code != exitUsage {
		t.Errorf("unknown name: %s %d", verdict, code)
	}
	if _, code := dial("no-port", time.Second); code != exitUsage {
		t.Errorf("no port: %d", code)
	}
}

func TestEchoAndHealth(t *testing.T) {
	server := httptest.NewServer(routes(t.TempDir()))
	defer server.Close()
	response, err := server.Client().Get(server.URL + "/healthz")
	if err != nil || response.StatusCode != 200 {
		t.Fatalf("%v %v", response, err)
	}
	connection, _, err := websocket.DefaultDialer.Dial(strings.Replace(server.URL, "http", "ws", 1)+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	connection.WriteMessage(websocket.TextMessage, []byte("hello"))
	if _, message, err := connection.ReadMessage(); err != nil || string(message) != "hello" {
		t.Fatalf("%q %v", message, err)
	}
}

func TestStatusFields(t *testing.T) {
	fields := statusFields("CapEff:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n")
	if fields["CapEff"] != "0000000000000000" || fields["NoNewPrivs"] != "1" || fields["Seccomp"] != "2" {
		t.Fatalf("%v", fields)
	}
}
