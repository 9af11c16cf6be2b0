import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect } from "node:tls";
import { afterEach, beforeEach, expect, it } from "vitest";
import { compiledFile } from "../../../engine/paths";
import { describeUnless } from "../../requirements";
import { ask, type Target } from "./clients";

const program = compiledFile("sandbox", "clouds", "main.js");
const accountId = "0123456789abcdef0123456789abcdef";
const zoneId = "fedcba9876543210fedcba9876543210";
const token = "c".repeat(40);

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely
type Json = any;

let folder: string;
let running: ChildProcess | undefined;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "creel-edge-process-"));
});
afterEach(async () => {
  running?.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

interface Started extends Target {
  api(method: string, below: string, body?: object): Promise<Json>;
}

async function start(): Promise<Started> {
  const any = { host: "127.0.0.1", port: 0 };
  const certificates = path.join(folder, "certificates");
  const config = {
    state: path.join(folder, "state"),
    hetzner: { ...any, token: "t".repeat(64), pool: ["198.51.100.10"] },
    digitalocean: { ...any, token: "dop_v1_test", pool: ["198.51.100.130"] },
    cloudflare: {
      ...any,
      token,
      accounts: [{ id: accountId, name: "Acme", team: "acme" }],
      zones: [{ id: zoneId, name: "agents.test", accountId, plan: "free" }],
    },
    metadata: null,
    edge: { host: "127.0.0.1", https: 0, http: 0, tunnel: 0, certificates },
    machines: null,
  };
  const file = path.join(folder, "config.json");
  await writeFile(file, JSON.stringify(config));
  const child = spawn(process.execPath, [program, file], { stdio: ["ignore", "pipe", "inherit"] });
  running = child;
  const ready = JSON.parse(String((await once(child.stdout, "data"))[0]));
  return {
    edge: { ports: ready.edge },
    ca: await readFile(path.join(certificates, "ca.crt")),
    api: async (method, below, body) => {
      const url = below.startsWith("/_") ? new URL(below, ready.cloudflare) : `${ready.cloudflare}${below}`;
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      return (await fetch(url, { method, headers, body: body && JSON.stringify(body) })).json();
    },
  };
}

const missing = existsSync(program) ? undefined : "the package is not compiled: npm run build";

describeUnless(missing, "the edge in the clouds' process", () => {
  it("follows the API, logs for its owner only, keeps its keys through a kill, and stops with connections open", async () => {
    const first = await start();
    const tunnel = await first.api("POST", `/accounts/${accountId}/cfd_tunnel`, { name: "atlas" });
    const content = `${tunnel.result.id}.cfargotunnel.com`;
    const record = { type: "CNAME", name: "atlas.agents.test", content, proxied: true, ttl: 1 };
    await first.api("POST", `/zones/${zoneId}/dns_records`, record);
    const reply = await ask(first, "atlas.agents.test", { path: "/a?b" });
    expect(reply).toMatchObject({ status: 530, body: "error code: 1033" });
    const lines = await first.api("GET", `/_sandbox/decisions?ray=${reply.ray}`);
    expect(lines).toMatchObject([{ host: "atlas.agents.test", path: "/a", status: 530, by: "edge" }]);

    const log = path.join(folder, "state", "edge.log");
    expect((await stat(log)).mode & 0o777).toBe(0o600);
    const text = await readFile(log, "utf8");
    expect(
      text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual(lines);

    const keys = await ask(first, "acme.cloudflareaccess.com", { path: "/cdn-cgi/access/certs" });
    expect(JSON.parse(keys.body).keys.length).toBeGreaterThan(0);
    running?.kill("SIGKILL");
    await once(running!, "exit");
    const second = await start();
    const again = await ask(second, "acme.cloudflareaccess.com", { path: "/cdn-cgi/access/certs" });
    expect(JSON.parse(again.body)).toEqual(JSON.parse(keys.body));
    expect(await ask(second, "atlas.agents.test")).toMatchObject({ status: 530 });

    const { ca, edge } = second;
    const open = connect({ host: "127.0.0.1", port: edge.ports.https, ca, servername: "atlas.agents.test" });
    await once(open, "secureConnect");
    const ended = once(open, "close");
    running!.kill("SIGTERM");
    expect(await once(running!, "exit")).toEqual([0, null]);
    await ended;
  });
});
