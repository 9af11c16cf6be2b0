package ingress

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"

	"golang.org/x/net/idna"
)

// Rule routes the requests for a hostname and a path to a service.
type Rule struct {
	Hostname string   `json:"hostname"`
	Path     *Path    `json:"path"`
	Service  Service  `json:"service"`
	Settings Settings `json:"originRequest"`
	// Check is what a request must show before it reaches the service; nil when the rule is open.
	Check *AccessCheck `json:"-"`

	punycode string
}

// Path is a Go regular expression. It is not anchored and is matched against the decoded path.
type Path struct{ *regexp.Regexp }

// MarshalJSON writes the expression.
func (p *Path) MarshalJSON() ([]byte, error) { return json.Marshal(p.String()) }

// Rules are a tunnel's rules in order; the last matches everything.
type Rules struct {
	Rules    []Rule
	Defaults Settings
}

// Unconfigured is how a connector answers before it is told any rule.
func Unconfigured() Rules {
	return Rules{Rules: []Rule{{Service: status(http.StatusServiceUnavailable), Settings: defaults()}}, Defaults: defaults()}
}

// Parse reads a configuration as pushed by Cloudflare's network. No rules at all is a valid configuration.
func Parse(text []byte) (Rules, error) {
	var document Document
	if err := json.Unmarshal(text, &document); err != nil {
		return Rules{}, err
	}
	return document.rules()
}

func (d Document) rules() (Rules, error) {
	common, _, err := defaults().over(d.OriginRequest)
	if err != nil {
		return Rules{}, err
	}
	if len(d.Ingress) == 0 {
		return Rules{Rules: Unconfigured().Rules, Defaults: common}, nil
	}
	checked := Rules{Defaults: common}
	for i, document := range d.Ingress {
		rule, err := document.rule(common)
		if err == nil {
			err = validHostname(document, i == len(d.Ingress)-1)
		}
		if err != nil {
			return Rules{}, fmt.Errorf("rule #%d: %w", i+1, err)
		}
		checked.Rules = append(checked.Rules, rule)
	}
	return checked, nil
}

func (d RuleDocument) rule(common Settings) (Rule, error) {
	settings, access, err := common.over(d.OriginRequest)
	if err != nil {
		return Rule{}, err
	}
	service, err := newService(d.Service, settings)
	if err != nil {
		return Rule{}, err
	}
	rule := Rule{Hostname: d.Hostname, Service: service, Settings: settings}
	// Only the rule's own access section counts: one at the top of the configuration is shown, but never enforced.
	if rule.Check, err = newAccessCheck(access); err != nil {
		return Rule{}, err
	}
	if d.Path != "" {
		expression, err := regexp.Compile(d.Path)
		if err != nil {
			return Rule{}, err
		}
		rule.Path = &Path{expression}
	}
	if ascii, err := idna.Lookup.ToASCII(d.Hostname); err == nil && ascii != d.Hostname {
		rule.punycode = ascii
	}
	return rule, nil
}

func validHostname(rule RuleDocument, last bool) error {
	if _, _, err := net.SplitHostPort(rule.Hostname); err == nil {
		return errors.New("a hostname has no port")
	}
	if strings.LastIndex(rule.Hostname, "*") > 0 {
		return fmt.Errorf("hostname %q: one * is allowed, in place of the first label", rule.Hostname)
	}
	everything := (rule.Hostname == "" || rule.Hostname == "*") && rule.Path == ""
	if last && !everything {
		return errors.New("the last rule has to match everything: no hostname and no path")
	}
	if !last && everything {
		return errors.New("matches everything, so the rules after it never apply")
	}
	return nil
}

// Match finds the first rule for a request: its Host header, with or without a port, and its decoded path.
func (r Rules) Match(host, path string) (Rule, int) {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	for i, rule := range r.Rules {
		if rule.matches(host, path) {
			return rule, i
		}
	}
	last := len(r.Rules) - 1
	return r.Rules[last], last
}

func (r Rule) matches(host, path string) bool {
	named := r.Hostname == "" || r.Hostname == "*" || covers(r.Hostname, host) ||
		r.punycode != "" && covers(r.punycode, host)
	return named && (r.Path == nil || r.Path.MatchString(path))
}

// covers compares exactly, case included. A leading * stands for any number of labels.
func covers(pattern, host string) bool {
	return pattern == host || strings.HasPrefix(pattern, "*.") && strings.HasSuffix(host, pattern[1:])
}
