import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Duplex, Readable } from "node:stream";
import { certificateAuthority } from "../../../sandbox/certificates";
import { type DnsRecord, emptyCloudflare, type Tunnel } from "../../../sandbox/clouds/cloudflare/model";
import type { CloudflareWorld } from "../../../sandbox/clouds/cloudflare/world";
import type { Decision, LogLine } from "../../../sandbox/edge/decisions";
import { type Edge, openEdge, type Parts } from "../../../sandbox/edge/edge";
import type { EdgeRequest, HeaderList, Ruling } from "../../../sandbox/edge/request";
import { type TunnelRequest, TunnelUnavailable } from "../../../sandbox/edge/tunnel";

export const accountId = "0123456789abcdef0123456789abcdef";
export const otherAccountId = "1".repeat(32);
export const zone = { id: "a".repeat(32), name: "agents.test", accountId, plan: "free" as const };
/** Of the same account. */
export const sisterZone = { id: "b".repeat(32), name: "sister.test", accountId, plan: "free" as const };
/** Of another account. */
export const strangeZone = {
  id: "c".repeat(32),
  name: "strange.test",
  accountId: otherAccountId,
  plan: "free" as const,
};
export const teamHost = "acme.cloudflareaccess.com";

/** A world without tunnels and records. */
export function emptyWorld(): CloudflareWorld {
  return {
    state: emptyCloudflare(),
    accounts: [
      { id: accountId, name: "Acme", team: "acme" },
      { id: otherAccountId, name: "Strangers", team: "strangers" },
    ],
    zones: [zone, sisterZone, strangeZone],
  };
}

export function addTunnel(world: CloudflareWorld, fields: Partial<Tunnel> = {}): Tunnel {
  const id = randomUUID();
  const tunnel: Tunnel = {
    id,
    account_tag: accountId,
    name: id,
    config_src: "cloudflare",
    created_at: "2026-11-25T00:00:00Z",
    deleted_at: null,
    conns_active_at: null,
    conns_inactive_at: null,
    connections: [],
    secret: randomBytes(32).toString("base64"),
    configuration: null,
    ...fields,
  };
  world.state.tunnels[id] = tunnel;
  return tunnel;
}

export function addRecord(
  world: CloudflareWorld,
  name: string,
  content: string,
  fields: Partial<DnsRecord> = {},
): void {
  const id = randomBytes(16).toString("hex");
  const inZone = world.zones.find((candidate) => name === candidate.name || name.endsWith(`.${candidate.name}`))!;
  const common = {
    id,
    zone_id: inZone.id,
    type: "CNAME",
    proxied: true,
    ttl: 1,
    settings: {},
    comment: null,
    tags: [],
  };
  const times = { created_on: "2026-11-25T00:00:00Z", modified_on: "2026-11-25T00:00:00Z" };
  world.state.dns_records[id] = { ...common, ...times, name, content, ...fields };
}

export function setSetting(world: CloudflareWorld, name: string, value: unknown): void {
  world.state.zone_settings[zone.id] ??= {};
  world.state.zone_settings[zone.id]![name] = { value, modified_on: "2026-11-25T00:00:00Z" };
}

/** What a double of the tunnels was asked, with the whole body. */
export interface Received extends TunnelRequest {
  tunnelId: string;
  body: Buffer;
}

export interface Front {
  world: CloudflareWorld;
  edge: Edge;
  ca: Buffer;
  lines: LogLine[];
  /** The line about the request with this `cf-ray`. */
  line(ray: string | undefined): Decision;
  /** What reached the origin. */
  received: Received[];
  /** What the doubles do; tests put others in their place. */
  doubles: {
    waf(request: EdgeRequest): Promise<Ruling>;
    access(request: EdgeRequest): Promise<Ruling>;
    request: Parts["tunnels"]["request"];
    upgrade: Parts["tunnels"]["upgrade"];
  };
  /** The tunnel behind `app.agents.test`. */
  tunnel: Tunnel;
  stop(): Promise<void>;
}

const pass: Ruling = { pass: true, steps: [] };

/** The front of the edge on loopback, with doubles for everything behind it. */
export async function startFront(world = emptyWorld()): Promise<Front> {
  const folder = await mkdtemp(path.join(tmpdir(), "creel-front-"));
  const { certificate } = await certificateAuthority(folder);
  const tunnel = addTunnel(world);
  addRecord(world, "app.agents.test", `${tunnel.id}.cfargotunnel.com`);
  const lines: LogLine[] = [];
  const received: Received[] = [];
  const doubles: Front["doubles"] = {
    waf: async () => pass,
    access: async () => pass,
    request: async (tunnelId, request, body) => {
      if (tunnelId !== tunnel.id) throw new TunnelUnavailable(`tunnel ${tunnelId} has no connection`);
      received.push({ ...request, tunnelId, body: await whole(body) });
      return {
        status: 200,
        headers: [["content-type", "text/plain"]],
        source: "origin",
        body: Readable.from(["hello"]),
      };
    },
    upgrade: async (tunnelId, request) => {
      received.push({ ...request, tunnelId, body: Buffer.alloc(0) });
      return { status: 101, headers: [["sec-websocket-accept", "x"]], source: "origin", stream: echo() };
    },
  };
  const edge = await openEdge(
    {
      world,
      log: (line) => lines.push(line),
      certificates: folder,
      listen: { host: "127.0.0.1", https: 0, http: 0, tunnel: 0 },
    },
    () => ({
      waf: { rule: (request) => doubles.waf(request) },
      access: {
        rule: (request) => doubles.access(request),
        team: async (request, team) => ({
          status: 200,
          headers: [],
          body: `${team} ${request.method} ${request.target}`,
        }),
      },
      tunnels: {
        accept: (socket) => void socket.end("connector\n"),
        connected: () => true,
        request: (...args) => doubles.request(...args),
        upgrade: (...args) => doubles.upgrade(...args),
        sync: () => {},
        close: async () => {},
      },
    }),
  );
  return {
    world,
    edge,
    ca: await readFile(certificate),
    lines,
    line: (ray) => {
      const found = lines.find((line) => line.kind === "request" && line.ray === ray?.split("-")[0]);
      if (!found) throw new Error(`no line about ${ray} among ${JSON.stringify(lines)}`);
      return found as Decision;
    },
    received,
    doubles,
    tunnel,
    stop: async () => {
      await edge.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Gives back what it is sent. */
function echo(): Duplex {
  const stream: Duplex = new Duplex({
    read: () => {},
    write: (chunk, _encoding, done) => {
      stream.push(chunk);
      done();
    },
    final: (done) => {
      stream.push(null);
      done();
    },
  });
  return stream;
}

async function whole(body: Readable | undefined): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body ?? []) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The first value of a field. */
export function field(headers: HeaderList, name: string): string | undefined {
  return headers.find(([present]) => present === name)?.[1];
}
