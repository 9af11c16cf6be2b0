import { createHmac } from "node:crypto";

/** What GitHub sends along with a body: an HMAC of it. */
export function githubHeaders(secret: string, body: string): [string, string][] {
  return [["X-Hub-Signature-256", `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`]];
}

/**
 * What Slack sends along with a body: an HMAC of it and of the time.
 *
 * @param at milliseconds since 1970. Default: now.
 */
export function slackHeaders(secret: string, body: string, at = Date.now()): [string, string][] {
  const seconds = Math.floor(at / 1000).toString();
  const signature = createHmac("sha256", secret).update(`v0:${seconds}:${body}`).digest("hex");
  return [
    ["X-Slack-Request-Timestamp", seconds],
    ["X-Slack-Signature", `v0=${signature}`],
  ];
}
