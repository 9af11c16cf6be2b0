package ingress

import (
	"strings"
	"testing"
)

func parsed(t *testing.T, text string) Rules {
	rules, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func TestARulesSettingsGoOverThoseOfTheTop(t *testing.T) {
	rules := parsed(t, `{"originRequest": {"connectTimeout": 3, "noTLSVerify": true, "access": {"required": true, "audTag": ["top"], "teamName": "acme"}},
		"ingress": [
			{"hostname": "a", "service": "http://x:1", "originRequest": {"connectTimeout": 5, "tlsTimeout": null, "access": {"teamName": "own"}}},
			{"hostname": "b", "service": "http://x:1", "originRequest": null},
			{"service": "http_status:404"}]}`)
	own, inherited := rules.Rules[0].Settings, rules.Rules[1].Settings
	if own.ConnectTimeout.Seconds() != 5 || own.TLSTimeout.Seconds() != 10 || !own.NoTLSVerify {
		t.Errorf("own: %+v", own)
	}
	if own.Access.TeamName != "own" || own.Access.Required || own.Access.AudTag != nil {
		t.Errorf("an access section does not replace the other whole: %+v", own.Access)
	}
	if inherited.ConnectTimeout.Seconds() != 3 || !inherited.Access.Required || rules.Rules[1].Check != nil {
		t.Errorf("inherited: %+v", inherited)
	}
	if strings.Join(rules.Defaults.Access.AudTag, "") != "top" {
		t.Errorf("the top was changed: %+v", rules.Defaults.Access)
	}
}

func TestServicesAreWrittenAsTheyWereGiven(t *testing.T) {
	for _, text := range []string{
		"http://agent:18789", "https://agent", "ws://agent:1", "wss://agent:1", "unix:/run/agent", "unix+tls:/run/agent",
		"http_status:999", "hello_world", "bastion", "socks-proxy", "tcp://agent:1", "ssh://agent",
	} {
		if service, err := newService(text, defaults()); err != nil || service.String() != text {
			t.Errorf("%s: %v %v", text, service, err)
		}
	}
}

func TestTextsThatAreNoService(t *testing.T) {
	for _, text := range []string{"", "agent", "agent:1", "http://", "http://agent/", "http://agent:1/x", "http_status:x", "http_status:1000"} {
		if service, err := newService(text, defaults()); err == nil {
			t.Errorf("%s is taken for %v", text, service)
		}
	}
	missing := defaults()
	missing.CAPool = "/nowhere"
	if _, err := newService("https://agent", missing); err == nil {
		t.Error("a missing file of authorities is accepted")
	}
}

func TestServicesOfTheRealConnectorOnlyAreSaidToBeMissing(t *testing.T) {
	if _, err := foreign("tcp://agent:1").RoundTrip(nil); err == nil || !strings.Contains(err.Error(), "tcp://agent:1") {
		t.Error(err)
	}
}
