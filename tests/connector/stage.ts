import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { WebSocket } from "ws";
import type { HeaderList } from "../../sandbox/edge/request";
import { startTestEdge, type TestEdge, type TestTunnel } from "../edge/tunnel/testEdge";
import { Connector } from "./connector";
import { type Origin, type Received, startOrigin } from "./origin";
import type { Program } from "./programs";
import { startTeams, type Teams } from "./team";

/** Everything around one connector program: edge, origin, Access teams. */
export interface Stage {
  edge: TestEdge;
  origin: Origin;
  teams: Teams;
  /** Folder for files of the cases. */
  folder: string;
  /** Runs the program to its end. */
  command(args: string[], env?: Record<string, string>): Promise<{ code: number | null; output: string }>;
  /** Starts a connector for a tunnel, without waiting for anything. */
  start(tunnel: TestTunnel, env?: Record<string, string>): Promise<Connector>;
  /** Makes a tunnel with rules and starts a connector that has been told them. */
  connect(ingress: unknown[], more?: Record<string, unknown>): Promise<{ tunnel: TestTunnel; connector: Connector }>;
  /** The same for rules that several cases share. */
  shared(key: string, make: () => Promise<{ tunnel: TestTunnel }>): Promise<{ tunnel: TestTunnel }>;
  /** Sends a request through a tunnel. */
  ask(tunnel: TestTunnel, request?: Ask): Promise<Asked>;
  /** Opens a WebSocket through a tunnel. @throws Error with the status when it is refused */
  webSocket(tunnel: TestTunnel, request?: Ask): Promise<WebSocket>;
  stop(): Promise<void>;
}

export interface Ask {
  method?: string;
  host?: string;
  target?: string;
  headers?: HeaderList;
  body?: Buffer | Readable;
}

export interface Asked {
  status: number;
  source: "origin" | "connector";
  headers: HeaderList;
  body: Buffer;
  /** What reached the origin; undefined when nothing did. */
  received: Received | undefined;
}

export const hostname = "a.example.com";

/** The rule that answers what no other one matches. */
export const nothingElse = { service: "http_status:404" };

export async function setStage(program: Program): Promise<Stage> {
  const folder = await mkdtemp(path.join(tmpdir(), "creel-connector-"));
  const file = await program.file(folder);
  const edge = await startTestEdge();
  const origin = await startOrigin();
  const teams = await startTeams(path.dirname(edge.caFile));
  const front = await startFront(edge);
  const connectors: Connector[] = [];
  const shared = new Map<string, Promise<{ tunnel: TestTunnel }>>();
  const plain = { PATH: "/usr/bin:/bin", HOME: folder, NO_AUTOUPDATE: "true" };
  const launch = (args: string[], env: Record<string, string>) => {
    const connector = new Connector(file, args, env);
    connectors.push(connector);
    return connector;
  };

  const stage: Stage = {
    edge,
    origin,
    teams,
    folder,
    command: async (args, env = {}) => {
      const connector = launch(args, { ...plain, ...env });
      const { code } = await connector.ended;
      return { code, output: connector.output };
    },
    start: async (tunnel, env = {}) => {
      const tokenFile = path.join(folder, randomUUID());
      await writeFile(tokenFile, `${tunnel.token()}\n`, { mode: 0o600 });
      return launch(["--no-autoupdate", "tunnel", "run", "--token-file", tokenFile], {
        ...plain,
        TUNNEL_EDGE: edge.address,
        TUNNEL_CACERT: edge.caFile,
        TUNNEL_TRANSPORT_PROTOCOL: "http2",
        TUNNEL_METRICS: "127.0.0.1:0",
        TUNNEL_NO_PRECHECKS: "true",
        SSL_CERT_FILE: edge.caFile,
        HTTPS_PROXY: teams.proxy,
        ...env,
      });
    },
    connect: async (ingress, more) => {
      const tunnel = edge.addTunnel();
      tunnel.configure(ingress, more);
      const connector = await stage.start(tunnel);
      await edge.event(tunnel.id, "configured");
      return { tunnel, connector };
    },
    shared: (key, make) => {
      if (!shared.has(key)) shared.set(key, make());
      return shared.get(key)!;
    },
    ask: async (tunnel, { method = "GET", host = hostname, target = "/", headers = [], body } = {}) => {
      const id = randomUUID();
      const fields: HeaderList = [...headers, ["x-case", id]];
      if (Buffer.isBuffer(body)) fields.push(["content-length", String(body.length)]);
      const content = Buffer.isBuffer(body) ? Readable.from([body]) : body;
      const answer = await edge.edge.request(tunnel.id, { method, host, target, headers: fields }, content);
      const read = await buffer(answer.body);
      return { ...answer, body: read, received: origin.received(id) };
    },
    webSocket: (tunnel, { host = hostname, target = "/ws", headers = [] } = {}) => {
      const client = new WebSocket(`ws://127.0.0.1:${front.port}${target}`, {
        headers: { ...Object.fromEntries(headers), host, "x-tunnel": tunnel.id },
      });
      return new Promise((resolve, reject) => {
        client.once("open", () => resolve(client));
        client.once("error", reject);
      });
    },
    stop: async () => {
      for (const connector of connectors) connector.kill("SIGKILL");
      await Promise.all(connectors.map(({ ended }) => ended));
      front.stop();
      teams.stop();
      origin.stop();
      await edge.stop();
      await rm(folder, { recursive: true });
    },
  };
  return stage;
}

/** A server that WebSocket clients connect to, in front of the edge. */
async function startFront(edge: TestEdge): Promise<{ port: number; stop(): void }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer();
  server.on("upgrade", async (request, socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).once("close", () => sockets.delete(socket));
    const { host, "x-tunnel": tunnel, ...headers } = request.headers as Record<string, string>;
    const asked = { method: "GET", host: host!, target: request.url!, headers: Object.entries(headers) };
    const answer = await edge.edge.upgrade(tunnel!, asked).catch(() => undefined);
    if (!answer) return void socket.destroy();
    const fields = answer.headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    socket.write(`HTTP/1.1 ${answer.status} Answer\r\n${fields}\r\n`);
    answer.stream.on("error", () => socket.destroy());
    socket.pipe(answer.stream).pipe(socket);
    socket.once("close", () => answer.stream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
