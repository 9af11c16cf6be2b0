import type { FastifyInstance } from "fastify";
import { createDigitalOcean, emptyDigitalOcean } from "../../../sandbox/clouds/digitalocean/server";
import type { Machines } from "../../../sandbox/clouds/machines";
import type { RequestEntry } from "../../../sandbox/clouds/requestLog";
import { memoryStore, type Store } from "../../../sandbox/clouds/store";
import { type Answer, addresses, type Json, RecordingMachines } from "../hetzner/project";

export const token = `dop_v1_${"d".repeat(64)}`;

export const goodDroplet = { name: "reef-1", size: "s-1vcpu-2gb", image: "debian-12-x64", region: "fra1" };

export const sshOnly = {
  name: "edge",
  inbound_rules: [{ protocol: "tcp", ports: "22", sources: { addresses: ["198.51.100.0/24"] } }],
};

/** Milliseconds in which a test surely asks again before an action is over. */
export const observable = 200;

/** One emulated account behind a real socket, asked by plain fetch. */
export class TestAccount {
  readonly entries: RequestEntry[] = [];
  readonly machines: RecordingMachines;
  private app!: FastifyInstance;
  /** Address of the API, without a path. */
  url = "";

  constructor(
    machines: Partial<Machines> = {},
    private readonly options: { pool?: string[]; requestsPerHour?: number; actionTime?: number } = {},
    readonly store: Store<ReturnType<typeof emptyDigitalOcean>> = memoryStore(emptyDigitalOcean()),
  ) {
    this.machines = new RecordingMachines(machines);
  }

  async start(): Promise<this> {
    this.app = createDigitalOcean({
      store: this.store,
      machines: this.machines.driver,
      token,
      pool: this.options.pool ?? addresses(30),
      requestsPerHour: this.options.requestsPerHour,
      actionTime: this.options.actionTime ?? 5,
      log: (entry) => this.entries.push(entry),
    });
    this.url = await this.app.listen({ host: "127.0.0.1", port: 0 });
    return this;
  }

  stop(): Promise<void> {
    return this.app.close();
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${this.url}${path.startsWith("/_") ? "" : "/v2"}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: typeof body === "string" || body === undefined ? body : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : undefined, headers: response.headers };
  }

  /** Makes or changes something and fails the test when that is refused. */
  async make(path: string, body: unknown, method = "POST"): Promise<Json> {
    const answer = await this.call(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Makes a droplet and waits until it is active. */
  async makeDroplet(name: string, fields: object = {}): Promise<Json> {
    const { droplet, links } = await this.make("/droplets", { ...goodDroplet, name, ...fields });
    await this.finished(links.actions[0].id);
    return (await this.call("GET", `/droplets/${droplet.id}`)).body.droplet;
  }

  async act(droplet: number, body: object): Promise<Json> {
    const { action } = await this.make(`/droplets/${droplet}/actions`, body);
    return this.finished(action.id);
  }

  /** Asks for an action until it is over, as clients do. */
  async finished(id: number): Promise<Json> {
    for (;;) {
      const { action } = (await this.call("GET", `/actions/${id}`)).body;
      if (action.completed_at) return action;
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  }

  /** Asks for a droplet until it is gone. */
  async gone(id: number): Promise<void> {
    while ((await this.call("GET", `/droplets/${id}`)).status !== 404) {
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  }

  /** Asks for a firewall until nothing about it is pending. */
  async settled(firewall: string): Promise<Json> {
    for (;;) {
      const { body } = await this.call("GET", `/firewalls/${firewall}`);
      if (body.firewall.status !== "waiting") return body.firewall;
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  }

  async rules(droplet: number): Promise<Json> {
    return (await this.call("GET", `/_sandbox/droplets/${droplet}/rules`)).body.rules;
  }
}
