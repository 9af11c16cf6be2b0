import type { IncomingMessage, ServerResponse } from "node:http";

type Json = Record<string, unknown>;

interface FakeContainer {
  name: string;
  spec: Json & { HostConfig: Json };
  running: boolean;
}

/** A Docker that remembers what it is told and runs nothing. */
export class AbsentDocker {
  private readonly containers = new Map<string, FakeContainer>();
  private readonly networks = new Map<string, Json>();
  private count = 0;

  /** Names of the containers that there are. */
  names(): string[] {
    return [...this.containers.values()].map(({ name }) => name).sort();
  }

  /** Whether there is nothing: no container and no network. */
  isEmpty(): boolean {
    return this.containers.size === 0 && this.networks.size === 0;
  }

  /** Answers one request to the API. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "" } = request;
    const address = new URL(url, "http://docker");
    const body = await bodyOf(request);
    const [status, answer] = this.answer(method, address, body);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(typeof answer === "object" ? JSON.stringify(answer) : answer);
  }

  private answer(method: string, address: URL, body: Json): [status: number, body?: object | string] {
    const [kind, id = "", act] = address.pathname.split("/").slice(1);
    if (kind === "_ping") return [200, "OK"];
    if (kind === "version") return [200, { ApiVersion: "1.41" }];
    if (kind === "images") return [200, { Id: "sha256:1", RepoDigests: [] }];
    if (kind === "networks") return this.network(method, id, act, body);
    if (kind === "containers") return this.container(method, id, act, body, address.searchParams.get("name") ?? "");
    return [404, { message: `nothing at ${method} ${address.pathname}` }];
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
      if (this.names().includes(name)) return [409, { message: `the name ${name} is in use` }];
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
