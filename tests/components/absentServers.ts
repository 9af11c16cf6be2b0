import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { script } from "../engine/folders";

/** What the program answers that makes a server's host key. */
const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ9mWyrGZ5ibcRDbDxPxpwrRHxZXJ1vL0Xz9N2Q8Ry0t";

/** Instead of `ssh`: leads to the socket for Docker, and else tells there what is to be run and what it is given. */
const ssh = `
  const http = require("node:http");
  const [socketPath, ...words] = process.argv.slice(2);
  const command = words.at(-1);
  if (command === "dial-stdio") {
    process.stdin.pipe(require("node:net").connect(socketPath)).pipe(process.stdout);
  } else {
    const input = require("node:fs").readFileSync(0, "utf8");
    http
      .request({ socketPath, path: "/ran", method: "POST" }, (answer) => answer.pipe(process.stdout))
      .end(JSON.stringify({ command, input }));
  }
`;

type Json = Record<string, unknown>;

interface FakeContainer {
  name: string;
  spec: Json & { HostConfig: Json };
  running: boolean;
}

/**
 * Servers that exist in the books of a cloud only: an `ssh` that notes what it is asked to run, and leads to one Docker
 * that remembers what it is told and runs nothing. All servers are the same one.
 */
export class AbsentServers {
  private readonly folder = mkdtempSync(path.join(tmpdir(), "creel-absent-"));
  /** Folder with the `ssh`, to be put before all others. */
  readonly bin = path.join(this.folder, "bin");
  private readonly containers = new Map<string, FakeContainer>();
  private readonly networks = new Map<string, Json>();
  private readonly orders = new Map<string, string>();
  private server: Server | undefined;
  private count = 0;

  /** @param stopped told the name of a container that is stopped by a command on the server */
  constructor(private readonly stopped: (container: string) => void = () => {}) {}

  async start(): Promise<this> {
    const socket = path.join(this.folder, "docker.sock");
    this.server = createServer((request, response) => {
      this.answer(request).then(([status, body]) => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(typeof body === "object" ? JSON.stringify(body) : body);
      });
    });
    await new Promise<void>((done) => this.server!.listen(socket, done));
    writeFileSync(path.join(this.folder, "ssh.js"), ssh);
    script(path.join(this.bin, "ssh"), `exec node ${this.folder}/ssh.js ${socket} "$@"`);
    return this;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((done) => this.server?.close(done));
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Names of the containers that there are. */
  running(): string[] {
    return [...this.containers.values()].map(({ name }) => name).sort();
  }

  /** What creel-agent was last told about a container's secrets, in plain text. */
  secrets(container: string): Record<string, string> {
    const { secrets } = JSON.parse(this.orders.get(container)!);
    const plain = Object.entries(secrets as Record<string, string>).map(([key, value]) => {
      return [key, Buffer.from(value, "base64").toString()];
    });
    return Object.fromEntries(plain);
  }

  private async answer(request: IncomingMessage): Promise<[status: number, body?: object | string]> {
    const { method = "", url = "" } = request;
    const address = new URL(url, "http://docker");
    const [kind, id = "", act] = address.pathname.split("/").slice(1);
    const body = await bodyOf(request);
    if (kind === "ran") return [200, this.ran(body as { command: string; input: string })];
    if (kind === "_ping") return [200, "OK"];
    if (kind === "version") return [200, { ApiVersion: "1.41" }];
    if (kind === "images") return [200, { Id: "sha256:1", RepoDigests: [] }];
    if (kind === "networks") return this.network(method, id, act, body);
    if (kind === "containers") return this.container(method, id, act, body, address.searchParams.get("name") ?? "");
    return [404, { message: `nothing at ${method} ${url}` }];
  }

  private ran({ command, input }: { command: string; input: string }): object | string {
    const [, ordered] = /creel-agent apply (\S+)$/.exec(command) ?? [];
    if (ordered !== undefined) this.orders.set(ordered, input);
    const [, stopped] = /docker stop -t \d+ (\S+)/.exec(command) ?? [];
    if (stopped !== undefined) this.stopped(stopped);
    return command.endsWith("- stage") ? hostKey : {};
  }

  private network(method: string, id: string, act: string | undefined, body: Json): [number, object?] {
    if (id === "create") {
      const made = `network-${++this.count}`;
      this.networks.set(made, { ...body, Id: made, Scope: "local" });
      return [201, { Id: made }];
    }
    if (act !== undefined) return [200];
    if (!this.networks.has(id)) return [404, { message: `no such network: ${id}` }];
    if (method !== "DELETE") return [200, this.networks.get(id)];
    this.networks.delete(id);
    return [204];
  }

  private container(method: string, id: string, act: string | undefined, body: Json, name: string): [number, object?] {
    if (id === "create") {
      const taken = [...this.containers.values()].some((other) => other.name === name);
      if (taken) return [409, { message: `the name ${name} is in use` }];
      const made = `container-${++this.count}`;
      this.containers.set(made, { name, spec: body as FakeContainer["spec"], running: false });
      return [201, { Id: made }];
    }
    const found = this.containers.get(id);
    if (found === undefined) return [404, { message: `No such container: ${id}` }];
    if (method === "DELETE") {
      this.containers.delete(id);
      return [204];
    }
    if (act === "json") return [200, shown(id, found)];
    if (act === "start" || act === "stop") found.running = act === "start";
    if (act === "update") Object.assign(found.spec.HostConfig, body);
    return act === "wait" ? [200, { StatusCode: 0 }] : [204];
  }
}

/** A container as `docker inspect` shows it. */
function shown(id: string, { name, spec, running }: FakeContainer): object {
  const { HostConfig, ...Config } = spec;
  const State = { Running: running, Health: { Status: "healthy" }, ExitCode: 0 };
  const host = { ...HostConfig, NetworkMode: HostConfig.NetworkMode || "default", IpcMode: "private", Runtime: "runc" };
  return { Id: id, Name: `/${name}`, Config, HostConfig: host, State, NetworkSettings: { Networks: {}, Ports: {} } };
}

async function bodyOf(request: IncomingMessage): Promise<Json> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === "" ? {} : (JSON.parse(text) as Json);
}
