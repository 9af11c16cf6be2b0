package proxy

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const good = `{"ingress": [{"service": "http_status:200"}]}`

func TestOnlyNewerConfigurationsAreTaken(t *testing.T) {
	var current Configuration
	current.Reset()
	steps := []struct {
		version int32
		text    string
		applied int32
		changed bool
		failed  bool
	}{
		{0, good, 0, true, false}, // A tunnel that was just moved to the API starts with 0.
		{0, "{", 0, false, false},
		{3, good, 3, true, false},
		{2, good, 3, false, false},
		{4, "{", 3, false, true},
		{4, `{"ingress": [{"hostname": "a", "service": "http_status:200"}]}`, 3, false, true},
		{4, good, 4, true, false},
	}
	for i, step := range steps {
		applied, changed, err := current.Update(step.version, []byte(step.text))
		if applied != step.applied || changed != step.changed || (err != nil) != step.failed {
			t.Errorf("step %d: version %d, changed %v, %v", i, applied, changed, err)
		}
	}
}

func TestHeadersOfCloudflareAreNotPacked(t *testing.T) {
	packed := pack(http.Header{"Cf-Int-X": {"1"}, "Cf-Cloudflared-Response-Meta": {"1"}, "Cf-Proxy-X": {"1"}, "Server": {"own"}})
	if packed != "U2VydmVy:b3du" {
		t.Error(packed)
	}
}

func TestResponsesOfUnknownLengthAreSentAtOnce(t *testing.T) {
	for kind, want := range map[string]bool{"text/plain": false, "text/event-stream; charset=utf-8": true, "application/grpc": true} {
		if got := streams(http.Header{"Content-Length": {"5"}, "Content-Type": {kind}}); got != want {
			t.Errorf("%s: %v", kind, got)
		}
	}
	if !streams(http.Header{}) {
		t.Error("no length")
	}
}

func TestAResponseUnderWayCannotFailAnyMore(t *testing.T) {
	recorder := httptest.NewRecorder()
	response := NewResponse(recorder, false)
	if !response.Fail() || recorder.Code != http.StatusBadGateway || !strings.Contains(recorder.Header().Get(answeredBy), "cloudflared") {
		t.Errorf("%d %v", recorder.Code, recorder.Header())
	}
	if response.Fail() {
		t.Error("failed twice")
	}
}
