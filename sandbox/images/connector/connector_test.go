package main

import (
	"bytes"
	"encoding/base64"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func encode(document string) string {
	return base64.StdEncoding.EncodeToString([]byte(document))
}

func TestTokenIsParsedAndTrimmed(t *testing.T) {
	read, err := parseToken(encode(`{"a":"acc","t":"tun","s":"c2VjcmV0"}`) + "\n")
	if err != nil || read.Account != "acc" || read.Tunnel != "tun" || string(read.Secret) != "secret" {
		t.Fatalf("%+v %v", read, err)
	}
}

func TestMalformedTokensExit255WithoutShowingThem(t *testing.T) {
	for _, text := range []string{"", "garbage", encode("no json"), encode(`{"a":"x"}`), encode(`{"a":"x","t":"y","s":"*"}`)} {
		file := filepath.Join(t.TempDir(), "token")
		os.WriteFile(file, []byte(text), 0o600)
		var said bytes.Buffer
		code := run([]string{"tunnel", "--no-autoupdate", "--metrics", "127.0.0.1:0", "run", "--token-file", file},
			func(string) string { return "" }, &said)
		if code != exitMalformed || (text != "" && strings.Contains(said.String(), text)) {
			t.Errorf("%q: exit %d, said %q", text, code, said.String())
		}
	}
}

func TestReadyFollowsTheRunningConnector(t *testing.T) {
	server := httptest.NewServer(metricsRoutes("id"))
	address := strings.TrimPrefix(server.URL, "http://")
	var said bytes.Buffer
	env := func(name string) string { return map[string]string{"TUNNEL_METRICS": address}[name] }
	if code := run([]string{"--no-autoupdate", "tunnel", "ready"}, env, &said); code != 0 {
		t.Errorf("running: exit %d, %s", code, said.String())
	}
	server.Close()
	if code := run([]string{"tunnel", "--metrics", address, "ready"}, env, &said); code != 1 {
		t.Errorf("stopped: exit %d", code)
	}
}

func TestUnknownCommandsAndFlagsFail(t *testing.T) {
	var said bytes.Buffer
	for _, args := range [][]string{{"access"}, {"tunnel"}, {"tunnel", "login"}, {"tunnel", "--bogus", "run"}} {
		if code := run(args, func(string) string { return "" }, &said); code != 1 {
			t.Errorf("%v: exit %d", args, code)
		}
	}
}
