package main

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func encode(document string) string {
	return base64.StdEncoding.EncodeToString([]byte(document))
}

// command runs the program and returns its exit code and everything it said.
func command(args ...string) (int, string) {
	var said bytes.Buffer
	code := run(append([]string{"cloudflared"}, args...), &said, &said)
	return code, said.String()
}

func written(t *testing.T, name, text string) string {
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTokenIsParsed(t *testing.T) {
	read, err := parseToken(encode(`{"a":"acc","t":"ac620607-0fb3-4400-88e7-363b71bf51b2","s":"c2VjcmV0"}`))
	if err != nil || read.Account != "acc" || uuid(read.Tunnel) != "ac620607-0fb3-4400-88e7-363b71bf51b2" ||
		string(read.Secret) != "secret" {
		t.Fatalf("%+v %v", read, err)
	}
}

func TestMalformedTokensExit255WithoutShowingThem(t *testing.T) {
	for _, text := range []string{"", "garbage", encode("no json"), encode(`{"a":"x","t":"y"}`), encode(`{"a":"x","s":"*"}`)} {
		code, said := command("tunnel", "--no-autoupdate", "run", "--token-file", written(t, "token", text))
		if code != exitUsage || (text != "" && strings.Contains(said, text)) {
			t.Errorf("%q: exit %d, said %q", text, code, said)
		}
	}
	if code, _ := command("tunnel", "run", "--token-file", filepath.Join(t.TempDir(), "none")); code != exitUsage {
		t.Errorf("no file: exit %d", code)
	}
}

func TestTokenWinsOverItsFileAndMayComeFromTheEnvironment(t *testing.T) {
	good := written(t, "token", encode(`{"a":"x"}`)+"\n")
	t.Setenv("TUNNEL_TOKEN_FILE", good)
	t.Setenv("TUNNEL_EDGE", "no port")
	if code, said := command("--no-autoupdate", "tunnel", "--metrics", "127.0.0.1:0", "run"); code != exitFailed ||
		!strings.Contains(said, "no address of the edge") {
		t.Errorf("file: exit %d, %s", code, said)
	}
	t.Setenv("TUNNEL_TOKEN", "garbage")
	if code, _ := command("tunnel", "run"); code != exitUsage {
		t.Errorf("token: exit %d", code)
	}
}

func TestReadyFollowsTheRunningConnector(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	address := strings.TrimPrefix(server.URL, "http://")
	if code, said := command("tunnel", "ready"); code != exitFailed {
		t.Errorf("no address: exit %d, %s", code, said)
	}
	t.Setenv("TUNNEL_METRICS", address)
	if code, said := command("--no-autoupdate", "tunnel", "ready"); code != 0 {
		t.Errorf("connected: exit %d, %s", code, said)
	}
	status = http.StatusServiceUnavailable
	if code, _ := command("tunnel", "ready"); code != exitFailed {
		t.Errorf("not connected: exit %d", code)
	}
	server.Close()
	if code, _ := command("tunnel", "--metrics", address, "ready"); code != exitFailed {
		t.Errorf("stopped: exit %d", code)
	}
}

func TestUnknownCommandsFail(t *testing.T) {
	for _, args := range [][]string{{"access"}, {"tunnel"}, {"tunnel", "login"}} {
		if code, said := command(args...); code != exitFailed {
			t.Errorf("%v: exit %d, %s", args, code, said)
		}
	}
}

func TestMisuseIsSaidAndIsNoFailure(t *testing.T) {
	for _, args := range [][]string{{"tunnel", "--bogus", "run"}, {"tunnel", "run", "--bogus"}, {"--bogus"}} {
		if code, said := command(args...); code != 0 || !strings.Contains(said, "-bogus") {
			t.Errorf("%v: exit %d, %s", args, code, said)
		}
	}
}

func TestWhatAStandInCannotDoIsSaid(t *testing.T) {
	token := encode(`{"a":"x"}`)
	for want, args := range map[string][]string{
		"http2":        {"tunnel", "run", "--protocol", "quic", "--token", token},
		"3m0s":         {"tunnel", "--grace-period", "4m", "run", "--token", token},
		"name \"own\"": {"tunnel", "run", "own"},
	} {
		if code, said := command(args...); code == 0 || !strings.Contains(said, want) {
			t.Errorf("%v: exit %d, %s", args, code, said)
		}
	}
}

func TestVersion(t *testing.T) {
	if _, said := command("version"); said != "cloudflared version "+version+" (stand-in)\n" {
		t.Error(said)
	}
	if _, said := command("version", "--short"); said != version+"\n" {
		t.Error(said)
	}
}

func TestRulesInAFileAreChecked(t *testing.T) {
	good := written(t, "good.yml", `
ingress:
  - hostname: a.example.com
    path: ^/hooks/x$
    service: http://agent:18789
    originRequest: { connectTimeout: 5s }
  - service: http_status:404
`)
	bad := written(t, "bad.yml", "ingress:\n  - hostname: a.example.com\n    service: http://agent:1\n")
	for want, args := range map[string][]string{
		"OK":              {"tunnel", "--config", good, "ingress", "validate"},
		"Matched rule #0": {"tunnel", "--config", good, "ingress", "rule", "https://a.example.com/hooks/x"},
		"Matched rule #1": {"tunnel", "--config", good, "ingress", "rule", "https://a.example.com/hooks/xy"},
	} {
		if code, said := command(args...); code != 0 || !strings.Contains(said, want) {
			t.Errorf("%v: exit %d, %s", args, code, said)
		}
	}
	for _, args := range [][]string{
		{"tunnel", "--config", bad, "ingress", "validate"}, {"tunnel", "ingress", "validate"},
		{"tunnel", "--config", good, "ingress", "rule"},
	} {
		if code, said := command(args...); code != exitFailed {
			t.Errorf("%v: exit %d, %s", args, code, said)
		}
	}
}
