import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { FastifyInstance } from "fastify";
import { WebSocketServer } from "ws";
import { certificateAuthority } from "../../../sandbox/certificates";
import { createCloudflare, emptyCloudflare } from "../../../sandbox/clouds/cloudflare/server";
import { memoryStore } from "../../../sandbox/clouds/store";
import { createEdge, type Edge, type LogLine } from "../../../sandbox/edge";
import type { Access } from "../../../sandbox/edge/access";
import type { Decision } from "../../../sandbox/edge/decisions";
import type { EdgeRequest, EdgeResponse, HeaderList } from "../../../sandbox/edge/request";
import { Browser } from "../access/browser";
import type { FakeConnector as Connector } from "../tunnel/fakeConnector";
import { FakeConnector } from "../tunnel/fakeConnector";
import type { TestEdge, TestTunnel } from "../tunnel/testEdge";
import { ask } from "./clients";
import { relayTo } from "./relay";

export const token = "c".repeat(40);
export const accountId = "0123456789abcdef0123456789abcdef";
export const zoneId = "fedcba9876543210fedcba9876543210";
export const zoneName = "agents.test";

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely
type Json = any;

/** What an origin was asked. */
export interface Arrived {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** The API's emulator with the real edge before it, and origins behind in-test connectors. */
export class WholeEdge {
  readonly lines: LogLine[] = [];
  readonly arrived: Arrived[] = [];
  saves = 0;
  ca!: Buffer;
  edge!: Edge;
  /** Port of a server that says "hello", takes WebSockets, and notes what it was asked. */
  originPort = 0;
  private readonly store = memoryStore(emptyCloudflare());
  private folder = "";
  private api!: FastifyInstance;
  private origin!: Server;
  private readonly connectors: Connector[] = [];

  async start(): Promise<this> {
    this.folder = await mkdtemp(path.join(tmpdir(), "creel-whole-edge-"));
    const accounts = [{ id: accountId, name: "Acme", team: "acme" }];
    const zones = [{ id: zoneId, name: zoneName, accountId, plan: "free" as const }];
    this.api = createCloudflare({ store: this.store, token, accounts, zones, changed: () => this.edge.sync() });
    this.edge = await createEdge({
      world: { state: this.store.state, accounts, zones },
      save: async () => {
        this.saves += 1;
      },
      log: (line) => this.lines.push(line),
      certificates: this.folder,
      listen: { host: "127.0.0.1", https: 0, http: 0, tunnel: 0 },
    });
    this.edge.register(this.api);
    this.ca = await readFile((await certificateAuthority(this.folder)).certificate);
    this.origin = await this.startOrigin();
    this.originPort = (this.origin.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    for (const connector of this.connectors) connector.kill();
    await this.edge.close();
    await this.api.close();
    this.origin.closeAllConnections();
    await new Promise((done) => this.origin.close(done));
    await rm(this.folder, { recursive: true });
  }

  /** Asks the emulator; below `/client/v4` unless the path begins with `/_`. */
  async call(method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", url: string, payload?: object): Promise<Json> {
    const answer = await this.api.inject({
      method,
      url: url.startsWith("/_") ? url : `/client/v4${url}`,
      headers: { authorization: `Bearer ${token}`, host: "127.0.0.1" },
      ...(payload ? { payload } : {}),
    });
    if (answer.statusCode >= 400) throw new Error(`${method} ${url}: ${answer.statusCode} ${answer.body}`);
    return url.startsWith("/_") ? answer.json() : answer.json().result;
  }

  /** A tunnel with a name in front of it, and no connector yet. */
  async tunnel(hostname: string): Promise<{ id: string; record: string }> {
    const { id } = await this.call("POST", `/accounts/${accountId}/cfd_tunnel`, {
      name: hostname,
      config_src: "cloudflare",
    });
    const config = { ingress: [{ hostname, service: "http://origin:80" }, { service: "http_status:404" }] };
    await this.call("PUT", `/accounts/${accountId}/cfd_tunnel/${id}/configurations`, { config });
    const record = { type: "CNAME", name: hostname, content: `${id}.cfargotunnel.com`, proxied: true, ttl: 1 };
    return { id, record: (await this.call("POST", `/zones/${zoneId}/dns_records`, record)).id };
  }

  /** A connector that passes everything on to a port on loopback. */
  async connect(tunnelId: string, port = this.originPort): Promise<Connector> {
    const edge = { caFile: path.join(this.folder, "ca.crt"), port: this.edge.ports.tunnel } as TestEdge;
    const tunnel = { tunnel: this.store.state.tunnels[tunnelId] } as TestTunnel;
    const connector = await FakeConnector.start(edge, tunnel, { handle: relayTo(port) });
    this.connectors.push(connector);
    return connector;
  }

  /** A browser that comes over HTTPS with its cookies. */
  browser(): Browser {
    const overHttps = async (request: EdgeRequest): Promise<EdgeResponse> => {
      const headers = Object.fromEntries(request.headers.filter(([name]) => name !== "host"));
      const { method, target } = request;
      const body = await request.body(1024 * 1024);
      const reply = await ask(this, request.host, { method, path: target, headers, body });
      const fields = Object.entries(reply.headers).flatMap(([name, value]) =>
        [value ?? []].flat().map((each): [string, string] => [name, each]),
      ) as HeaderList;
      return { status: reply.status, headers: fields, body: reply.body };
    };
    const access = {
      rule: async (request: EdgeRequest) => ({ pass: false, steps: [], response: await overHttps(request) }),
      team: overHttps,
    };
    return new Browser(access as unknown as Access);
  }

  /** The line about the request with this `cf-ray`. */
  line(ray: string | undefined): Decision {
    const found = this.lines.find((line) => line.kind === "request" && line.ray === ray?.split("-")[0]);
    if (!found) throw new Error(`no line about ${ray} among ${JSON.stringify(this.lines)}`);
    return found as Decision;
  }

  private async startOrigin(): Promise<Server> {
    const server = createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString();
      const { method = "", url = "", headers } = request;
      this.arrived.push({ method, url, headers, body });
      response.end("hello");
    });
    const sockets = new WebSocketServer({ server });
    sockets.on("connection", (socket, { method = "", url = "", headers }) => {
      this.arrived.push({ method, url, headers, body: "" });
      socket.on("message", (data) => {
        if (String(data) === "bye") socket.close(4001, "as asked");
        else socket.send(`echo ${data}`);
      });
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return server;
  }
}
