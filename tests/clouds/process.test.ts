import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { compiledFile } from "../../engine/paths";
import { describeUnless } from "../requirements";

const program = compiledFile("sandbox", "clouds", "main.js");
const accountId = "0123456789abcdef0123456789abcdef";
const zoneId = "fedcba9876543210fedcba9876543210";
const tokens = { hetzner: "t".repeat(64), digitalocean: "dop_v1_test", cloudflare: "c".repeat(40) };

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely
type Json = any;

let folder: string;
let running: { child: ChildProcess; ready: Json } | undefined;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "creel-clouds-"));
});
afterEach(async () => {
  running?.child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

async function start(changes: object = {}): Promise<Json> {
  const any = { host: "127.0.0.1", port: 0 };
  const zones = [{ id: zoneId, name: "example.com", accountId, plan: "free" }];
  const config = {
    state: path.join(folder, "state"),
    hetzner: { ...any, token: tokens.hetzner, pool: ["198.51.100.10", "198.51.100.11"] },
    // The tests themselves are at the one address that droplets can get.
    digitalocean: { ...any, token: tokens.digitalocean, pool: ["127.0.0.1"] },
    cloudflare: { ...any, token: tokens.cloudflare, accounts: [{ id: accountId, name: "Acme" }], zones },
    metadata: any,
    machines: null,
    ...changes,
  };
  const file = path.join(folder, "config.json");
  await writeFile(file, JSON.stringify(config));
  const child = spawn(process.execPath, [program, file], { stdio: ["ignore", "pipe", "pipe"] });
  let [output, errors] = ["", ""];
  child.stderr.on("data", (text) => {
    errors += text;
  });
  const ready = await new Promise<Json>((resolve, reject) => {
    child.stdout.on("data", (text) => {
      output += text;
      if (output.includes("\n")) resolve(JSON.parse(output));
    });
    child.once("exit", (code) => reject(new Error(`ended with ${code}: ${errors}`)));
  });
  running = { child, ready };
  return ready;
}

function ended(child: ChildProcess): Promise<[number | null, string | null]> {
  return new Promise((resolve) => child.once("exit", (code, signal) => resolve([code, signal])));
}

async function call(cloud: keyof typeof tokens, method: string, below: string, body?: object): Promise<Json> {
  const response = await fetch(running?.ready[cloud] + below, {
    method,
    headers: { authorization: `Bearer ${tokens[cloud]}`, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  return response.json();
}

const order = { server_type: "cx23", image: "debian-12", location: "fsn1", user_data: "canary-user-data" };
const missing = existsSync(program) ? undefined : "the package is not compiled: npm run build";

describeUnless(missing, "the clouds' process", () => {
  it("keeps everything through a kill -9 in the middle of orders", async () => {
    await start();
    const tunnel = (await call("cloudflare", "POST", `/accounts/${accountId}/cfd_tunnel`, { name: "atlas" })).result;
    const { server } = await call("hetzner", "POST", "/servers", { name: "reef-1", ...order });
    // Every order that is answered must be there afterwards; those under way may or may not.
    const answered: string[] = [];
    const orders = Array.from({ length: 40 }, async (_, index) => {
      const name = `n${index}`;
      const body = { type: "TXT", name, content: name, ttl: 1 };
      const answer = await call("cloudflare", "POST", `/zones/${zoneId}/dns_records`, body).catch(() => undefined);
      if (!answer?.success) return;
      answered.push(answer.result.name);
      if (answered.length === 10) running?.child.kill("SIGKILL");
    });
    await Promise.all([...orders, ended(running?.child as ChildProcess)]);
    expect(answered.length).toBeGreaterThanOrEqual(10);

    await start();
    const records = (await call("cloudflare", "GET", `/zones/${zoneId}/dns_records?per_page=100`)).result;
    expect(records.map((record: Json) => record.name)).toEqual(expect.arrayContaining(answered));
    const tunnels = (await call("cloudflare", "GET", `/accounts/${accountId}/cfd_tunnel`)).result;
    expect(tunnels).toMatchObject([{ id: tunnel.id, name: "atlas" }]);
    const again = await call("hetzner", "GET", `/servers/${server.id}`);
    expect(again.server).toMatchObject({ name: "reef-1", public_net: { ipv4: { ip: "198.51.100.10" } } });
    const next = await call("hetzner", "POST", "/servers", { name: "reef-2", ...order });
    expect(next.server.id).not.toBe(server.id);
    expect(next.server.public_net.ipv4.ip).toBe("198.51.100.11");
  });

  it("tells a droplet who it is, also after a kill -9", async () => {
    await start();
    const atoll = { name: "atoll-1", size: "s-1vcpu-1gb", image: "debian-12-x64", region: "fra1" };
    const { droplet } = await call("digitalocean", "POST", "/v2/droplets", { ...atoll, user_data: "#cloud-config\n" });
    const end = ended(running?.child as ChildProcess);
    running?.child.kill("SIGKILL");
    await end;
    const { metadata } = await start();
    const read = async (below: string) => {
      const answer = await fetch(metadata + below);
      return answer.ok ? answer.text() : answer.status;
    };
    expect(await read("/metadata/v1/id")).toBe(String(droplet.id));
    expect(await read("/metadata/v1/hostname")).toBe("atoll-1");
    expect(await read("/nocloud/user-data")).toBe("#cloud-config\n");
    expect(await read("/hetzner/v1/metadata/hostname")).toBe(404);
    // The creation that the killed process had begun comes to its end.
    const status = async () => (await call("digitalocean", "GET", `/v2/droplets/${droplet.id}`)).droplet.status;
    await expect.poll(status).toBe("active");
  });

  it("stops when it is asked to, and says where it listened", async () => {
    const ready = await start();
    expect(ready).toEqual({
      ready: true,
      pid: running?.child.pid,
      hetzner: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/v1$/),
      digitalocean: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      cloudflare: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/client\/v4$/),
      metadata: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    });
    expect((await fetch(`${ready.metadata}/hetzner/v1/userdata`)).status).toBe(404);
    const end = ended(running?.child as ChildProcess);
    running?.child.kill("SIGTERM");
    expect(await end).toEqual([0, null]);
  });

  it("logs requests for its owner only, without secrets", async () => {
    await start();
    await call("hetzner", "POST", "/servers", { name: "reef-1", ...order });
    const tunnel_secret = Buffer.from("canary-tunnel-secret-of-32-bytes").toString("base64");
    await call("cloudflare", "POST", `/accounts/${accountId}/cfd_tunnel`, { name: "atlas", tunnel_secret });
    const end = ended(running?.child as ChildProcess);
    running?.child.kill("SIGTERM");
    await end;
    const file = path.join(folder, "state", "requests.log");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const text = await readFile(file, "utf8");
    const entries = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(entries.map((entry) => [entry.cloud, entry.method, entry.status])).toEqual([
      ["hetzner", "POST", 201],
      ["cloudflare", "POST", 200],
    ]);
    for (const secret of ["canary-user-data", tunnel_secret, tokens.hetzner, tokens.cloudflare]) {
      expect(text).not.toContain(secret);
    }
  });

  it.each([
    ["a token of another length", { hetzner: { host: "127.0.0.1", port: 0, token: "short", pool: [] } }, "hetzner"],
    ["no addresses to listen on", { metadata: { host: "240.0.0.1", port: 1 } }, "EADDRNOTAVAIL"],
    ["a missing part", { cloudflare: undefined }, "cloudflare"],
  ])("says what is wrong and ends: %s", async (_, changes, words) => {
    await expect(start(changes)).rejects.toThrow(words);
  });
});
