import { request } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { LiveParts } from "../../cli/dashboard/liveParts";
import { type Dashboard, startDashboard } from "../../cli/dashboard/server";
import { repeatEach } from "../../cli/repeat";
import { fleetReport } from "../../cli/report/fleetReport";
import { looksOf, nothingSeen } from "../../cli/report/fleetSeen";
import { FakeServers } from "./fakeServers";
import { answerMixed, mixedFleet, mixedOutside, surveyOf } from "./mixedFleet";

let servers: FakeServers;
let dashboard: Dashboard | undefined;
let ended: AbortController | undefined;
let looking: Promise<void> | undefined;

beforeAll(async () => {
  servers = await FakeServers.start();
  await answerMixed(servers);
});
afterAll(() => servers.close());
afterEach(async () => {
  ended?.abort();
  await looking;
  await dashboard?.close();
});

/** A dashboard of the mixed fleet. @param seconds between two looks; left out, nobody looks */
async function open(seconds?: number): Promise<URL> {
  const opened = new AbortController();
  ended = opened;
  const { signal } = opened;
  const seen = nothingSeen();
  const report = () => fleetReport(mixedFleet(), seen, "production", "2027-01-15T08:00:00.000Z");
  const page = await startDashboard(0, report);
  dashboard = page;
  const looks = looksOf(mixedFleet(), mixedOutside(), seen).map(({ look }) => async () => {
    await look({ seconds: 30, signal });
    page.update();
  });
  looking = seconds === undefined ? undefined : repeatEach(looks, seconds, signal);
  return new URL(page.url);
}

function get(url: URL, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((done, failed) => {
    const asked = request(url, { headers, agent: false }, async (answer) => {
      let body = "";
      for await (const chunk of answer) body += chunk;
      done({ status: answer.statusCode!, headers: answer.headers, body });
    });
    asked.on("error", failed);
    asked.end();
  });
}

/** What the page's script would have put into each part, until it says that this is enough. */
async function partsUntil(url: URL, isEnough: (parts: Map<string, string>) => boolean): Promise<Map<string, string>> {
  const parts = new Map<string, string>();
  const answer = await fetch(`${url}/events`);
  let text = "";
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const events = text.split("\n\n");
    text = events.pop()!;
    for (const event of events) {
      for (const { id, html } of JSON.parse(event.slice("data: ".length))) parts.set(id, html);
    }
    if (isEnough(parts)) return parts;
  }
  return parts;
}

describe("the dashboard", () => {
  it("is on loopback, at a path that cannot be guessed, and may be kept and framed by nobody", async () => {
    const url = await open();
    expect(url.hostname).toBe("127.0.0.1");
    expect(url.pathname).toMatch(/^\/[\w-]{22}$/);
    const page = await get(url);
    expect(page.status).toBe(200);
    expect(page.headers).toMatchObject({
      "cache-control": "no-store",
      "x-frame-options": "DENY",
      "cross-origin-resource-policy": "same-origin",
      "content-security-policy": expect.stringMatching(
        /^default-src 'none'; style-src 'sha256-\S+'; .*; script-src 'sha256-\S+'; connect-src 'self'; frame-ancestors 'none'$/,
      ),
    });
    for (const path of ["/", "/events", `/${"A".repeat(22)}`]) expect((await get(new URL(path, url))).status).toBe(404);
  });

  it.each([
    ["by a name that leads here (DNS rebinding)", { host: "evil.example" }],
    ["by such a name and the right port", (port: string) => ({ host: `evil.example:${port}` })],
    ["by another port", { host: "127.0.0.1:1" }],
    ["from another site", { "sec-fetch-site": "cross-site" }],
    ["from another port of this computer", { "sec-fetch-site": "same-site" }],
  ])("refuses who comes %s, for the page and for its events", async (_, headers) => {
    const url = await open();
    const sent = typeof headers === "function" ? headers(url.port) : headers;
    for (const path of [url, new URL(`${url}/events`)]) {
      const answer = await get(path, sent as Record<string, string>);
      expect(answer.status).toBe(403);
      expect(answer.body).not.toContain("reef");
    }
  });

  it("shows each server when it has answered, whatever another does", async () => {
    await servers.hang("192.0.2.23");
    const url = await open(60);
    const isThere = (parts: Map<string, string>) =>
      ["server-reef-1", "server-atoll"].every((id) => parts.get(id)?.includes("Hardened")) &&
      parts.get("names")?.includes("203.0.113.5") === true;
    const parts = await partsUntil(url, isThere);
    expect(isThere(parts)).toBe(true);
    expect(parts.get("server-shoal")).toContain("Being looked at");
    expect((await get(url)).body).toContain("Still looking");
  });

  it("looks again by itself", async () => {
    const url = await open(1);
    const updates = (wanted: string) => (parts: Map<string, string>) =>
      parts.get("server-atoll")?.includes(wanted) === true;
    await partsUntil(url, updates("none pending"));
    const survey = surveyOf("atoll");
    Object.assign(survey.updates.ok, { all: 41, security: 0 });
    await servers.answer("192.0.2.22", survey);
    expect((await partsUntil(url, updates("41 pending"))).get("server-atoll")).toContain("41 pending");
  });

  it("sends what has changed, and nothing else", () => {
    const parts = new LiveParts();
    const report = () => fleetReport(mixedFleet(), nothingSeen(), "production", "2027-01-15T08:00:00.000Z");
    expect(parts.changes(report()).map(({ id }) => id)).toContain("server-atoll");
    expect(parts.changes(report())).toEqual([]);
    const changed = report();
    Object.assign(changed.servers[2]!, { reachable: false, failure: "no answer" });
    expect(parts.changes(changed).map(({ id, dead }) => [id, dead])).toEqual([
      ["headline", false],
      ["server-shoal", true],
    ]);
  });
});
