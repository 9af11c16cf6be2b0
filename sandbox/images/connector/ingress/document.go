// Package ingress holds a tunnel's rules: which request goes to which service, and under which conditions.
package ingress

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Document is a tunnel's configuration as Cloudflare's API keeps it and its network sends it. Unknown fields are ignored,
// which leaves a rule with a misspelt access setting open; cloudflared does the same.
type Document struct {
	Ingress       []RuleDocument  `json:"ingress"`
	OriginRequest json.RawMessage `json:"originRequest,omitempty"`
	WarpRouting   json.RawMessage `json:"warp-routing,omitempty"`
}

// RuleDocument is one rule of a Document.
type RuleDocument struct {
	Hostname      string          `json:"hostname,omitempty"`
	Path          string          `json:"path,omitempty"`
	Service       string          `json:"service,omitempty"`
	OriginRequest json.RawMessage `json:"originRequest,omitempty"`
}

// Duration is written in JSON as a whole number of seconds.
type Duration struct{ time.Duration }

// UnmarshalJSON reads seconds. Fractions and texts such as "30s" are refused.
func (d *Duration) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	seconds, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return err
	}
	d.Duration = time.Duration(seconds) * time.Second
	return nil
}

// MarshalJSON writes seconds.
func (d Duration) MarshalJSON() ([]byte, error) {
	return json.Marshal(d.Seconds())
}

// Access asks for a signed token of one Cloudflare Access team in every request.
type Access struct {
	Required    bool     `json:"required,omitempty"`
	TeamName    string   `json:"teamName"`
	AudTag      []string `json:"audTag"`
	Environment string   `json:"environment,omitempty"`
}

// Settings say how requests are sent to a service. The fields after the blank line have no
// effect here and are only shown in /config.
type Settings struct {
	ConnectTimeout         Duration `json:"connectTimeout"`
	TLSTimeout             Duration `json:"tlsTimeout"`
	TCPKeepAlive           Duration `json:"tcpKeepAlive"`
	NoHappyEyeballs        bool     `json:"noHappyEyeballs"`
	KeepAliveTimeout       Duration `json:"keepAliveTimeout"`
	KeepAliveConnections   int      `json:"keepAliveConnections"`
	HTTPHostHeader         string   `json:"httpHostHeader"`
	OriginServerName       string   `json:"originServerName"`
	CAPool                 string   `json:"caPool"`
	NoTLSVerify            bool     `json:"noTLSVerify"`
	DisableChunkedEncoding bool     `json:"disableChunkedEncoding"`
	HTTP2Origin            bool     `json:"http2Origin"`
	Access                 Access   `json:"access,omitempty"`

	MatchSNIToHost bool            `json:"matchSNItoHost"`
	BastionMode    bool            `json:"bastionMode"`
	ProxyAddress   string          `json:"proxyAddress"`
	ProxyPort      uint            `json:"proxyPort"`
	ProxyType      string          `json:"proxyType"`
	IPRules        json.RawMessage `json:"ipRules"`
}

// defaults are cloudflared's (ingress/config.go of 2026.8.2).
func defaults() Settings {
	return Settings{
		ConnectTimeout:       Duration{30 * time.Second},
		TLSTimeout:           Duration{10 * time.Second},
		TCPKeepAlive:         Duration{30 * time.Second},
		KeepAliveTimeout:     Duration{90 * time.Second},
		KeepAliveConnections: 100,
		ProxyAddress:         "127.0.0.1",
	}
}

// over lays a document's settings over others: what it does not mention stays, an access section replaces the other whole.
// The second result is the document's own access section, nil when it has none.
func (s Settings) over(document json.RawMessage) (Settings, *Access, error) {
	if len(document) == 0 {
		return s, nil, nil
	}
	var own struct {
		Access *Access `json:"access"`
	}
	if err := json.Unmarshal(document, &own); err != nil {
		return s, nil, fmt.Errorf("originRequest: %w", err)
	}
	if own.Access != nil {
		s.Access = Access{}
	}
	if err := json.Unmarshal(document, &s); err != nil {
		return s, nil, fmt.Errorf("originRequest: %w", err)
	}
	return s, own.Access, nil
}
