package main

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

// signedAge is how old a signed time stamp may be. Slack and Stripe both say five minutes:
// https://docs.slack.dev/authentication/verifying-requests-from-slack, https://docs.stripe.com/webhooks.
const signedAge = 5 * time.Minute

// delivery is what a signature is checked against: the request and its whole body as it came.
type delivery struct {
	request *http.Request
	body    []byte
	now     time.Time
}

func (d delivery) header(name string) string { return d.request.Header.Get(name) }

// slack checks `v0=` and the HMAC of `v0:{time}:{body}`.
func slack(d delivery, secret []byte) bool {
	stamp := d.header("X-Slack-Request-Timestamp")
	return d.recent(stamp) && sameHex("v0=", d.header("X-Slack-Signature"), sum256(secret, "v0:"+stamp+":", d.body))
}

// telegram compares the token that setWebhook was given: https://core.telegram.org/bots/api#setwebhook.
func telegram(d delivery, secret []byte) bool {
	return same([]byte(d.header("X-Telegram-Bot-Api-Secret-Token")), secret)
}

// github checks the HMAC of the body: https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries.
func github(d delivery, secret []byte) bool {
	return sameHex("sha256=", d.header("X-Hub-Signature-256"), sum256(secret, "", d.body))
}

// discord checks an Ed25519 signature of time and body; the secret is the application's public key in hexadecimal:
// https://docs.discord.com/developers/interactions/overview.
func discord(d delivery, secret []byte) bool {
	key, err := hex.DecodeString(string(secret))
	if err != nil || len(key) != ed25519.PublicKeySize {
		return false
	}
	signature, err := hex.DecodeString(d.header("X-Signature-Ed25519"))
	if err != nil {
		return false
	}
	message := append([]byte(d.header("X-Signature-Timestamp")), d.body...)
	return ed25519.Verify(key, message, signature)
}

// stripe checks that one of the `v1` fields is the HMAC of `{t}.{body}`.
func stripe(d delivery, secret []byte) bool {
	var stamp string
	var signatures []string
	for _, field := range strings.Split(d.header("Stripe-Signature"), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		switch name {
		case "t":
			stamp = value
		case "v1":
			signatures = append(signatures, value)
		}
	}
	if !d.recent(stamp) {
		return false
	}
	wanted := sum256(secret, stamp+".", d.body)
	for _, signature := range signatures {
		if sameHex("", signature, wanted) {
			return true
		}
	}
	return false
}

// twilio checks the HMAC-SHA1 of the public address and the sorted form fields:
// https://www.twilio.com/docs/usage/security#validating-requests.
func twilio(d delivery, secret []byte) bool {
	form, err := url.ParseQuery(string(d.body))
	if err != nil {
		return false
	}
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	sort.Strings(names)
	mac := hmac.New(sha1.New, secret)
	// The sender knows the public address only, which is always https.
	mac.Write([]byte("https://" + d.request.Host + d.request.RequestURI))
	for _, name := range names {
		values := form[name]
		sort.Strings(values)
		for _, value := range values {
			mac.Write([]byte(name + value))
		}
	}
	given, err := base64.StdEncoding.DecodeString(d.header("X-Twilio-Signature"))
	return err == nil && hmac.Equal(given, mac.Sum(nil))
}

// bearerShaped says whether a bearer token looks like a signed JWT. It is no proof of anything: Google's and Microsoft's
// keys, which would be, cannot be asked for in the sandbox.
func bearerShaped(d delivery, _ []byte) bool {
	scheme, token, _ := strings.Cut(d.header("Authorization"), " ")
	parts := strings.Split(token, ".")
	if scheme != "Bearer" || len(parts) != 3 || parts[2] == "" {
		return false
	}
	var header struct{ Alg string }
	var claims map[string]any
	return decodeJSON(parts[0], &header) && header.Alg == "RS256" && decodeJSON(parts[1], &claims)
}

func decodeJSON(part string, into any) bool {
	text, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(text, into) == nil
}

// recent says whether a time stamp in seconds is at most signedAge away from now.
func (d delivery) recent(stamp string) bool {
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return false
	}
	age := d.now.Sub(time.Unix(seconds, 0))
	return age <= signedAge && age >= -signedAge
}

func sum256(secret []byte, prefix string, body []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(prefix))
	mac.Write(body)
	return mac.Sum(nil)
}

// sameHex compares a signature in hexadecimal behind a prefix, in constant time.
func sameHex(prefix, given string, wanted []byte) bool {
	decoded, err := hex.DecodeString(strings.TrimPrefix(given, prefix))
	return strings.HasPrefix(given, prefix) && err == nil && hmac.Equal(decoded, wanted)
}

// same compares in constant time, whatever the lengths.
func same(given, wanted []byte) bool {
	a, b := sha256.Sum256(given), sha256.Sum256(wanted)
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}
