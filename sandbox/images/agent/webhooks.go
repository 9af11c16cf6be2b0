package main

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// bodyLimit is the largest webhook body that is read, in bytes.
const bodyLimit = 256 * 1024

// webhook is one provider's endpoint. It exists only where its secret does.
type webhook struct {
	provider, path, secret string
	// genuine checks the sender's proof with the secret.
	genuine func(delivery, []byte) bool
	// verified is false where only the shape of the proof can be checked here.
	verified bool
}

var webhooks = []webhook{
	{"slack", "/slack/events", "SLACK_SIGNING_SECRET", slack, true},
	{"telegram", "/telegram-webhook", "TELEGRAM_WEBHOOK_SECRET", telegram, true},
	{"github", "/hooks/github", "GITHUB_WEBHOOK_SECRET", github, true},
	{"discord", "/discord/interactions", "DISCORD_PUBLIC_KEY", discord, true},
	{"stripe", "/stripe/webhook", "STRIPE_WEBHOOK_SECRET", stripe, true},
	{"twilio", "/webhooks/sms", "TWILIO_AUTH_TOKEN", twilio, true},
	{"googlechat", "/googlechat", "GOOGLE_CHAT_SERVICE_ACCOUNT", bearerShaped, false},
	{"teams", "/api/messages", "MSTEAMS_APP_PASSWORD", bearerShaped, false},
}

// handler answers 404 without a secret, 405 to anything but POST, 413 to a body too large, 401 to a wrong proof. Its
// answer to a right one says whose it is, and whether it was really verified.
func (hook webhook) handler(secrets string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		secret, err := os.ReadFile(filepath.Join(secrets, hook.secret))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodPost {
			w.Header().Set("allow", http.MethodPost)
			http.Error(w, "only POST", http.StatusMethodNotAllowed)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			http.Error(w, "body too large", http.StatusRequestEntityTooLarge)
			return
		}
		if err != nil {
			http.Error(w, "body cut off", http.StatusBadRequest)
			return
		}
		key := []byte(strings.TrimSpace(string(secret)))
		// An empty key would make everybody's signature right.
		if len(key) == 0 || !hook.genuine(delivery{r, body, time.Now()}, key) {
			http.Error(w, "signature refused", http.StatusUnauthorized)
			return
		}
		reply(w, map[string]any{"accepted": hook.provider, "verified": hook.verified})
	}
}
