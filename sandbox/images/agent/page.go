package main

import (
	"crypto/rand"
	"encoding/base64"
	"html/template"
	"net/http"
	"os"
	"strings"
	"time"
)

// userHeader is who Cloudflare Access says is asking. It is worth something only behind a connector that checks it.
const userHeader = "cf-access-authenticated-user-email"

// about is what the agent says of itself and of who asks.
type about struct {
	Name    string `json:"name"`
	Agent   string `json:"agent"`
	Host    string `json:"host"`
	User    string `json:"user,omitempty"`
	Started string `json:"started"`
	Nonce   string `json:"-"`
}

// page answers at the root alone: a page for people, JSON for programs that ask for it.
func page(started time.Time) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		host, _ := os.Hostname()
		seen := about{
			Name: "stand-in agent", Agent: host, Host: r.Host, User: r.Header.Get(userHeader),
			Started: started.Format(time.RFC3339),
		}
		w.Header().Set("vary", "accept")
		accept := r.Header.Get("accept")
		if strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html") {
			reply(w, seen)
			return
		}
		seen.Nonce = nonce()
		w.Header().Set("content-type", "text/html; charset=utf-8")
		w.Header().Set("content-security-policy",
			"default-src 'none'; style-src 'nonce-"+seen.Nonce+"'; script-src 'nonce-"+seen.Nonce+"'; connect-src 'self'")
		html.Execute(w, seen)
	}
}

// nonce lets exactly this answer's own style and script through the content security policy.
func nonce() string {
	var bytes [16]byte
	rand.Read(bytes[:])
	return base64.RawURLEncoding.EncodeToString(bytes[:])
}

var html = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Agent}} – stand-in agent</title>
<style nonce="{{.Nonce}}">
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; --line: color-mix(in srgb, currentColor 20%, transparent) }
body { max-width: 40rem; margin: 3rem auto; padding: 0 1rem }
h1 { margin-bottom: 0 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.5rem; padding: 1rem 0; border-block: 1px solid var(--line) }
dt { opacity: .7 }
dd { margin: 0; font-weight: 600; overflow-wrap: anywhere }
#status::before { content: "● "; color: #c60 }
#status[data-open=yes]::before { color: #2a2 }
form { display: flex; gap: .5rem }
input { flex: 1 }
input, button { font: inherit; padding: .4rem .7rem }
li { font-family: ui-monospace, monospace }
</style>
</head>
<body>
<h1>{{.Agent}}</h1>
<p>A stand-in agent: it does nothing but answer.</p>
<dl>
<dt>Reached as</dt><dd id="host">{{.Host}}</dd>
<dt>Cloudflare says you are</dt><dd id="user">{{if .User}}{{.User}}{{else}}nobody it knows{{end}}</dd>
<dt>Running since</dt><dd>{{.Started}}</dd>
<dt>WebSocket</dt><dd id="status">connecting</dd>
</dl>
<p><label for="message">Say something; it comes back as it went.</label></p>
<form id="send"><input id="message" autocomplete="off" value="hello"><button disabled>Send</button></form>
<ul id="echoes" aria-live="polite"></ul>
<script nonce="{{.Nonce}}">
const at = (id) => document.getElementById(id);
const socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/ws");
const say = (text, open) => { at("status").textContent = text; at("status").dataset.open = open ? "yes" : "no"; at("send").querySelector("button").disabled = !open; };
socket.onopen = () => say("connected", true);
socket.onclose = (event) => say("closed (" + event.code + ")", false);
socket.onmessage = (event) => { const item = document.createElement("li"); item.textContent = event.data; at("echoes").append(item); };
at("send").onsubmit = (event) => { event.preventDefault(); socket.send(at("message").value); };
</script>
</body>
</html>
`))
