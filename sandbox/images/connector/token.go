package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"creel/sandbox/images/connector/edge"
)

var errMalformed = errors.New("Provided Tunnel token is not valid.")

// parseToken reads base64 of {"a": account, "t": tunnel id, "s": base64 of the secret}. What is missing stays empty: it is
// Cloudflare's network that refuses it.
func parseToken(text string) (edge.Credentials, error) {
	var parsed struct {
		Account string `json:"a"`
		Tunnel  string `json:"t"`
		Secret  []byte `json:"s"`
	}
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(decoded, &parsed) != nil {
		return edge.Credentials{}, errMalformed
	}
	read := edge.Credentials{Account: parsed.Account, Secret: parsed.Secret}
	id, err := hex.DecodeString(strings.ReplaceAll(parsed.Tunnel, "-", ""))
	if err != nil || parsed.Tunnel != "" && len(id) != len(read.Tunnel) {
		return edge.Credentials{}, errMalformed
	}
	copy(read.Tunnel[:], id)
	return read, nil
}

// readToken prefers the token itself over the file, as cloudflared does. Space around the file's content is ignored.
func readToken(c *cli.Context) (edge.Credentials, error) {
	text := c.String("token")
	if file := c.String("token-file"); text == "" && file != "" {
		content, err := os.ReadFile(file)
		if err != nil {
			return edge.Credentials{}, fmt.Errorf("Failed to read token file: %w", err)
		}
		text = strings.TrimSpace(string(content))
	}
	if text == "" {
		return edge.Credentials{}, errors.New("no tunnel to run: this stand-in takes a token, by --token-file or TUNNEL_TOKEN_FILE")
	}
	return parseToken(text)
}
