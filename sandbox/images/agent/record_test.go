package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// from asks the handler as a peer would.
func from(handler http.Handler, peer, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.RequestURI, r.RemoteAddr = path, peer+":1234"
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, r)
	return answer
}

func TestWhatIsReceivedIsRecordedWithoutCredentials(t *testing.T) {
	rec := &record{}
	handler := rec.around(routes(t.TempDir()))
	from(handler, "127.0.0.1", "/healthz")
	from(handler, "172.18.0.3", "/nowhere/..%2fx?token=hidden", "x-creel-probe", "p1", "cookie", "hidden",
		"cf-access-jwt-assertion", "hidden", "cf-access-authenticated-user-email", "ana@example.com")
	answer := httptest.NewRecorder()
	rec.ServeHTTP(answer, nil)
	if strings.Contains(answer.Body.String(), "hidden") {
		t.Errorf("a credential is recorded: %s", answer.Body)
	}
	var got []Received
	json.Unmarshal(answer.Body.Bytes(), &got)
	if len(got) != 1 || got[0].Path != "/nowhere/..%2fx" || got[0].Status != 301 || got[0].Peer != "172.18.0.3" {
		t.Fatalf("%+v", got)
	}
	headers := got[0].Headers
	if headers["x-creel-probe"] != "p1" || headers["cookie"] != "[present]" ||
		headers["cf-access-jwt-assertion"] != "[present]" || headers["cf-access-authenticated-user-email"] != "ana@example.com" {
		t.Errorf("%v", headers)
	}
}

func TestTheOldestRequestsAreForgotten(t *testing.T) {
	rec := &record{}
	for i := 0; i < recordLimit+1; i++ {
		rec.add(&Received{Status: i})
	}
	if len(rec.requests) != recordLimit || rec.requests[0].Status != 1 {
		t.Errorf("%d kept, the first is %+v", len(rec.requests), rec.requests[0])
	}
}

func TestForwardedRequestsNeedATrustedPeer(t *testing.T) {
	handler := attributed("172.18.0.2", routes(t.TempDir()))
	client := []string{"x-forwarded-for", "203.0.113.9"}
	for _, c := range []struct {
		peer, path string
		headers    []string
		wanted     int
	}{
		{"172.18.0.2", "/", client, 200},
		{"172.18.0.2", "/", nil, 403},
		{"172.18.0.2", "/", []string{"x-forwarded-for", "127.0.0.1"}, 403},
		{"172.18.0.4", "/", nil, 200},
		{"172.18.0.4", "/", client, 403},
		{"172.18.0.4", "/", []string{"forwarded", "for=203.0.113.9"}, 403},
		{"172.18.0.4", "/healthz", client, 200},
		{"172.18.0.4", "/hooks/github", client, 404}, // a webhook without its secret
	} {
		if answer := from(handler, c.peer, c.path, c.headers...); answer.Code != c.wanted {
			t.Errorf("%s %s %v: %d, not %d", c.peer, c.path, c.headers, answer.Code, c.wanted)
		}
	}
	if answer := from(attributed("", routes(t.TempDir())), "172.18.0.4", "/", client...); answer.Code != 200 {
		t.Errorf("without trusted proxies: %d", answer.Code)
	}
}

func TestThePageAndItsJSONSayWhoIsAsking(t *testing.T) {
	handler := page(time.Now())
	user := []string{userHeader, `<b>"ana"@example.com`}
	html := from(handler, "172.18.0.2", "/", append(user, "accept", "text/html,*/*")...)
	if body := html.Body.String(); !strings.Contains(body, "&lt;b&gt;") || strings.Contains(body, "<b>") {
		t.Errorf("the name is not escaped: %s", body)
	}
	var about map[string]string
	answer := from(handler, "172.18.0.2", "/", append(user, "accept", "application/json")...)
	if err := json.Unmarshal(answer.Body.Bytes(), &about); err != nil || about["user"] != `<b>"ana"@example.com` {
		t.Errorf("%v %s", err, answer.Body)
	}
	if answer := from(handler, "172.18.0.2", "/other"); answer.Code != 404 {
		t.Errorf("/other: %d", answer.Code)
	}
}
