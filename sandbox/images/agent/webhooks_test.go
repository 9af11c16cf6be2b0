package main

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// signed is a delivery with headers as pairs of name and value.
func signed(now int64, address, body string, headers ...string) delivery {
	r := httptest.NewRequest(http.MethodPost, address, strings.NewReader(body))
	r.RequestURI = strings.TrimPrefix(address, "https://"+r.Host)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return delivery{r, []byte(body), time.Unix(now, 0)}
}

// The examples in the providers' own documentation.
func TestDocumentedExamplesAreGenuine(t *testing.T) {
	command := "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V" +
		"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=" +
		"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN" +
		"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	slackHeaders := []string{"X-Slack-Request-Timestamp", "1531420618",
		"X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"}
	call := "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212&Caller=%2B14158675309"
	slackSecret, twilioSecret := []byte("8f742231b10e8888abcd99yyyzzz85a5"), []byte("12345")
	url := "https://mycompany.com/myapp.php?foo=1&bar=2"
	cases := map[string]bool{
		"slack":          slack(signed(1531420618, "https://a/", command, slackHeaders...), slackSecret),
		"slack, 5 min":   slack(signed(1531420618+300, "https://a/", command, slackHeaders...), slackSecret),
		"slack, late":    !slack(signed(1531420618+301, "https://a/", command, slackHeaders...), slackSecret),
		"slack, early":   !slack(signed(1531420618-301, "https://a/", command, slackHeaders...), slackSecret),
		"slack, no time": !slack(signed(1531420618, "https://a/", command, slackHeaders[2:]...), slackSecret),
		"github": github(signed(0, "https://a/", "Hello, World!", "X-Hub-Signature-256",
			"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"), []byte("It's a Secret to Everybody")),
		"github, no prefix": !github(signed(0, "https://a/", "Hello, World!", "X-Hub-Signature-256",
			"757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"), []byte("It's a Secret to Everybody")),
		"twilio": twilio(signed(0, url, call, "X-Twilio-Signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8="), twilioSecret),
		"twilio, other address": !twilio(signed(0, url+"3", call, "X-Twilio-Signature",
			"RSOYDt4T1cUTdK1PDd93/VVr8B8="), twilioSecret),
	}
	for name, ok := range cases {
		if !ok {
			t.Error(name)
		}
	}
}

func TestStripeTakesAnyOfItsSignatures(t *testing.T) {
	mac := hmac.New(sha256.New, []byte("whsec"))
	mac.Write([]byte(`1000.{"id":1}`))
	right := hex.EncodeToString(mac.Sum(nil))
	for header, wanted := range map[string]bool{
		"t=1000,v1=" + right: true,
		"t=1000,v1=" + strings.Repeat("0", 64) + ",v1=" + right: true,
		"t=1000,v0=" + right: false,
		"t=1001,v1=" + right: false,
		"v1=" + right:        false,
		"":                   false,
	} {
		if got := stripe(signed(1000, "https://a/", `{"id":1}`, "Stripe-Signature", header), []byte("whsec")); got != wanted {
			t.Errorf("%q: %v", header, got)
		}
	}
}

func TestDiscordNeedsItsOwnKey(t *testing.T) {
	public, private, _ := ed25519.GenerateKey(nil)
	signature := hex.EncodeToString(ed25519.Sign(private, []byte(`1000{"type":1}`)))
	key := []byte(hex.EncodeToString(public))
	delivered := func(body, signature string) delivery {
		return signed(1000, "https://a/", body, "X-Signature-Timestamp", "1000", "X-Signature-Ed25519", signature)
	}
	if !discord(delivered(`{"type":1}`, signature), key) {
		t.Error("the right signature is refused")
	}
	if discord(delivered(`{"type":2}`, signature), key) || discord(delivered(`{"type":1}`, "00"), key) ||
		discord(delivered(`{"type":1}`, signature), []byte("00")) {
		t.Error("a wrong body, signature or key is accepted")
	}
}

func TestBearerTokensAreLookedAtAndNotBelieved(t *testing.T) {
	encode := base64.RawURLEncoding.EncodeToString
	shaped := encode([]byte(`{"alg":"RS256"}`)) + "." + encode([]byte(`{"iss":"x"}`)) + ".c2ln"
	for header, wanted := range map[string]bool{
		"Bearer " + shaped: true, shaped: false, "Bearer x": false, "": false,
		"Bearer " + encode([]byte(`{"alg":"none"}`)) + "." + encode([]byte(`{}`)) + ".c2ln": false,
	} {
		if got := bearerShaped(signed(0, "https://a/", "", "Authorization", header), nil); got != wanted {
			t.Errorf("%q: %v", header, got)
		}
	}
}

func TestWebhooksOverHTTP(t *testing.T) {
	secrets := t.TempDir()
	server := httptest.NewServer(routes(secrets))
	defer server.Close()
	post := func(path, body string, headers ...string) string {
		r, _ := http.NewRequest(http.MethodPost, server.URL+path, strings.NewReader(body))
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		response, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		return strconv.Itoa(response.StatusCode)
	}
	token := []string{"X-Telegram-Bot-Api-Secret-Token", "right"}
	expect := func(what, got, wanted string) {
		if got != wanted {
			t.Errorf("%s: %s, not %s", what, got, wanted)
		}
	}
	for _, hook := range webhooks {
		expect(hook.path+" without a secret file", post(hook.path, "{}", token...), "404")
	}
	os.WriteFile(filepath.Join(secrets, "TELEGRAM_WEBHOOK_SECRET"), []byte("right\n"), 0o400)
	expect("right token", post("/telegram-webhook", "{}", token...), "200")
	expect("wrong token", post("/telegram-webhook", "{}", "X-Telegram-Bot-Api-Secret-Token", "wrong"), "401")
	expect("no token", post("/telegram-webhook", "{}"), "401")
	expect("a body too large", post("/telegram-webhook", strings.Repeat("x", bodyLimit+1), token...), "413")
	response, _ := server.Client().Get(server.URL + "/telegram-webhook")
	expect("GET", fmt.Sprint(response.StatusCode), "405")
	os.Chmod(filepath.Join(secrets, "TELEGRAM_WEBHOOK_SECRET"), 0o600)
	os.WriteFile(filepath.Join(secrets, "TELEGRAM_WEBHOOK_SECRET"), nil, 0o600)
	expect("no token against an empty secret", post("/telegram-webhook", "{}"), "401")
}
